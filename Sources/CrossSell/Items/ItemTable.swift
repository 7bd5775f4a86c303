internal import Interactions
internal import ModelParts
internal import Synchronization

/// What a generation knows of its items, by ordinal: ids and what the catalog and the events say.
///
/// The items of its training come first, and then room for those that the catalog is told of while it
/// serves; see ``AddedItems``. Prices, stocks and availability change too; see ``LiveFacts``. Items of which
/// only a vector was put have ordinals from `count` up and nothing here.
package final class ItemTable: Sendable {
    private let ids: TextTable
    /// Ids of the training to ordinals.
    private let ordinals: IdentifierTable
    private let titles: TextTable
    /// The category path's number by item, -1 for none.
    private let categories: [Int32]
    let categoryPaths: CategoryPaths
    private let pathNumbers: [[String]: Int32]
    let live: LiveFacts
    let added: AddedItems
    /// How often each item was taken.
    let taken: [Float]
    /// The number of what the item is a variant of, -1 for none; empty where no item is one.
    private let groups: [Int32]
    private let groupNames: IdentifierTable
    let groupCount: Int
    /// By item, the logarithm of how many times the median of all known margins its own is, within
    /// ``marginRatios``; 0 where it is not known. Empty where none is.
    let marginLogs: [Float]
    /// By item of the training, whether nobody took it and the catalog says what is to be expected of it;
    /// empty where no item is new.
    private let wasNew: [Bool]
    /// By item, whether it was taken often enough since to be new no more; empty where none can be new.
    private let proven: ProvenItems
    /// What training knew of when items can be had; empty where nothing is said of any.
    private let trainedStarts: [Int64]
    private let trainedEnds: [Bool]
    /// How ids that differ in spelling are one, as when the events were read.
    let spelling: SpellingTable?
    /// Share of all taken items, by item; sums to 1 unless nothing was ever taken.
    private let sales: [Float]
    /// The items of the training by their sales, best first, and by ordinal among equals.
    let bySales: [UInt32]
    /// The place of each item in `bySales`; of those that are added, their own number.
    let salesRank: [UInt32]
    /// How many items training knew.
    let trainedCount: Int

    /// One more than the largest ordinal that an item of the training or an added one can have.
    package let count: Int

    /// How many there are now.
    package var knownCount: Int { trainedCount + added.count }

    /// What a margin counts at least and at most, in medians: one of nothing or less is not endlessly
    /// bad, and one of a thousand medians must not drown all else.
    static let marginRatios: ClosedRange<Float> = 0.01...100

    /// - Parameters:
    ///   - popularity: how often each item was taken; as many as there are items.
    ///   - newItems: as in ``ModelParts``.
    ///   - room: how many items can be added.
    init(
        ids table: IdentifierTable, catalog: Catalog, popularity: [Float],
        newItems: NeighborLists? = nil, folding: IdentifierFolding = .init(), room: Int = 0
    ) {
        trainedCount = table.count
        count = table.count + room
        added = AddedItems(capacity: room)
        ordinals = table
        ids = TextTable(count: table.count) { table[$0] }
        titles = TextTable(count: table.count) { catalog.titles[$0] }
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
        pathNumbers = numbers
        taken = popularity + Array(repeating: 0, count: room)
        live = LiveFacts(catalog, room: room)
        var groupNames = IdentifierTable()
        let groupNumbers = catalog.groups.map { $0.isEmpty ? -1 : groupNames.insert($0) }
        groups = groupNames.count > 0 ? groupNumbers : []
        groupCount = groupNames.count
        self.groupNames = groupNames
        marginLogs = Self.marginLogs(catalog)
        wasNew =
            newItems.map { lists in (0..<table.count).map { !lists.range(of: $0).isEmpty } } ?? []
        proven = ProvenItems(count: wasNew.isEmpty && room == 0 ? 0 : table.count + room)
        trainedStarts =
            catalog.availableFrom.contains { $0 != .min } ? catalog.availableFrom : []
        trainedEnds = catalog.isDiscontinued.contains(true) ? catalog.isDiscontinued : []
        spelling = folding.isNone ? nil : SpellingTable(table, folding)
        let total = popularity.reduce(0) { $0 + Double($1) }
        sales = popularity.map { total > 0 ? Float(Double($0) / total) : 0 }
        let order = popularity.indices.sorted {
            popularity[$0] != popularity[$1] ? popularity[$0] > popularity[$1] : $0 < $1
        }
        bySales = order.map { UInt32($0) }
        var ranks = (0..<UInt32(table.count + room)).map { $0 }
        for (rank, ordinal) in order.enumerated() { ranks[ordinal] = UInt32(rank) }
        salesRank = ranks
    }

    // MARK: Ids

    /// The ordinal of an item of the training or an added one, as its id stands.
    package func ordinal(of id: IDView) -> UInt32? {
        if let known = ordinals.index(of: id.assumingMemoryBound(to: UInt8.self)) {
            return UInt32(known)
        }
        return added.place(of: id).map { UInt32(trainedCount + $0) }
    }

    package func ordinal(of id: String) -> UInt32? {
        var id = id
        return id.withUTF8 { ordinal(of: IDView($0)) }
    }

    /// The place among ``added`` of what was added.
    @inline(__always)
    private func place(_ ordinal: Int) -> Int? {
        let place = ordinal - trainedCount
        return place >= 0 && place < added.count ? place : nil
    }

    /// What a reply shows of an item; empty and 0 where nothing is known.
    package func shown(_ ordinal: UInt32) -> (title: IDView, category: IDView, price: Float) {
        let item = Int(ordinal)
        if item < trainedCount {
            return (titles[item], category(text: item), live.price(item))
        }
        guard let place = place(item) else {
            return (IDView(start: nil, count: 0), IDView(start: nil, count: 0), 0)
        }
        return (added[place].title, added[place].category, live.price(item))
    }

    private func category(text item: Int) -> IDView {
        let category = categories[item]
        return category < 0
            ? IDView(start: nil, count: 0) : categoryPaths.texts[Int(category)]
    }

    /// The id of an item of the training or an added one.
    package func id(of ordinal: UInt32) -> IDView? {
        let item = Int(ordinal)
        return item < trainedCount ? ids[item] : place(item).map { added[$0].id }
    }

    // MARK: Facts

    /// The number of an item's category path, or -1.
    @inline(__always)
    func category(of ordinal: UInt32) -> Int {
        let item = Int(ordinal)
        if item < trainedCount { return Int(categories[item]) }
        return place(item).map { Int(added[$0].categoryNumber) } ?? -1
    }

    /// The category path of an added item whose path no item of the training has; nil for all others.
    func unnumberedCategory(of ordinal: UInt32) -> IDView? {
        guard let place = place(Int(ordinal)), added[place].categoryNumber < 0,
            added[place].category.count > 0
        else { return nil }
        return added[place].category
    }

    /// The item's share of all taken items; 0 for items put while serving.
    func share(of ordinal: UInt32) -> Float {
        Int(ordinal) < sales.count ? sales[Int(ordinal)] : 0
    }

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
        Int(rank) < bySales.count ? bySales[Int(rank)] : rank
    }

    /// The number of what the item is a variant of, or -1.
    func group(of ordinal: UInt32) -> Int {
        let item = Int(ordinal)
        if item < trainedCount { return item < groups.count ? Int(groups[item]) : -1 }
        return place(item).map { Int(added[$0].group) } ?? -1
    }

    /// Whether nobody took the item yet and the catalog says what is to be expected of it.
    func isNew(_ ordinal: UInt32) -> Bool {
        let item = Int(ordinal)
        guard item < trainedCount ? item < wasNew.count && wasNew[item] : place(item) != nil else {
            return false
        }
        return !proven[item]
    }

    /// Whether any item can be new.
    var hasNew: Bool { !wasNew.isEmpty || added.count > 0 }

    /// Says whether an item was taken often enough since training to be new no more.
    func set(isProven: Bool, _ item: Int) { proven.set(isProven, item) }

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

    // MARK: What the shop tells while it serves

    /// Changes what is known of an item, from the next call on; nil leaves it as training knew it.
    package func set(
        price: Float?, stock: Int32?, availableFrom: Int64?, isDiscontinued: Bool?, of item: Int
    ) {
        if let price { live.set(price: price, of: item) }
        if let stock { live.set(stock: stock, of: item) }
        guard availableFrom != nil || isDiscontinued != nil || item >= trainedCount else { return }
        let ends = isDiscontinued ?? (item < trainedEnds.count && trainedEnds[item])
        let start = availableFrom ?? (item < trainedStarts.count ? trainedStarts[item] : .min)
        live.set(start: ends ? LiveFacts.never : start, of: item)
    }

    /// Takes an added item off all slates.
    package func withdraw(_ item: Int) {
        if item >= trainedCount, item < count { live.set(start: LiveFacts.never, of: item) }
    }

    /// Adds an item, at the next place; it cannot be had until ``set(price:stock:availableFrom:isDiscontinued:of:)``.
    ///
    /// - Precondition: one thread at a time; there is room.
    func add(
        _ id: String, _ item: Int, of catalog: Catalog, likes: [(item: Int32, share: Float)]
    ) {
        let path = catalog.categories[item]
        let group = catalog.groups[item]
        added.append(
            id: id, title: catalog.titles[item], category: path.joined(separator: " > "),
            categoryNumber: pathNumbers[path] ?? -1,
            group: group.isEmpty ? -1 : groupNames.index(of: group) ?? -1, likes: likes)
    }
}

/// One bit an item, which one thread sets and any reads.
private final class ProvenItems: @unchecked Sendable {
    // Sendable: all of it is atomic.
    private let bits: UnsafeMutablePointer<Atomic<UInt8>>
    private let count: Int

    init(count: Int) {
        self.count = count
        bits = .allocate(capacity: max(1, count))
        for item in 0..<count { (bits + item).initialize(to: Atomic(0)) }
    }

    deinit { bits.deallocate() }

    subscript(item: Int) -> Bool { item < count && bits[item].load(ordering: .relaxed) != 0 }

    func set(_ isProven: Bool, _ item: Int) {
        if item < count { bits[item].store(isProven ? 1 : 0, ordering: .relaxed) }
    }
}
