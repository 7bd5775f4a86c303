/// What a recommender showed, how likely it was to show just that, and what came of it.
///
/// An impression is one item at one place of the slate that answered a request. Impressions are
/// columns of equal length in the order read, and so are requests, in the order of their first
/// impression. Items and users are numbered by tables of the log's own.
package struct ImpressionLog: Sendable {
    package var items = IdentifierTable()
    package var users = IdentifierTable()

    // By impression.
    package private(set) var requests: [Int32] = []
    /// What was shown, by number in `items`.
    package private(set) var shown: [Int32] = []
    /// Places on the slate, from 1.
    package private(set) var positions: [Int32] = []
    /// The probability with which the recommender put this item at this place, above 0 and at most
    /// 1.
    package private(set) var propensities: [Double] = []
    /// What came of it: 1 and 0 for clicks, or a value such as revenue; finite.
    package private(set) var rewards: [Double] = []

    // By request.
    /// Who asked, or ``EventTable/none``.
    package private(set) var requestUsers: [Int32] = []
    /// Seconds since 1970-01-01 UTC, or ``EventTable/noTime``.
    package private(set) var requestTimes: [Int64] = []
    private var basketOffsets = [0]
    private var basketItems: [Int32] = []

    /// Whether the file is of the Open Bandit Dataset: `items` are then all that could be shown, at
    /// any place, in the order of its affinity columns.
    package internal(set) var isOpenBandit = false

    package init() {}

    package var count: Int { shown.count }
    package var requestCount: Int { requestUsers.count }
    package var positionMax: Int { Int(positions.max() ?? 0) }

    /// The items in the basket when the request was made, by number in `items`.
    package func basket(ofRequest request: Int) -> ArraySlice<Int32> {
        basketItems[basketOffsets[request]..<basketOffsets[request + 1]]
    }

    /// Adds a request without impressions, and returns its number.
    @discardableResult
    package mutating func addRequest(
        user: Int32 = EventTable.none, basket: [Int32] = [], time: Int64 = EventTable.noTime
    ) -> Int32 {
        requestUsers.append(user)
        requestTimes.append(time)
        basketItems += basket
        basketOffsets.append(basketItems.count)
        return Int32(requestUsers.count - 1)
    }

    /// Adds an impression of a request that was added.
    ///
    /// - Precondition: `position >= 1`, `0 < propensity <= 1`, and `reward` is finite.
    package mutating func append(
        request: Int32, item: Int32, position: Int32 = 1, propensity: Double, reward: Double
    ) {
        precondition(Int(request) < requestCount && position >= 1, "\(request), \(position)")
        precondition(propensity > 0 && propensity <= 1 && reward.isFinite, "\(propensity)")
        requests.append(request)
        shown.append(item)
        positions.append(position)
        propensities.append(propensity)
        rewards.append(reward)
    }

    /// The requests that satisfy the condition, numbered anew, with the same tables.
    ///
    /// - Complexity: O(impressions + requests).
    package func keepingRequests(where isIncluded: (Int) -> Bool) -> ImpressionLog {
        var result = ImpressionLog()
        (result.items, result.users, result.isOpenBandit) = (items, users, isOpenBandit)
        var numbers = Array(repeating: Int32(-1), count: requestCount)
        for request in 0..<requestCount where isIncluded(request) {
            numbers[request] = result.addRequest(
                user: requestUsers[request], basket: Array(basket(ofRequest: request)),
                time: requestTimes[request])
        }
        for i in 0..<count where numbers[Int(requests[i])] >= 0 {
            result.append(
                request: numbers[Int(requests[i])], item: shown[i], position: positions[i],
                propensity: propensities[i], reward: rewards[i])
        }
        return result
    }
}
