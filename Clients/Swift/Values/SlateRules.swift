/// What can keep an item off a slate, in the order in which it is asked.
public enum Rule: Int32, Sendable, Codable, CaseIterable {
    /// None, or one that this client does not know.
    case unspecified = 0
    /// It is in the basket.
    case inBasket = 1
    /// The call excludes it.
    case excluded = 2
    /// The call names others as the only ones.
    case notAllowed = 3
    /// The shopper bought it before.
    case purchasedBefore = 4
    /// Nothing is left of it.
    case outOfStock = 5
    /// Its price is outside the band, or not known.
    case price = 6
    /// With the basket it costs more than the budget.
    case budget = 7
    /// Its category is not wanted.
    case category = 8
    /// Too few baskets held it.
    case support = 9
    /// It is a substitute of a basket item.
    case substituteOfBasket = 10
    /// It is one too many of its category.
    case categoryPlaces = 11
    /// It is one too many that the same basket item speaks for.
    case basketItemPlaces = 12
    /// It is sold no more, or not yet.
    case unavailable = 13
    /// It is a variant of a basket item, or of one on the slate.
    case variant = 14
    /// It is one too many that nobody took yet.
    case newItemPlaces = 15
}

/// How many items a rule kept off a slate that is shorter than asked.
public struct LeftOut: Sendable, Hashable, Codable {
    /// The first rule that kept each of them off.
    public var rule: Rule
    /// Of those that were looked through to fill the slate.
    public var items: Int

    /// Makes a count, as tests of a service need.
    public init(rule: Rule, items: Int) {
        self.rule = rule
        self.items = items
    }
}

/// Why an item is not on a slate.
public struct WhyNot: Sendable, Hashable, Codable {
    /// At which step it fell out.
    public enum Outcome: Int32, Sendable, Codable {
        /// The server said something that this client does not know.
        case unspecified = 0
        /// The model does not know the id.
        case unknown = 1
        /// It is on the slate.
        case onSlate = 2
        /// `rule` keeps it off.
        case byRule = 3
        /// Nothing of basket and shopper led to it.
        case notFound = 4
        /// Others were ranked before it.
        case rankedLower = 5
    }

    /// The item asked about.
    public var itemID: String
    /// At which step it fell out.
    public var outcome: Outcome
    /// Which rule keeps it off.
    public var rule = Rule.unspecified
    /// Its place on a slate that is long enough, from 1 on; 0 where it has none.
    public var rank = 0
    /// Its score, where it was ranked.
    public var score: Float = 0
    /// What its score lacks to that of the last item on the slate.
    public var missing: Float = 0
    /// What speaks for it all the same, strongest first.
    public var reasons: [Reason] = []
    /// With ``SlateOptions/scoreParts``: what its score adds up from.
    public var parts: [ScorePart] = []

    /// Makes an account, as tests of a service need.
    public init(itemID: String, outcome: Outcome) {
        self.itemID = itemID
        self.outcome = outcome
    }
}
