/// One observed act.
public struct Event: Sendable, Hashable, Codable {
    /// What a shopper did to an item.
    public enum Kind: Int32, Sendable, Codable, CaseIterable {
        /// Looked at it.
        case view = 1
        /// Clicked on it, such as in a slate.
        case click = 2
        /// Put it into the basket.
        case cart = 3
        /// Bought it.
        case purchase = 4
        /// Rated it; the event's value is the rating.
        case rating = 5
        /// Gave it back.
        case `return` = 6
    }

    /// Unique among all events. The client makes one where it is empty, so that a call that is
    /// sent again records nothing twice.
    public var id: String
    /// Empty for nobody known; then there must be a basket.
    public var userID: String
    /// What the act was about.
    public var itemID: String
    /// What kind of act it was.
    public var kind: Kind
    /// Quantity, rating or weight; above 0 but for ratings.
    public var value: Float
    /// Seconds since 1970 UTC; 0 for when the server gets it.
    public var time: Int64
    /// The order or session; empty for none.
    public var basketID: String
    /// The ``Slate/id`` of the slate that led to it; 0 for none. It is not told back.
    public var slateID: UInt64 = 0
    /// What one of them was sold for, which makes the revenue of the slate; 0 for the catalog's price.
    /// It is not told back.
    public var price: Float = 0

    /// Makes an event.
    public init(
        _ kind: Kind, of itemID: String, by userID: String = "", in basketID: String = "",
        value: Float = 1, time: Int64 = 0, id: String = ""
    ) {
        (self.kind, self.itemID, self.userID, self.basketID) = (kind, itemID, userID, basketID)
        (self.value, self.time, self.id) = (value, time, id)
    }
}

/// What became of a batch of events, which are durable from then on.
public struct RecordReceipt: Sendable, Hashable, Codable {
    /// Events that are new.
    public var recorded: Int
    /// Positions in the batch of events whose id the server knew already; they changed nothing.
    public var duplicates: [Int]
    /// Counts all events ever recorded; those of the batch are at or below it.
    public var watermark: Int64

    /// Makes a receipt, as tests of a service need.
    public init(recorded: Int, duplicates: [Int] = [], watermark: Int64 = 0) {
        (self.recorded, self.duplicates, self.watermark) = (recorded, duplicates, watermark)
    }
}

/// What forgetting a user removed.
public struct ForgetReceipt: Sendable, Hashable, Codable {
    /// Who was forgotten.
    public var userID: String
    /// Events that were removed.
    public var events: Int
    /// Time of the oldest of them, in seconds since 1970 UTC; 0 where there were none.
    public var oldestTime: Int64
    /// Time of the newest of them; 0 where there were none.
    public var newestTime: Int64
    /// Whether the journal's files hold no byte of her any more. False while another program reads
    /// the log; the server tries again.
    public var isLogEmptied: Bool
    /// What is left of her elsewhere, why, and until when; a sentence each.
    public var remains: [String]

    /// Makes a receipt, as tests of a service need.
    public init(userID: String, events: Int = 0, isLogEmptied: Bool = true) {
        (self.userID, self.events, self.isLogEmptied) = (userID, events, isLogEmptied)
        (oldestTime, newestTime, remains) = (0, 0, [])
    }
}
