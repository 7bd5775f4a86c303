/// What keeps items off a slate, in one order: in the basket, bought before, excluded by the call,
/// out of stock, out of the price band, of a category that is not wanted, and one too many of its
/// category.
///
/// The rules that look at one item alone are asked of every candidate; the limit per category takes
/// places as the slate is filled, best first.
final class Rules {
    private let items: ItemTable
    let flags: ItemFlags
    /// The facts that keep an item off the slate.
    private(set) var barring: ItemFlags.Fact = []
    private var catalog: CatalogRules
    private var perCategoryMax = 0
    /// Places taken so far by category; zero but for those in `usedCategories`.
    private var categoryCounts: [Int32]
    private var usedCategories: [Int32] = []

    init(_ items: ItemTable, _ flags: ItemFlags) {
        self.items = items
        self.flags = flags
        catalog = CatalogRules(items)
        categoryCounts = Array(repeating: 0, count: items.categoryPaths.count)
        usedCategories.reserveCapacity(items.categoryPaths.count)
    }

    /// Takes over what a query asks for.
    func read(_ query: borrowing Query) {
        barring = [.inBasket, .excluded]
        if !query.includesPurchased { barring.insert(.boughtBefore) }
        if !query.includesOutOfStock { barring.insert(.outOfStock) }
        catalog.read(query)
        perCategoryMax = query.perCategoryMax
    }

    /// The rules that look at one item alone.
    func allows(_ ordinal: UInt32) -> Bool {
        !flags.has(barring, ordinal) && allowsByCatalog(ordinal)
    }

    /// Those of them that ask the catalog.
    func allowsByCatalog(_ ordinal: UInt32) -> Bool {
        !catalog.isActive || catalog.allows(ordinal)
    }

    /// Whether items of one category compete for places.
    var limitsCategories: Bool { perCategoryMax > 0 }

    /// Whether the item's category has room for it; takes the room where it has.
    func takesPlace(_ ordinal: UInt32) -> Bool {
        guard perCategoryMax > 0, Int(ordinal) < items.count else { return true }
        let category = Int(items.categories[Int(ordinal)])
        guard category >= 0 else { return true }
        guard categoryCounts[category] < perCategoryMax else { return false }
        if categoryCounts[category] == 0 { usedCategories.append(Int32(category)) }
        categoryCounts[category] += 1
        return true
    }

    /// Gives all categories their room back.
    func freePlaces() {
        for category in usedCategories { categoryCounts[Int(category)] = 0 }
        usedCategories.removeAll(keepingCapacity: true)
    }
}
