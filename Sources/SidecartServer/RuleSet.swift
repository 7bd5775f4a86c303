internal import CrossSell
internal import RPC

/// Rules under a name, ready to be added to a query's.
final class RuleSet: @unchecked Sendable {
    // Sendable: nothing is written after the initializer, and the ids and paths of `rules` lie in
    // `texts`.
    let rules: QueryRules
    private let texts: TextTable

    /// - Throws: ``RPCError``, as a request with these fields would.
    init(_ fields: RuleSetFields, limits: EngineLimits) throws(RPCError) {
        let all =
            fields.exclude + fields.allow + fields.categories + fields.excludeCategories
            + fields.boosts.map(\.name)
        let texts = TextTable(count: all.count) { all[$0] }
        var views = (0..<all.count).map { texts[$0] }[...]
        func take(
            _ texts: [String], _ field: String,
            _ check: (IDView, String) throws(RPCError) -> IDView
        ) throws(RPCError) -> [IDView] {
            var taken: [IDView] = []
            for place in texts.indices {
                taken.append(try check(views.removeFirst(), "\(field)[\(place)]"))
            }
            return taken
        }
        func id(_ view: IDView, _ field: String) throws(RPCError) -> IDView {
            try FieldCheck.id(view, field)
        }
        func path(_ view: IDView, _ field: String) throws(RPCError) -> IDView {
            try FieldCheck.path(view, field)
        }
        var rules = QueryRules()
        rules.exclusions = try take(fields.exclude, "exclude", id)
        rules.allowed = try take(fields.allow, "allow", id)
        rules.categories = try take(fields.categories, "categories", path)
        rules.excludedCategories = try take(
            fields.excludeCategories, "exclude_categories", path)
        for (place, boost) in fields.boosts.enumerated() {
            let (name, field) = (views.removeFirst(), "boosts[\(place)]")
            let target: QueryRules.Boost.Target =
                switch boost.target {
                case .item: .item(try id(name, "\(field).item_id"))
                case .category: .category(try path(name, "\(field).category"))
                }
            rules.boosts.append(QueryRules.Boost(target, factor: boost.factor))
        }
        rules.includesPurchased = fields.includePurchased
        rules.includesDue = fields.includeDue
        rules.includesOutOfStock = fields.includeOutOfStock
        rules.leavesOutSubstitutes = fields.leaveOutSubstitutes
        rules.priceMin = fields.priceMin
        rules.priceMax = try QueryRules.limit("price_max", fields.priceMax)
        rules.budget = try QueryRules.limit("basket_budget", fields.basketBudget)
        rules.supportMin = Float(fields.supportMin)
        rules.perCategoryMax = Int(fields.perCategoryMax)
        rules.categoryLevel = Int(fields.categoryLevel)
        rules.perBasketItemMax = Int(fields.perBasketItemMax)
        rules.diversity = fields.diversity
        rules.marginWeight = fields.marginWeight
        rules.newItemsMax = Int(fields.newItemsMax)
        rules.leavesOutNewItems = fields.leaveOutNewItems
        try rules.check(limits)
        self.rules = rules
        self.texts = texts
    }
}

/// A rule set as its file has it: the fields of the contract's RecommendRequest under their own
/// names.
struct RuleSetFields: Decodable {
    var exclude: [String] = []
    var allow: [String] = []
    var categories: [String] = []
    var excludeCategories: [String] = []
    var includePurchased = false
    var includeDue = false
    var includeOutOfStock = false
    var leaveOutSubstitutes = false
    var priceMin: Float = 0
    var priceMax: Float = 0
    var basketBudget: Float = 0
    var supportMin: UInt32 = 0
    var perCategoryMax: UInt32 = 0
    var categoryLevel: UInt32 = 0
    var perBasketItemMax: UInt32 = 0
    var diversity: Float = 0
    var marginWeight: Float = 0
    var newItemsMax: UInt32 = 0
    var leaveOutNewItems = false
    var boosts: [Boost] = []

    /// Multiplies the scores of an item or of a category.
    struct Boost: Decodable {
        enum Target { case item, category }
        var target: Target
        var name: String
        var factor: Float

        private enum Key: String, CodingKey, CaseIterable {
            case item = "item_id"
            case category, factor
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(knowing: Key.self)
            let item = try fields.decodeIfPresent(String.self, forKey: .item)
            let category = try fields.decodeIfPresent(String.self, forKey: .category)
            guard let name = item ?? category, !name.isEmpty, (item == nil) != (category == nil)
            else {
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: decoder.codingPath,
                        debugDescription: "a boost names one of item_id and category"))
            }
            (target, self.name) = (item == nil ? .category : .item, name)
            factor = try fields.decode(Float.self, forKey: .factor)
        }
    }

    private enum Key: String, CodingKey, CaseIterable {
        case exclude, allow, categories, diversity, boosts
        case excludeCategories = "exclude_categories"
        case includePurchased = "include_purchased"
        case includeDue = "include_due"
        case includeOutOfStock = "include_out_of_stock"
        case leaveOutSubstitutes = "leave_out_substitutes"
        case priceMin = "price_min"
        case priceMax = "price_max"
        case basketBudget = "basket_budget"
        case supportMin = "support_min"
        case perCategoryMax = "per_category_max"
        case categoryLevel = "category_level"
        case perBasketItemMax = "per_basket_item_max"
        case marginWeight = "margin_weight"
        case newItemsMax = "new_items_max"
        case leaveOutNewItems = "leave_out_new_items"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(knowing: Key.self)
        func read<T: Decodable>(_ value: inout T, _ key: Key) throws {
            if let found = try fields.decodeIfPresent(T.self, forKey: key) { value = found }
        }
        try read(&exclude, .exclude)
        try read(&allow, .allow)
        try read(&categories, .categories)
        try read(&excludeCategories, .excludeCategories)
        try read(&includePurchased, .includePurchased)
        try read(&includeDue, .includeDue)
        try read(&includeOutOfStock, .includeOutOfStock)
        try read(&leaveOutSubstitutes, .leaveOutSubstitutes)
        try read(&priceMin, .priceMin)
        try read(&priceMax, .priceMax)
        try read(&basketBudget, .basketBudget)
        try read(&supportMin, .supportMin)
        try read(&perCategoryMax, .perCategoryMax)
        try read(&categoryLevel, .categoryLevel)
        try read(&perBasketItemMax, .perBasketItemMax)
        try read(&diversity, .diversity)
        try read(&marginWeight, .marginWeight)
        try read(&newItemsMax, .newItemsMax)
        try read(&leaveOutNewItems, .leaveOutNewItems)
        try read(&boosts, .boosts)
    }
}

/// Any name of a field.
private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// The fields of an object, which may have no others than the keys' names.
    fileprivate func container<Key: CodingKey & CaseIterable>(
        knowing type: Key.Type
    ) throws -> KeyedDecodingContainer<Key> {
        let known = Key.allCases.map(\.stringValue)
        for key in try container(keyedBy: AnyKey.self).allKeys
        where !known.contains(key.stringValue) {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: codingPath,
                    debugDescription: "'\(key.stringValue)' is none of "
                        + known.sorted().joined(separator: ", ")))
        }
        return try container(keyedBy: Key.self)
    }
}
