/// What a caller asks of the rules, with ids and paths still as bytes. Every rule is off until it is
/// set.
package struct QueryRules {
    /// Items never to return.
    package var exclusions: [IDView] = []
    /// Where not empty, the only items to return.
    package var allowed: [IDView] = []
    package var includesPurchased = false
    /// Whether items bought before are returned where the shopper is due to buy them again.
    package var includesDue = false
    package var includesOutOfStock = false
    /// The least and the largest price of an item; 0 and infinity set no limit.
    package var priceMin: Float = 0
    package var priceMax = Float.infinity
    /// What basket and item may cost together; infinity sets no limit.
    package var budget = Float.infinity
    /// Category paths from the top, joined by ` > `; where not empty, only items below one of them.
    package var categories: [IDView] = []
    /// Category paths of which no item is returned.
    package var excludedCategories: [IDView] = []
    /// In how many baskets an item must have been; 0 sets no limit.
    package var supportMin: Float = 0
    package var leavesOutSubstitutes = false
    /// At most so many of one category; 0: no such limit.
    package var perCategoryMax = 0
    /// How many steps of a category's path count for `perCategoryMax`; 0: all of them.
    package var categoryLevel = 0
    /// At most so many that the same basket item speaks loudest for; 0: no such limit.
    package var perBasketItemMax = 0
    /// What multiplies scores.
    package var boosts: [Boost] = []
    /// At most so many items that nobody took yet; 0: one in ten.
    package var newItemsMax = 0
    package var leavesOutNewItems = false
    /// How much it counts what the shop earns on an item, 0 to 1: scores, or the odds of probabilities,
    /// are multiplied by margin / median margin to this power.
    package var marginWeight: Float = 0
    /// How much being unlike the rest of the slate counts against the score, 0 to below 1.
    package var diversity: Float = 0

    /// Multiplies the scores of an item, or of all items below a category; of a probability its odds.
    package struct Boost {
        package enum Target {
            case item(IDView)
            case category(IDView)
        }
        package var target: Target
        /// Above 0: below 1 buries.
        package var factor: Float

        package init(_ target: Target, factor: Float) {
            self.target = target
            self.factor = factor
        }
    }

    package init() {}

    /// Adds rules that hold besides these: lists are joined, of limits the stricter one counts, and
    /// what either includes is included. Of `categoryLevel`, `diversity` and `marginWeight` these rules' own count
    /// where they are set.
    ///
    /// - Precondition: only one of the two names `allowed`, and only one `categories`.
    package mutating func add(_ other: borrowing QueryRules) {
        exclusions += other.exclusions
        allowed += other.allowed
        includesPurchased = includesPurchased || other.includesPurchased
        includesDue = includesDue || other.includesDue
        includesOutOfStock = includesOutOfStock || other.includesOutOfStock
        priceMin = max(priceMin, other.priceMin)
        priceMax = min(priceMax, other.priceMax)
        budget = min(budget, other.budget)
        categories += other.categories
        excludedCategories += other.excludedCategories
        supportMin = max(supportMin, other.supportMin)
        leavesOutSubstitutes = leavesOutSubstitutes || other.leavesOutSubstitutes
        perCategoryMax = Self.stricter(perCategoryMax, other.perCategoryMax)
        if categoryLevel == 0 { categoryLevel = other.categoryLevel }
        perBasketItemMax = Self.stricter(perBasketItemMax, other.perBasketItemMax)
        boosts += other.boosts
        newItemsMax = Self.stricter(newItemsMax, other.newItemsMax)
        leavesOutNewItems = leavesOutNewItems || other.leavesOutNewItems
        if marginWeight == 0 { marginWeight = other.marginWeight }
        if diversity == 0 { diversity = other.diversity }
    }

    /// The smaller of two limits, of which 0 is none.
    private static func stricter(_ a: Int, _ b: Int) -> Int {
        a == 0 || b == 0 ? max(a, b) : min(a, b)
    }

    package mutating func removeAll() {
        exclusions.removeAll(keepingCapacity: true)
        allowed.removeAll(keepingCapacity: true)
        (includesPurchased, includesDue, includesOutOfStock) = (false, false, false)
        (priceMin, priceMax, budget) = (0, .infinity, .infinity)
        categories.removeAll(keepingCapacity: true)
        excludedCategories.removeAll(keepingCapacity: true)
        (supportMin, leavesOutSubstitutes) = (0, false)
        (perCategoryMax, categoryLevel, perBasketItemMax) = (0, 0, 0)
        boosts.removeAll(keepingCapacity: true)
        (newItemsMax, leavesOutNewItems, marginWeight) = (0, false, 0)
        diversity = 0
    }
}
