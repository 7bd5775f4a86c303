/// What was shown since a server started, and what came of it.
public struct Outcomes: Sendable, Hashable, Codable {
    /// Of all items shown, or of those with something in common.
    public struct Row: Sendable, Hashable, Codable {
        /// What they have in common, such as the tier's name; `all` for all.
        public var name = ""
        /// Items shown, each time they were.
        public var impressions = 0
        /// Of those, the ones that were clicked.
        public var clicks = 0
        /// Of those, the ones that were bought.
        public var purchases = 0
        /// What the purchases were worth, in the shop's currency.
        public var revenue = 0.0
        /// Different items that were shown; about 1 % off where there are more than 2,048.
        public var itemsShown = 0
        /// Different items that were bought, as exact.
        public var itemsSold = 0

        /// Makes an empty row, as tests of a service need.
        public init() {}
    }

    /// When the counting began, in seconds since 1970.
    public var sinceSeconds = 0
    /// Slates that were shown.
    public var slates = 0
    /// Those of them that were overwritten before they could be counted.
    public var missedSlates = 0
    /// When the oldest slate was shown to which an event can still be tied, in seconds since 1970; 0
    /// where there is none.
    public var oldestSlateSeconds = 0
    /// Events that named a slate which is not kept any more, or never was.
    public var unknownSlateEvents = 0
    /// Events whose item was not on the slate that they named.
    public var notOnSlateEvents = 0
    /// Items that the model knows.
    public var catalogItems = 0
    /// Of everything that was shown.
    public var all = Row()
    /// By the slate's tier.
    public var byTier: [Row] = []
    /// By the item's main reason.
    public var byReason: [Row] = []
    /// By rule set, whose name is empty for calls without.
    public var byRuleSet: [Row] = []
    /// By whether the item's place was explored: `explored` and `ranked`.
    public var byExploration: [Row] = []

    /// Makes an empty report, as tests of a service need.
    public init() {}
}
