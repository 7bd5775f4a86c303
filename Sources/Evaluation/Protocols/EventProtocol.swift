internal import Interactions

/// A protocol that takes nothing but a shop's events.
package enum EventProtocol: String, CaseIterable, Sendable {
    case basketCompletion = "basket-completion"
    case temporal
    case kFold = "k-fold"

    /// Why ``EventSplits/suitableProtocol`` chooses it.
    package var reason: String {
        switch self {
        case .basketCompletion: "the events name baskets of two and more items"
        case .temporal: "the events have users and times, but no baskets of two and more items"
        case .kFold: "the events have neither baskets of two and more items nor times that differ"
        }
    }
}

extension EventSplits {
    /// The protocol that asks what cross-sell is for, as far as the events allow: completing
    /// baskets, else telling later events, else telling some of each user's.
    ///
    /// - Complexity: O(events).
    package var suitableProtocol: EventProtocol {
        let events = dataset.events
        var first = Array(repeating: EventTable.none, count: dataset.baskets.count)
        var (earliest, latest) = (Int64.max, EventTable.noTime)
        for event in 0..<events.count where counts(event) {
            if events.baskets[event] != EventTable.none {
                let basket = Int(events.baskets[event])
                if first[basket] == EventTable.none { first[basket] = events.items[event] }
                if first[basket] != events.items[event] { return .basketCompletion }
            }
            if events.users[event] != EventTable.none, events.times[event] != EventTable.noTime {
                earliest = min(earliest, events.times[event])
                latest = max(latest, events.times[event])
            }
        }
        return earliest < latest ? .temporal : .kFold
    }
}
