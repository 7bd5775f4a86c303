/// What the model knows of a shopper. Ages and intervals are in days, ages before the newest event that
/// it learned from; where its events had no times they are 0, and so are `baskets` and what follows
/// from it.
public struct UserProfile: Sendable, Hashable, Codable {
    /// The shopper.
    public var userID = ""
    /// Which bundle answered.
    public var modelVersion = ""
    /// Different items that she took.
    public var items = 0
    /// How many baskets she has.
    public var baskets = 0
    /// Different items in one of them, on average.
    public var basketItems: Float = 0
    /// Days since the last one.
    public var ageDays: Float = 0
    /// Days from one to the next, on average; 0 where there is one.
    public var intervalDays: Float = 0
    /// What her items cost at the catalog's prices, one piece a basket.
    public var spend: Float = 0
    /// A quarter of what she bought costs no more.
    public var priceLow: Float = 0
    /// Half of it costs no more.
    public var priceMedian: Float = 0
    /// Three quarters of it cost no more.
    public var priceHigh: Float = 0
    /// What share of what she bought is of which category, largest first.
    public var categories: [CategoryShare] = []
    /// What she bought, by how much lately.
    public var own: [OwnItem] = []

    /// Makes a profile, as tests of a service need.
    public init() {}
}

/// A category's share of what a shopper bought.
public struct CategoryShare: Sendable, Hashable, Codable {
    /// Its path, such as `Kitchen > Tea`.
    public var category = ""
    /// 0 to 1.
    public var share: Float = 0

    /// Makes a share, as tests of a service need.
    public init() {}
}

/// An item that a shopper bought.
public struct OwnItem: Sendable, Hashable, Codable {
    /// The item.
    public var itemID = ""
    /// Empty when not known.
    public var title = ""
    /// In how many of her baskets it was.
    public var times = 0
    /// Days from one of them to the next, on average.
    public var intervalDays: Float = 0
    /// Days since the last one.
    public var ageDays: Float = 0
    /// Whether she bought it about as long ago as she, or else most, would buy it again.
    public var isDue = false

    /// Makes an item, as tests of a service need.
    public init() {}
}

/// What the model knows of an item.
public struct ItemProfile: Sendable, Hashable, Codable {
    /// The item.
    public var itemID = ""
    /// Which bundle answered.
    public var modelVersion = ""
    /// Empty when not known.
    public var title = ""
    /// Empty when not known.
    public var category = ""
    /// In the shop's currency; 0 when not known.
    public var price: Float = 0
    /// Pieces at hand; -1 when nobody tracks them.
    public var stock = -1
    /// How often it was taken.
    public var taken: Float = 0
    /// Its share of all that was taken, 0 to 1.
    public var share: Float = 0
    /// Its place among all items by how often they were taken, from 1 on.
    public var rank = 0
    /// How often it is taken a day, by the last week or so.
    public var weekRate: Float = 0
    /// The same by the last month or so.
    public var monthRate: Float = 0
    /// The share of its buyers who bought it again; 0 where too few did.
    public var repeatRate: Float = 0
    /// The usual number of days until then.
    public var repeatIntervalDays: Float = 0
    /// Half of what lies between the quartiles of that number.
    public var repeatSpreadDays: Float = 0
    /// How many items it is related to.
    public var relations: [RelationCount] = []

    /// Makes a profile, as tests of a service need.
    public init() {}
}

/// How many items an item is related to by one relation.
public struct RelationCount: Sendable, Hashable, Codable {
    /// The relation.
    public var relation = Relation.unspecified
    /// How many items.
    public var items = 0

    /// Makes a count, as tests of a service need.
    public init() {}
}
