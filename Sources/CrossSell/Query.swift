/// An id as the caller sent it, lent for the length of the call.
package typealias IDView = UnsafeRawBufferPointer

/// What Recommend and Score are asked, with ids still as bytes. Reused from request to request.
package struct Query {
    package var user: IDView?
    /// Items in the basket now.
    package var basket: [IDView] = []
    /// Items taken before, oldest first; where not empty it replaces what is known of the user.
    package var history: [IDView] = []
    /// Items never to return.
    package var exclusions: [IDView] = []
    /// How many items to return, 1 to ``EngineLimits/slateItems``.
    package var k = 10
    package var includesPurchased = false
    package var includesOutOfStock = false
    /// At most so many of one category; 0: no such limit.
    package var perCategoryMax = 0
    /// False where only ids and scores are wanted: explanations cost a solve an item.
    package var wantsReasons = true

    package init() {}

    package mutating func removeAll() {
        user = nil
        basket.removeAll(keepingCapacity: true)
        history.removeAll(keepingCapacity: true)
        exclusions.removeAll(keepingCapacity: true)
        k = 10
        includesPurchased = false
        includesOutOfStock = false
        perCategoryMax = 0
        wantsReasons = true
    }
}

/// How an answer was found, best first.
package enum Tier: Int, Sendable {
    case personal = 1
    case neighbors = 2
    case popular = 3
}

/// The most a single request may ask; scratch space is allocated for these once.
package struct EngineLimits: Sendable {
    /// Items in one basket.
    package var basketItems = 256
    /// Items in one inline history.
    package var historyItems = 1_000
    /// Items excluded by one request.
    package var exclusions = 1_000
    /// Items scored by one Score call.
    package var scoredItems = 1_000
    /// Items on one slate, or neighbors in one Related or Nearest reply.
    package var slateItems = 1_000

    package init() {}
}

/// One item of a slate.
package struct RankedItem {
    /// The item's number; at or past the catalog's count for items put while serving.
    package var ordinal: UInt32
    /// Valid until the engine's next turn.
    package var id: IDView
    package var score: Float
    /// Positions in ``ScoringEngine/reasons``, strongest first.
    package var reasons: Range<Int>
}

/// Why an item is on the slate.
package struct Reason {
    package enum Kind: Int { case boughtTogether = 1, taste = 2, popular = 3 }
    package var kind: Kind
    /// The basket item or past item it speaks of; nil for `popular`.
    package var item: UInt32?
    /// That item's id, valid until the engine's next turn.
    package var itemID: IDView?
    /// How much of the score this reason gave.
    package var contribution: Float
    package var lift: Float = 0
    package var confidence: Float = 0
}
