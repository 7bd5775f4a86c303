/// Who is asking, and about what. Every part may be empty.
///
/// Ids are opaque UTF-8, 1 to 256 bytes, without NUL; so everywhere in this library.
public struct Context: Sendable, Hashable, Codable {
    /// The shopper, or empty. One whom the server does not know is no error: the answer's tier says
    /// what was used.
    public var userID: String
    /// Items in the basket now.
    public var basket: [String]
    /// Items this shopper took before, newest last. Replaces what the server knows of `userID`.
    public var history: [String]

    /// Describes a shopper.
    public init(userID: String = "", basket: [String] = [], history: [String] = []) {
        self.userID = userID
        self.basket = basket
        self.history = history
    }
}

/// How an answer was found, best first.
public enum Tier: Int32, Sendable, Codable {
    /// The server did not say, or said something that this client does not know.
    case unspecified = 0
    /// From all that the model knows of shopper, basket and items.
    case full = 1
    /// The same without the ranker's deep part, since the deadline left no time for it.
    case linear = 2
    /// From what is bought together, since the deadline left no time for more.
    case neighbors = 3
    /// From what sells best: nothing is known of the shopper, or there was no time for more.
    case popular = 4
}

/// The scores of items that the caller named.
public struct Scores: Sendable {
    /// One an item, in the order asked; NaN for those the model does not know.
    public var values: [Float]
    /// Positions, in the items asked about, of those the model does not know; ascending.
    public var unknown: [Int]
    /// How the scores were found.
    public var tier: Tier
    /// Which bundle answered.
    public var modelVersion: String

    /// Makes scores, as tests of a service need.
    public init(values: [Float], unknown: [Int] = [], tier: Tier, modelVersion: String) {
        self.values = values
        self.unknown = unknown
        self.tier = tier
        self.modelVersion = modelVersion
    }
}

/// A ranked list of items to offer, best first.
public struct Slate: Sendable, Hashable, Codable {
    /// The items, best first.
    public var items: [SlateItem]
    /// How they were found.
    public var tier: Tier
    /// Which bundle answered.
    public var modelVersion: String
    /// Tells this slate from any other, so that a later event can be tied to it; 0 where it is empty.
    public var id: UInt64 = 0
    /// Ids of the basket, the history and the rules that the model does not know.
    public var unknown: [String]
    /// Of a slate shorter than asked, which rules left items out.
    public var leftOut: [LeftOut] = []
    /// Why items are not on it, for each of ``SlateOptions/whyNot`` in its order.
    public var whyNot: [WhyNot] = []

    /// Makes a slate, as tests of a service need.
    public init(items: [SlateItem], tier: Tier, modelVersion: String, unknown: [String] = []) {
        self.items = items
        self.tier = tier
        self.modelVersion = modelVersion
        self.unknown = unknown
    }
}

/// An item on a slate.
public struct SlateItem: Sendable, Hashable, Codable {
    /// The item.
    public var itemID: String
    /// What the slate is ranked by; comparable within one slate only.
    public var score: Float
    /// Empty when not known or not asked for; so are the next three.
    public var title = ""
    /// The item's category.
    public var category = ""
    /// In the shop's currency; 0 when not known.
    public var price: Float = 0
    /// Why it is there, strongest first.
    public var reasons: [Reason] = []
    /// With ``SlateOptions/exploration``: how probable it was that the item got this place; else 0.
    public var propensity: Float = 0
    /// With ``SlateOptions/scoreParts``: what the score adds up from, or where it is a probability its
    /// log-odds, but for rounding; else empty.
    public var parts: [ScorePart] = []

    /// Makes an item, as tests of a service need.
    public init(itemID: String, score: Float) {
        self.itemID = itemID
        self.score = score
    }
}

/// What the server's ranker makes of one thing that it was told.
public struct ScorePart: Sendable, Hashable, Codable {
    /// The thing by the name that bundles have for it, such as `basket_weights`; `base` for what the
    /// score is before anything is known.
    public var feature: String
    /// What the ranker was told, in the feature's unit; 0 where that is no single number.
    public var value: Float = 0
    /// What it adds to the score; negative where it speaks against the item.
    public var contribution: Float
    /// Of a sum over basket and history, what their items have of the contribution, the largest first;
    /// they add up to it.
    public var items: [ItemShare] = []

    /// Makes a part, as tests of a service need.
    public init(feature: String, contribution: Float) {
        self.feature = feature
        self.contribution = contribution
    }
}

/// What one item of basket or history has of a part of a score.
public struct ItemShare: Sendable, Hashable, Codable {
    /// Empty for what all that are not named have together.
    public var itemID: String
    /// That item's title.
    public var title = ""
    /// What it has of the part.
    public var contribution: Float

    /// Makes a share, as tests of a service need.
    public init(itemID: String, contribution: Float) {
        self.itemID = itemID
        self.contribution = contribution
    }
}

/// Why an item is on a slate.
public struct Reason: Sendable, Hashable, Codable {
    /// What speaks for the item.
    public enum Kind: Int32, Sendable, Codable {
        /// The server did not say, or said something that this client does not know.
        case unspecified = 0
        /// Baskets with `itemID` often hold it; `lift` and `confidence` say how often.
        case boughtTogether = 1
        /// It suits what the shopper took before, of which `itemID` speaks loudest.
        case taste = 2
        /// It sells well.
        case popular = 3
        /// The shopper keeps buying it; `times`, `intervalDays` and `ageDays` say how.
        case boughtBefore = 4
        /// Nobody took it yet; its catalog entry is most like that of `itemID`.
        case new = 5
    }

    /// What speaks for the item.
    public var kind: Kind
    /// The other item that the reason is about, or empty.
    public var itemID = ""
    /// That item's title.
    public var title = ""
    /// How much of the score this reason gave.
    public var contribution: Float = 0
    /// How many times more often than by chance the two are bought together.
    public var lift: Float = 0
    /// In what share of `itemID`'s baskets the item is, 0 to 1.
    public var confidence: Float = 0
    /// In how many of the shopper's baskets the item was.
    public var times: Float = 0
    /// Days from one of them to the next, on average; 0 where there is one.
    public var intervalDays: Float = 0
    /// Days from the last one to the newest event that the model learned from.
    public var ageDays: Float = 0

    /// Makes a reason, as tests of a service need.
    public init(kind: Kind) { self.kind = kind }
}
