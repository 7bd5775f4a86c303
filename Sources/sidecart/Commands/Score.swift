import ArgumentParser
import SidecartClient

struct Score: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a server to score items for a shopper and a basket.",
        discussion: """
            Examples:
              sidecart score --socket /tmp/sidecart.sock --user 17850 22423 85123A 71053
              sidecart score --socket /tmp/sidecart.sock --basket 22423 85123A --json
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup(title: "Context") var who: ContextOptions

    @Argument(help: "The ids of the items to score.")
    var items: [String]

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let scores = try await connection.ask {
            try await $0.score(items, for: who.context)
        }
        if output.json {
            try Output.printJSON(ScoresJSON(items: items, scores))
            return
        }
        var table = Table(["item", ">score"])
        for (item, score) in zip(items, scores.values) {
            table.add([item, score.isNaN ? "unknown" : SlateText.score(score)])
        }
        try Output.print(table.render())
        try Output.print("tier \(scores.tier), model \(scores.modelVersion.withoutControls)")
    }
}
