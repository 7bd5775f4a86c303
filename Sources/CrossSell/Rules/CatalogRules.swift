/// The rules of a query that ask the catalog: a price band, and categories included and excluded.
struct CatalogRules {
    private let items: ItemTable
    private var priceMin: Float = 0
    private var priceMax = Float.infinity
    /// By category path, whether its items may be on the slate; meaningless without ``asksCategory``.
    private var isWanted: [Bool]
    private var asksCategory = false
    /// Whether items without a category may be.
    private var wantsUncategorized = true
    /// Whether any of the rules is set.
    private(set) var isActive = false

    init(_ items: ItemTable) {
        self.items = items
        isWanted = Array(repeating: true, count: items.categoryPaths.count)
    }

    /// Takes over what a query asks for.
    ///
    /// - Complexity: O(category paths x categories named), nothing where none is.
    mutating func read(_ query: borrowing Query) {
        (priceMin, priceMax) = (query.priceMin, query.priceMax)
        wantsUncategorized = query.categories.isEmpty
        asksCategory = !query.categories.isEmpty || !query.excludedCategories.isEmpty
        isActive = asksCategory || asksPrice
        guard asksCategory else { return }
        for path in isWanted.indices {
            let text = items.categoryPaths[path]
            isWanted[path] =
                (query.categories.isEmpty
                    || query.categories.contains { Self.isBelow(text, $0) })
                && !query.excludedCategories.contains { Self.isBelow(text, $0) }
        }
    }

    private var asksPrice: Bool { priceMin > 0 || priceMax < .infinity }

    func allows(_ ordinal: UInt32) -> Bool {
        let item = Int(ordinal)
        // What was put while serving has neither price nor category.
        guard item < items.count else { return !asksPrice && wantsUncategorized }
        if asksPrice {
            let price = items.prices[item]
            guard price > 0, price >= priceMin, price <= priceMax else { return false }
        }
        guard asksCategory else { return true }
        let category = Int(items.categories[item])
        return category < 0 ? wantsUncategorized : isWanted[category]
    }

    /// Whether a path is another or below it.
    private static func isBelow(_ path: IDView, _ other: IDView) -> Bool {
        guard path.starts(with: other) else { return false }
        return path.count == other.count
            || path.dropFirst(other.count).starts(with: " > ".utf8)
    }
}
