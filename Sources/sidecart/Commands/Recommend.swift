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
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup(title: "Context") var who: ContextOptions

    @Option(name: .short, help: ArgumentHelp("How many items to return.", valueName: "n"))
    var k = 10

    @Option(
        help: ArgumentHelp(
            "Items never to return, such as 22423,85123A. May be given more than once.",
            valueName: "id,…"))
    var exclude: [String] = []

    @Flag(help: "Also return items that the shopper bought before.")
    var includePurchased = false

    @Flag(help: "Also return items that are out of stock.")
    var includeOutOfStock = false

    @Option(
        help: ArgumentHelp(
            "How many items of one category to return at most; 0 sets no limit.", valueName: "n"))
    var perCategoryMax = 0

    @Option(help: ArgumentHelp("The least price of an item.", valueName: "price"))
    var priceMin: Float = 0

    @Option(help: ArgumentHelp("The largest price of an item.", valueName: "price"))
    var priceMax: Float = 0

    @Option(
        help: ArgumentHelp(
            "Only items of this category or below it, such as 'Kitchen > Tea'. May be given more than once.",
            valueName: "path"))
    var category: [String] = []

    @Option(
        help: ArgumentHelp(
            "No items of this category or below it. May be given more than once.",
            valueName: "path"))
    var excludeCategory: [String] = []

    @OptionGroup var output: OutputOptions

    func validate() throws {
        for (name, price) in [("min", priceMin), ("max", priceMax)] {
            guard price >= 0, price.isFinite else {
                throw ValidationError("--price-\(name) is \(price); it must be 0 or more")
            }
        }
        guard k > 0 else { throw ValidationError("-k is \(k); it must be 1 or more") }
        guard perCategoryMax >= 0 else {
            throw ValidationError("--per-category-max is \(perCategoryMax); it must be 0 or more")
        }
    }

    func run() async throws {
        var options = SlateOptions(count: k)
        options.excluding = exclude.splitIDs
        options.includesPurchased = includePurchased
        options.includesOutOfStock = includeOutOfStock
        options.perCategoryMax = perCategoryMax
        (options.priceMin, options.priceMax) = (priceMin, priceMax)
        options.categories = category
        options.excludingCategories = excludeCategory
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
        try Output.print("model \(related.modelVersion)")
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
        try Output.print("tier \(scores.tier), model \(scores.modelVersion)")
    }
}

extension Relation {
    /// Those that can be asked for.
    fileprivate static var named: [Relation] { allCases.filter { $0 != .unspecified } }
}
