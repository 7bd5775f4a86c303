/// An id as the caller sent it, lent for the length of the call.
package typealias IDView = UnsafeRawBufferPointer

/// What Recommend and Score are asked, with ids still as bytes. Reused from request to request.
package struct Query {
    package var user: IDView?
    /// Items in the basket now.
    package var basket: [IDView] = []
    /// Items taken before, oldest first; where not empty it replaces what is known of the user.
    package var history: [IDView] = []
    /// How many items to return, 1 to ``EngineLimits/slateItems``.
    package var k = 10
    package var rules = QueryRules()
    package var exploration = Exploration()
    /// Items of which the answer is to say why they are not on the slate.
    package var whyNot: [IDView] = []
    /// False where only ids and scores are wanted.
    package var wantsReasons = true
    /// Whether the scores are to be split into their parts.
    package var wantsParts = false
    /// When the answer must be there, in nanoseconds of the engine's clock; `.max` for no limit.
    package var deadline = Int64.max

    package init() {}

    /// How many items its basket, its history and its rules name.
    package var itemCount: Int {
        basket.count + history.count + rules.exclusions.count + rules.allowed.count
    }

    /// How many items are ranked: those to return, and those that exploration draws from.
    var ranked: Int { k + exploration.extra }

    package mutating func removeAll() {
        user = nil
        basket.removeAll(keepingCapacity: true)
        history.removeAll(keepingCapacity: true)
        k = 10
        rules.removeAll()
        exploration = Exploration()
        whyNot.removeAll(keepingCapacity: true)
        (wantsReasons, wantsParts) = (true, false)
        deadline = .max
    }
}

/// The most a single request may ask.
package struct EngineLimits: Sendable {
    /// Items in one basket.
    package var basketItems = 256
    /// Items in one inline history, and of a known user's history the newest that count.
    package var historyItems = 1_000
    /// Of the history, the newest that count in sums of lists where there is a basket: more of them
    /// cost time and were measured to change nothing.
    package var historyItemsBesideBasket = 100
    /// Items excluded by one request, and items allowed as the only ones.
    package var exclusions = 1_000
    /// Categories named by one request, included or excluded.
    package var categories = 64
    /// Items and categories whose scores one request multiplies.
    package var boosts = 64
    /// Items of which one request asks why they are not on the slate.
    package var whyNot = 32
    /// Items scored by one Score call.
    package var scoredItems = 1_000
    /// Items on one slate, or neighbors in one Related or Nearest reply.
    package var slateItems = 1_000
    /// Items on a slate whose scores are split.
    package var splitItems = 100

    package init() {}
}
