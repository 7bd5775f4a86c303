import ArgumentParser

/// `sidecart import`: the Python package's command of that name.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a bundle of a model that another library trained.",
        discussion: """
            Libraries: implicit, lightfm, scikit-learn, torch, tensorflow, pyspark, surprise. What is served are the model's own scores. \
            The Python package `sidecart` does it, run by python3, or by what SIDECART_PYTHON names; `sidecart import LIBRARY --help` \
            lists a library's options.

            Examples:
              sidecart import implicit als.npz --user-ids users.txt --item-ids items.txt --interactions user-items.npz --out shop
              sidecart import pyspark pipeline --out shop --replace
              SIDECART_PYTHON=venv/bin/python sidecart import surprise svdpp.dump --out shop
            """)

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The library, what it saved, and options.", valueName: "arguments"))
    var arguments: [String] = []

    func run() throws { try PythonPackage.run(self, "import", arguments) }
}

/// `sidecart export`: the Python package's command of that name.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a bundle's vectors, lists and ids for other tools.",
        discussion: """
            Parquet tables, NumPy arrays, or matrices that faiss takes, each with the ids of its rows. The Python package `sidecart` does \
            it, run by python3, or by what SIDECART_PYTHON names; `sidecart export BUNDLE --help` lists the options.

            Examples:
              sidecart export bundle --out tables
              sidecart export bundle --out matrices --format faiss
            """)

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The bundle and options.", valueName: "arguments"))
    var arguments: [String] = []

    func run() throws { try PythonPackage.run(self, "export", arguments) }
}
