internal import Buffers
internal import CrossSell

/// What one lane counts of the answers of `sidecart.v1.Scoring`, written by its thread alone: no
/// lock, no allocation.
final class ScoringCounters: Sendable {
    /// What is counted once a call, or once an id.
    enum Count: Int, CaseIterable {
        /// Slates without any item, and those with fewer than were asked for, the empty ones
        /// included.
        case emptySlates, shortSlates
        /// Items on slates.
        case slateItems
        /// Shoppers and items that calls named, and those of them that the model does not know.
        case users, unknownUsers, items, unknownItems
    }

    /// The methods whose answers have a tier.
    enum Method: Int, CaseIterable {
        case score, recommend

        var name: String {
            switch self {
            case .score: "sidecart.v1.Scoring/Score"
            case .recommend: "sidecart.v1.Scoring/Recommend"
            }
        }
    }

    private static let tiersPlace = Count.allCases.count
    private let numbers = Gauges(
        count: tiersPlace + Method.allCases.count * (Tier.allCases.count + 1))

    // MARK: On the lane's thread

    func add(_ amount: Int, _ count: Count) { numbers.add(amount, at: count.rawValue) }

    /// Counts an answer, and the ids of its query.
    func note(_ method: Method, _ tier: Tier, _ query: borrowing Query, _ engine: Engine) {
        numbers.add(1, at: Self.place(method, tier))
        add(query.itemCount, .items)
        add(engine.unknown.count, .unknownItems)
        guard query.user != nil, query.history.isEmpty else { return }
        add(1, .users)
        if !engine.knowsUser { add(1, .unknownUsers) }
    }

    // MARK: On any thread

    func value(_ count: Count) -> Int { numbers.value(count.rawValue) }

    func answers(_ method: Method, _ tier: Tier) -> Int { numbers.value(Self.place(method, tier)) }

    private static func place(_ method: Method, _ tier: Tier) -> Int {
        tiersPlace + method.rawValue * (Tier.allCases.count + 1) + tier.rawValue
    }
}
