import ArgumentParser
import Glibc

/// The Python package `sidecart`, which reads what Python's libraries write.
enum PythonPackage {
    /// Names the interpreter that has the package; python3 where it is not set.
    static let variable = "SIDECART_PYTHON"

    /// Becomes the package's command: it has this process's streams, and its exit code is ours.
    ///
    /// - Parameter command: whose help is printed where nothing else is asked.
    /// - Throws: ``Failure`` where there is no such interpreter.
    static func run(
        _ command: some ParsableCommand, _ name: String, _ arguments: [String]
    ) throws -> Never {
        if arguments.isEmpty || ["-h", "--help"].contains(arguments[0]) {
            throw CleanExit.helpRequest(command)
        }
        let python = getenv(variable).map { String(cString: $0) } ?? "python3"
        var words = ([python, "-c", program, name] + arguments).map { strdup($0) }
        words.append(nil)
        execvp(python, words)
        throw Failure(
            "'sidecart \(name)' needs Python 3.11 or newer with the package sidecart, but \(python) cannot be run: "
                + "\(String(cString: strerror(errno))); \(variable) may name another one")
    }

    /// Only that the package itself is missing is told here; what it lacks, it tells.
    private static let program = """
        import sys
        try:
            from sidecart.__main__ import main
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "sidecart":
                raise
            sys.exit(
                f"Error: 'sidecart {sys.argv[1]}' needs the Python package sidecart, which {sys.executable} does not have:"
                " pip install 'sidecart[bundle]', or Clients/Python of the repository in its place")
        sys.exit(main(sys.argv[1:], "sidecart"))
        """
}
