import ArgumentParser
import SidecartClient

struct Related: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a server for the neighbors of an item.",
        discussion: """
            Examples:
              sidecart related --socket /tmp/sidecart.sock 22423
              sidecart related --socket /tmp/sidecart.sock 22423 --relation similar -k 5 --json
              sidecart related 22423 --relation complement,substitute,rebuy
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The id of the item.")
    var item: String

    @Option(
        help: ArgumentHelp(
            "Which neighbors, with commas between: complement (bought together), substitute (bought instead), similar (liked by the same people), rebuy (bought again).",
            valueName: "name,…"))
    var relation = RelationNames(argument: "complement")!

    @Option(name: .short, help: ArgumentHelp("How many of each to return.", valueName: "n"))
    var k = 10

    @OptionGroup var output: OutputOptions

    /// Names of relations, with commas between.
    struct RelationNames: ExpressibleByArgument {
        var relations: [Relation] = []

        init?(argument: String) {
            for name in argument.split(separator: ",") {
                guard let relation = Relation.named.first(where: { "\($0)" == name }),
                    !relations.contains(relation)
                else { return nil }
                relations.append(relation)
            }
            guard !relations.isEmpty else { return nil }
        }

        var defaultValueDescription: String { relations.map { "\($0)" }.joined(separator: ",") }
    }

    func validate() throws {
        guard k > 0 else { throw ValidationError("-k is \(k); it must be 1 or more") }
    }

    func run() async throws {
        let related = try await connection.ask {
            try await $0.related(to: item, by: relation.relations, count: k)
        }
        if output.json {
            try Output.printJSON(RelatedJSON(related))
            return
        }
        for relation in relation.relations {
            if self.relation.relations.count > 1 { try Output.print("\(relation)") }
            try Output.print(Self.table(related.items.filter { $0.relation == relation }, relation))
        }
        try Output.print("model \(related.modelVersion.withoutControls)")
    }

    private static func table(_ items: [RelatedItem], _ relation: Relation) -> String {
        let facts: (names: [String], of: (RelatedItem) -> [String]) =
            switch relation {
            case .complement, .substitute:
                (
                    [">lift", ">confidence"],
                    {
                        $0.lift > 0
                            ? [SlateText.lift($0.lift), SlateText.percent($0.confidence)]
                            : ["", ""]
                    }
                )
            case .rebuy:
                (
                    [">every", ">give or take"],
                    { [SlateText.days($0.intervalDays), SlateText.days($0.spreadDays)] }
                )
            case .similar, .unspecified: ([], { _ in [] })
            }
        var table = Table(["item", "title", ">score"] + facts.names)
        for item in items {
            table.add(
                [item.itemID, item.title.truncated(to: 48), SlateText.score(item.score)]
                    + facts.of(item))
        }
        return table.render()
    }
}

extension Relation {
    /// Those that can be asked for.
    fileprivate static var named: [Relation] { allCases.filter { $0 != .unspecified } }
}
