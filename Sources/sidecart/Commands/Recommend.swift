import ArgumentParser
import SidecartClient

struct Recommend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a server which items go with a basket and a shopper.",
        discussion: """
            Examples:
              sidecart recommend --socket /tmp/sidecart.sock --basket 22423
              sidecart recommend --socket /tmp/sidecart.sock --user 17850 -k 5 --json
              sidecart recommend --socket /tmp/sidecart.sock --history a,b,c --per-category-max 2
              sidecart recommend --basket 22423 --price-max 10 --category 'Kitchen > Tea'
              sidecart recommend --basket 22423 --leave-out-substitutes --why-not 22699
              sidecart recommend --user 17850 --rule-set checkout --boost-category Tea=1.5
              sidecart recommend --basket 22423 -k 3 --parts
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup(title: "Context") var who: ContextOptions

    @Option(name: .short, help: ArgumentHelp("How many items to return.", valueName: "n"))
    var k = 10

    @OptionGroup(title: "Rules") var rules: RuleOptions

    @Option(
        help: ArgumentHelp(
            "Say why this item is not on the slate. May be given more than once.", valueName: "id"))
    var whyNot: [String] = []

    @Flag(help: "Say what each score adds up from, of at most 100 items.")
    var parts = false

    @OptionGroup(title: "Exploration") var exploration: ExplorationOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard k > 0 else { throw ValidationError("-k is \(k); it must be 1 or more") }
    }

    func run() async throws {
        var options = SlateOptions(count: k)
        rules.fill(&options)
        options.whyNot = whyNot
        options.scoreParts = parts
        options.exploration = exploration.exploration
        let wanted = options
        let slate = try await connection.ask {
            try await $0.recommend(for: who.context, wanted)
        }
        if output.json {
            try Output.printJSON(SlateJSON(slate))
        } else {
            try Output.print(SlateText.render(slate))
        }
    }
}
