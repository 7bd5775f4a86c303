import ArgumentParser
import Interactions
import SidecartClient

struct CatalogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog",
        abstract: "Tell a server, or ask it, what the shop says of its items.",
        discussion: """
            Examples:
              sidecart catalog put 22423 --price 10.95 --stock 3
              sidecart catalog put --file items.csv
              sidecart catalog get 22423 85123A --json
              sidecart catalog remove 22423
            """,
        subcommands: [CatalogPut.self, CatalogRemove.self, CatalogGet.self])
}

struct CatalogPut: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Add items, or replace what is given of them.",
        discussion: """
            Examples:
              sidecart catalog put 22423 --title 'Cake stand' --category 'Kitchen > Baking' --price 10.95
              sidecart catalog put 22423 --stock 0
              sidecart catalog put --file items.csv --json
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The id of the item.")
    var item: String?

    @Option(help: ArgumentHelp("Its name.", valueName: "text"))
    var title: String?

    @Option(
        help: ArgumentHelp(
            "Its category, from the broadest level to the finest, with > between.",
            valueName: "path"))
    var category: String?

    @Option(help: ArgumentHelp("In the shop's currency.", valueName: "number"))
    var price: Float?

    @Option(help: ArgumentHelp("Pieces at hand; -1 where nobody tracks them.", valueName: "n"))
    var stock: Int32?

    @Option(help: ArgumentHelp("What the item is a variant of.", valueName: "id"))
    var group: String?

    @Option(
        help: ArgumentHelp("From when on it can be had, in seconds since 1970.", valueName: "n"))
    var availableFrom: Int64?

    @Flag(inversion: .prefixedNo, help: "Whether it is sold no more.")
    var discontinued: Bool?

    @Option(
        name: .customLong("attribute"),
        help: ArgumentHelp("May be given more than once.", valueName: "name=value"))
    var attributes: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file of items as `train --catalog` reads it, instead of one item.",
            valueName: "file"))
    var file: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (item == nil) != (file == nil) else {
            throw ValidationError("give either an item with what to say of it, or --file")
        }
    }

    func run() async throws {
        let items = try file.map(Self.read) ?? [one]
        let bar = ProgressBar("putting")
        let counts = try await connection.ask { client in
            var sum = PutCounts(added: 0, replaced: 0)
            for start in stride(from: 0, to: items.count, by: 1_000) {
                let some = Array(items[start..<min(items.count, start + 1_000)])
                let counts = try await client.putItems(some)
                sum.added += counts.added
                sum.replaced += counts.replaced
                bar.update(Double(start + some.count) / Double(items.count))
            }
            return sum
        }
        bar.finish()
        if output.json {
            return try Output.printJSON(["added": counts.added, "replaced": counts.replaced])
        }
        try Output.print("\(counts.added) added, \(counts.replaced) changed")
    }

    private var one: CatalogItem {
        var item = CatalogItem(id: item ?? "", price: price, stock: stock)
        item.title = title ?? ""
        item.category = (category ?? "").split(separator: ">").map {
            String(
                $0.trimmingPrefix { $0 == " " }.reversed().trimmingPrefix { $0 == " " }.reversed())
        }
        (item.group, item.availableFrom) = (group ?? "", availableFrom)
        (item.isDiscontinued, item.attributes) = (discontinued, attributes)
        return item
    }

    private static func read(_ path: String) throws -> [CatalogItem] {
        var reader = DatasetReader()
        try reader.readCatalog(from: path)
        let (dataset, _) = reader.finish()
        let catalog = dataset.catalog
        return (0..<dataset.items.count).map { place in
            var item = CatalogItem(
                id: dataset.items[place],
                price: catalog.prices[place] > 0 ? catalog.prices[place] : nil,
                stock: catalog.stocks[place])
            (item.title, item.category) = (catalog.titles[place], catalog.categories[place])
            (item.group, item.attributes) = (catalog.groups[place], catalog.attributes[place])
            let from = catalog.availableFrom[place]
            item.availableFrom = from == .min ? nil : from
            item.isDiscontinued = catalog.isDiscontinued[place]
            return item
        }
    }
}

struct CatalogRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove items from the catalog; their events stay.",
        discussion: """
            Examples:
              sidecart catalog remove 22423 85123A
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The ids of the items, at most 1000.")
    var items: [String]

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let removed = try await connection.ask { try await $0.removeItems(items) }
        if output.json { return try Output.printJSON(["removed": removed]) }
        try Output.print("\(removed) removed")
    }
}

struct CatalogGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show what the catalog says of items.",
        discussion: """
            Examples:
              sidecart catalog get 22423 85123A
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The ids of the items, at most 1000.")
    var items: [String]

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let found = try await connection.ask { try await $0.items(items) }
        let unknown = found.unknown.map { items[$0] }
        if output.json {
            return try Output.printJSON(
                FoundJSON(items: found.items.map(ItemJSON.init), unknown: unknown))
        }
        var table = Table(["item", "title", "category", ">price", ">stock", "group"])
        for item in found.items {
            table.add([
                item.id, item.title.truncated(to: 40), item.category.joined(separator: " > "),
                item.price.map { "\($0)" } ?? "", item.stock.map { "\($0)" } ?? "", item.group,
            ])
        }
        try Output.print(table.render())
        if !unknown.isEmpty {
            Output.note("not in the catalog: \(unknown.joined(separator: ", "))")
        }
    }
}

private struct FoundJSON: Encodable {
    let items: [ItemJSON]
    let unknown: [String]
}

private struct ItemJSON: Encodable {
    let item_id, title, group: String
    let category, attributes: [String]
    let price: Float?
    let stock: Int32?
    let available_from: Int64?
    let discontinued: Bool?

    init(_ item: CatalogItem) {
        (item_id, title, group) = (item.id, item.title, item.group)
        (category, attributes) = (item.category, item.attributes)
        (price, stock) = (item.price, item.stock)
        (available_from, discontinued) = (item.availableFrom, item.isDiscontinued)
    }
}
