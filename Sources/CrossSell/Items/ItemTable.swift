package import Interactions
internal import ModelParts

/// What a generation knows of its items, by ordinal: ids and what the catalog and the events say.
///
/// Prices and stocks change while it serves; see ``LiveFacts``. Items put while serving have ordinals from `count` up and nothing here.
package final class ItemTable: Sendable {
    package let ids: TextTable
    /// Ids to ordinals.
    package let ordinals: IdentifierTable
    package let titles: TextTable
    /// The category path's number by item, -1 for none.
    let categories: [Int32]
    let categoryPaths: CategoryPaths
    let live: LiveFacts
    /// How often each item was taken.
    let taken: [Float]
    /// The number of what the item is a variant of, -1 for none; empty where no item is one.
    let groups: [Int32]
    let groupCount: Int
    /// By item, the logarithm of how many times the median of all known margins its own is, within
    /// ``marginRatios``; 0 where it is not known. Empty where none is.
    let marginLogs: [Float]
    /// By item, whether nobody took it yet and the catalog says what is to be expected of it; empty
    /// where no item is new.
    let isNew: [Bool]
    /// Items that are sold no more.
    let discontinued: [UInt32]
    /// Items that can be had only from some time on (seconds since 1970), the earliest first.
    let upcoming: [(from: Int64, ordinal: UInt32)]
    /// How ids that differ in spelling are one, as when the events were read.
    let spelling: SpellingTable?
    /// Share of all taken items, by item; sums to 1 unless nothing was ever taken.
    let sales: [Float]
    /// All items by their sales, best first, and by ordinal among equals.
    let bySales: [UInt32]
    /// The place of each item in `bySales`.
    let salesRank: [UInt32]

    package var count: Int { ids.count }

    /// What a margin counts at least and at most, in medians: one of nothing or less is not endlessly
    /// bad, and one of a thousand medians must not drown all else.
    static let marginRatios: ClosedRange<Float> = 0.01...100

    /// - Parameters:
    ///   - popularity: how often each item was taken; as many as there are items.
    ///   - newItems: as in ``ModelParts``.
    init(
        ids table: IdentifierTable, catalog: Catalog, popularity: [Float],
        newItems: NeighborLists? = nil, folding: IdentifierFolding = .init()
    ) {
        let count = table.count
        ordinals = table
        ids = TextTable(count: count) { table[$0] }
        titles = TextTable(count: count) { catalog.titles[$0] }
        var numbers: [[String]: Int32] = [:]
        var paths: [[String]] = []
        categories = catalog.categories.map { path in
            guard !path.isEmpty else { return -1 }
            if let number = numbers[path] { return number }
            numbers[path] = Int32(paths.count)
            paths.append(path)
            return Int32(paths.count - 1)
        }
        categoryPaths = CategoryPaths(paths)
        taken = popularity
        live = LiveFacts(prices: catalog.prices, stocks: catalog.stocks)
        var groupNames = IdentifierTable()
        let groupNumbers = catalog.groups.map { $0.isEmpty ? -1 : groupNames.insert($0) }
        groups = groupNames.count > 0 ? groupNumbers : []
        groupCount = groupNames.count
        marginLogs = Self.marginLogs(catalog)
        isNew = newItems.map { lists in (0..<count).map { !lists.range(of: $0).isEmpty } } ?? []
        discontinued = catalog.isDiscontinued.indices.filter { catalog.isDiscontinued[$0] }
            .map { UInt32($0) }
        upcoming = catalog.availableFrom.indices.filter { catalog.availableFrom[$0] != .min }
            .map { (catalog.availableFrom[$0], UInt32($0)) }.sorted { $0 < $1 }
        spelling = folding.isNone ? nil : SpellingTable(table, folding)
        let total = popularity.reduce(0) { $0 + Double($1) }
        sales = popularity.map { total > 0 ? Float(Double($0) / total) : 0 }
        let order = popularity.indices.sorted {
            popularity[$0] != popularity[$1] ? popularity[$0] > popularity[$1] : $0 < $1
        }
        bySales = order.map { UInt32($0) }
        var ranks = Array(repeating: UInt32(0), count: count)
        for (rank, ordinal) in order.enumerated() { ranks[ordinal] = UInt32(rank) }
        salesRank = ranks
    }

    /// What a reply shows of an item; empty and 0 where nothing is known.
    package func shown(_ ordinal: UInt32) -> (title: IDView, category: IDView, price: Float) {
        let item = Int(ordinal)
        guard item < count else {
            return (IDView(start: nil, count: 0), IDView(start: nil, count: 0), 0)
        }
        let category = categories[item]
        return (
            titles[item],
            category < 0 ? IDView(start: nil, count: 0) : categoryPaths.texts[Int(category)],
            live.price(item)
        )
    }

    /// The id of a catalog item.
    package func id(of ordinal: UInt32) -> IDView? {
        Int(ordinal) < count ? ids[Int(ordinal)] : nil
    }

    /// The item's share of all taken items; 0 for items put while serving.
    func share(of ordinal: UInt32) -> Float { Int(ordinal) < count ? sales[Int(ordinal)] : 0 }

    /// What some items cost together, as far as the catalog says.
    func price(of some: [UInt32]) -> Float {
        some.reduce(0) { $0 + (Int($1) < count ? live.price(Int($1)) : 0) }
    }

    /// A number that orders items of equal score: the better seller first, then the lower ordinal.
    func tieBreaker(of ordinal: UInt32) -> UInt32 {
        Int(ordinal) < count ? salesRank[Int(ordinal)] : ordinal
    }

    /// The item with a tie breaker.
    func ordinal(ofTieBreaker rank: UInt32) -> UInt32 {
        Int(rank) < count ? bySales[Int(rank)] : rank
    }

    /// Changes what is known of an item that the catalog has, from the next call on; nil leaves it.
    ///
    /// - Precondition: one thread at a time.
    package func set(price: Float?, stock: Int32?, ofItem id: String) {
        guard let item = ordinals.index(of: id).map(Int.init), item < count else { return }
        if let price { live.set(price: price, of: item) }
        if let stock { live.set(stock: stock, of: item) }
    }

    /// The number of what the item is a variant of, or -1.
    func group(of ordinal: UInt32) -> Int {
        Int(ordinal) < groups.count ? Int(groups[Int(ordinal)]) : -1
    }

    /// Whether nobody took the item yet and the catalog says what is to be expected of it.
    func isNew(_ ordinal: UInt32) -> Bool { Int(ordinal) < isNew.count && isNew[Int(ordinal)] }

    /// See ``marginLogs``.
    func marginLog(of ordinal: UInt32) -> Float {
        Int(ordinal) < marginLogs.count ? marginLogs[Int(ordinal)] : 0
    }

    private static func marginLogs(_ catalog: Catalog) -> [Float] {
        let known = catalog.margins.compactMap(\.self).filter { $0 > 0 }.sorted()
        guard !known.isEmpty else { return [] }
        let median = known[known.count / 2]
        return catalog.margins.map { margin in
            guard let margin else { return 0 }
            return logarithm(
                min(max(margin / median, marginRatios.lowerBound), marginRatios.upperBound))
        }
    }

    /// Whether the catalog says that nothing is left of it.
    func isOutOfStock(_ ordinal: UInt32) -> Bool {
        Int(ordinal) < count && live.stock(Int(ordinal)) == 0
    }
}
