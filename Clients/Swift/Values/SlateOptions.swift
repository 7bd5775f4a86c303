/// What to put on a slate. All but `count`, `idsOnly`, `scoreParts`, `whyNot` and `exploration` are rules; they hold together with
/// those of `ruleSet`.
public struct SlateOptions: Sendable, Hashable, Codable {
    /// How many items, 1 to the server's limit; 0 leaves it to the server, which takes 10.
    public var count: Int
    /// Items never to return.
    public var excluding: [String] = []
    /// Where not empty, the only items to return.
    public var allowing: [String] = []
    /// Also return items the shopper took before.
    public var includesPurchased = false
    /// Also return items the shopper took before where she is due to buy them again.
    public var includesDue = false
    /// Also return items known to be out of stock.
    public var includesOutOfStock = false
    /// At most so many items of one category; 0 for no such limit.
    public var perCategoryMax = 0
    /// How many steps of a category's path count for `perCategoryMax`; 0 for all of them.
    public var categoryLevel = 0
    /// At most so many items that the same basket item speaks loudest for; 0 for no such limit.
    public var perBasketItemMax = 0
    /// Leave out the substitutes of basket items.
    public var leavesOutSubstitutes = false
    /// Only items that at least so many baskets held in the training data; 0 for no such limit.
    public var supportMin = 0
    /// The least price of an item; 0 for no such limit. Items without a price are within no limit.
    public var priceMin: Float = 0
    /// The largest price of an item; 0 for no such limit.
    public var priceMax: Float = 0
    /// What an item may cost together with the basket; 0 for no such limit.
    public var basketBudget: Float = 0
    /// Only items of these categories, such as `Kitchen > Tea`, or below them; empty for any.
    public var categories: [String] = []
    /// No items of these categories, or below them.
    public var excludingCategories: [String] = []
    /// Multiply scores before items are ranked.
    public var boosts: [Boost] = []
    /// How much it counts against an item that it is like others on the slate, 0 to below 1.
    public var diversity: Float = 0
    /// How much it counts what the shop earns on an item, 0 to 1.
    public var marginWeight: Float = 0
    /// At most so many items that nobody took yet; 0 for one in ten, and one of the rest.
    public var newItemsMax = 0
    /// Leave out items that nobody took yet.
    public var leavesOutNewItems = false
    /// Rules that the server keeps under this name; empty for none.
    public var ruleSet = ""
    /// Items of which the answer is to say why they are not on the slate.
    public var whyNot: [String] = []
    /// Try other items now and then; nil never does.
    public var exploration: Exploration?
    /// Leave titles, prices, categories and reasons out of the answer.
    public var idsOnly = false
    /// Say what each score adds up from; `count` is at most 100 then.
    public var scoreParts = false

    /// A slate of so many items, without special wishes.
    public init(count: Int = 0) { self.count = count }
}

/// Multiplies the score of an item, or of all items of a category and below.
public struct Boost: Sendable, Hashable, Codable {
    /// Whose scores.
    public enum Target: Sendable, Hashable, Codable {
        /// Of one item, by its id.
        case item(String)
        /// Of a category such as `Kitchen > Tea`, and of all below it.
        case category(String)
    }

    /// Whose scores.
    public var target: Target
    /// 0.001 to 1,000: above 1 raises, below 1 buries. Of a probability it multiplies the odds.
    public var factor: Float

    /// Makes a boost.
    public init(_ target: Target, by factor: Float) {
        self.target = target
        self.factor = factor
    }
}

/// How a slate tries other items: its last places are now and then drawn from those ranked past its
/// end, each from a pool of its own.
public struct Exploration: Sendable, Hashable, Codable {
    /// How often, above 0 and at most 0.5.
    public var share: Float
    /// How many of the last places; 0 leaves it to the server, which takes 1.
    public var places: Int
    /// The size of a place's pool, the ranked item included, 2 to 50; 0 leaves it to the server, which
    /// takes 10.
    public var pool: Int
    /// The same seed draws the same slate; your own number of the request is a good one.
    public var seed: UInt64

    /// Explores by a seed.
    public init(share: Float, places: Int = 0, pool: Int = 0, seed: UInt64) {
        self.share = share
        self.places = places
        self.pool = pool
        self.seed = seed
    }
}
