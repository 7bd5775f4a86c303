/// A typed, directed edge from item to item.
public enum Relation: Int32, Sendable, Codable, CaseIterable {
    /// None, or one that this client does not know.
    case unspecified = 0
    /// Bought together, in one basket.
    case complement = 1
    /// Liked by the same people.
    case similar = 2
    /// Taken instead of it.
    case substitute = 3
    /// Bought again: the item itself, with its usual interval.
    case rebuy = 4
}

/// An item's neighbors by some relations.
public struct RelatedItems: Sendable, Hashable, Codable {
    /// By relation in the order asked, strongest first.
    public var items: [RelatedItem]
    /// Which bundle answered.
    public var modelVersion: String

    /// Makes an answer, as tests of a service need.
    public init(items: [RelatedItem], modelVersion: String) {
        self.items = items
        self.modelVersion = modelVersion
    }
}

/// One neighbor of an item.
public struct RelatedItem: Sendable, Hashable, Codable {
    /// The neighbor.
    public var itemID: String
    /// How the two are related.
    public var relation: Relation
    /// Complements: shrunk confidence, 0 to 1. Similar items: cosine, -1 to 1. Substitutes: how
    /// alike, times how rarely in one basket, 0 to 1. Rebuys: the share of buyers who buy it again.
    public var score: Float
    /// Empty when not known.
    public var title = ""
    /// Empty when not known.
    public var category = ""
    /// In the shop's currency; 0 when not known.
    public var price: Float = 0
    /// How many times more often than by chance the two are bought together; 0 where that was not
    /// counted.
    public var lift: Float = 0
    /// In what share of the item's baskets the neighbor is, 0 to 1; 0 where that was not counted.
    public var confidence: Float = 0
    /// Rebuys: the usual number of days from one purchase to the next; 0 for others.
    public var intervalDays: Float = 0
    /// Rebuys: half of what lies between the quartiles of that number; 0 for others.
    public var spreadDays: Float = 0

    /// Makes a neighbor, as tests of a service need.
    public init(itemID: String, relation: Relation, score: Float) {
        self.itemID = itemID
        self.relation = relation
        self.score = score
    }
}
