/// The rules of a query that ask the catalog: prices, categories, and how often an item was taken.
struct CatalogRules {
    private let items: ItemTable
    private var priceMin: Float = 0
    private var priceMax = Float.infinity
    /// What is left of the budget for one item.
    private var budgetLeft = Float.infinity
    /// By category path, whether its items may be on the slate; meaningless without ``asksCategory``.
    private var isWanted: [Bool]
    private var asksCategory = false
    /// Whether items without a category may be.
    private var wantsUncategorized = true
    private var supportMin: Float = 0
    /// The categories that are named, for paths that have no number.
    private var categories: [IDView] = []
    private var excluded: [IDView] = []
    /// Whether any of the rules is set.
    private(set) var isActive = false

    init(_ items: ItemTable) {
        self.items = items
        isWanted = Array(repeating: true, count: items.categoryPaths.count)
    }

    /// Takes over what a query asks for.
    ///
    /// - Complexity: O(category paths x categories named), nothing where none is.
    mutating func read(_ rules: borrowing QueryRules, basket: [UInt32]) {
        (priceMin, priceMax) = (rules.priceMin, rules.priceMax)
        budgetLeft = rules.budget - (rules.budget < .infinity ? items.price(of: basket) : 0)
        supportMin = rules.supportMin
        wantsUncategorized = rules.categories.isEmpty
        asksCategory = !rules.categories.isEmpty || !rules.excludedCategories.isEmpty
        isActive = asksCategory || asksPrice || budgetLeft < .infinity || supportMin > 0
        guard asksCategory else { return }
        (categories, excluded) = (rules.categories, rules.excludedCategories)
        let paths = items.categoryPaths
        for path in isWanted.indices {
            isWanted[path] =
                (rules.categories.isEmpty
                    || rules.categories.contains { paths.isBelow(path, $0) })
                && !rules.excludedCategories.contains { paths.isBelow(path, $0) }
        }
    }

    private var asksPrice: Bool { priceMin > 0 || priceMax < .infinity }

    /// The first rule that keeps an item off; nil where none does.
    ///
    /// Items of which only a vector was put have neither price nor category and were never taken.
    func verdict(_ ordinal: UInt32) -> Rule? {
        let item = Int(ordinal)
        let isKnown = item < items.count
        let price = isKnown ? items.live.price(item) : 0
        if asksPrice, price <= 0 || price < priceMin || price > priceMax { return .price }
        if budgetLeft < .infinity, price <= 0 || price > budgetLeft { return .budget }
        if asksCategory {
            guard isWanted(ordinal) else { return .category }
        }
        if supportMin > 0, !isKnown || items.taken[item] < supportMin { return .support }
        return nil
    }

    private func isWanted(_ ordinal: UInt32) -> Bool {
        let path = items.category(of: ordinal)
        if path >= 0 { return isWanted[path] }
        guard let text = items.unnumberedCategory(of: ordinal) else { return wantsUncategorized }
        return (categories.isEmpty || categories.contains { CategoryPaths.isBelow(text, $0) })
            && !excluded.contains { CategoryPaths.isBelow(text, $0) }
    }
}
