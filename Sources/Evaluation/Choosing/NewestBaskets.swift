package import Interactions

/// The newest baskets of a shop's events, kept from a training so that it can be judged by them.
///
/// To judge a new model beside the one that serves, neither may have learned from what it is asked.
/// Of the baskets that came after the older one's data the newer half is held out; the new model is
/// trained on all before.
package struct NewestBaskets: Sendable {
    /// What is asked at most, the newest, and at least.
    package static let countMax = 4_000
    package static let countMin = 50
    /// The share that is held out where nothing is known of the older model's data.
    private static let shareOfAll = 0.1

    package let dataset: Dataset
    /// Baskets of two items or more, by number, in the order of time.
    package let baskets: [Int]
    /// By basket: its distinct items, ascending, and its user or `EventTable.none`.
    package let contents: [Int: (items: [Int32], user: Int32)]
    /// The time of the first event held out, in seconds since 1970.
    package let cut: Int64

    /// - Parameter since: the newest event that the older model may have learned from, in seconds
    ///   since 1970; nil where that is not known.
    /// - Throws: ``EvaluationError`` where there are too few baskets to judge by.
    package init(of dataset: Dataset, since: Int64?) throws(EvaluationError) {
        let events = dataset.events
        var ends: [Int32: Int64] = [:]
        var items: [Int32: Set<Int32>] = [:]
        var users: [Int32: Int32] = [:]
        for event in 0..<events.count where events.times[event] != EventTable.noTime {
            let basket = events.baskets[event]
            guard basket != EventTable.none, events.kinds[event] == .purchase,
                events.values[event] > 0
            else { continue }
            ends[basket] = max(ends[basket] ?? .min, events.times[event])
            items[basket, default: []].insert(events.items[event])
            users[basket] = events.users[event]
        }
        // The id breaks ties, so that the order of a file's lines decides nothing.
        let all = items.filter { $0.value.count >= 2 }.keys
            .map { (end: ends[$0]!, id: dataset.baskets[Int($0)], basket: $0) }
            .sorted { ($0.end, $0.id) < ($1.end, $1.id) }
        let fresh = since.map { since in all.filter { $0.end > since } }
        let held =
            fresh.map { $0.suffix(($0.count + 1) / 2) }
            ?? all.suffix(Int(Double(all.count) * Self.shareOfAll))
        guard held.count >= Self.countMin else {
            let of =
                fresh.map { "\($0.count) are newer than the model that serves" }
                ?? "\(all.count) are known"
            throw EvaluationError(
                "too few new baskets to judge by: of those with two items and a time \(of), half of "
                    + "which would be asked about; \(Self.countMin) are needed")
        }
        cut = held.first!.end
        let asked = held.suffix(Self.countMax)
        baskets = asked.map { Int($0.basket) }
        contents = Dictionary(
            uniqueKeysWithValues: asked.map {
                (Int($0.basket), (items[$0.basket]!.sorted(), users[$0.basket]!))
            })
        self.dataset = dataset
    }

    /// All events before those held out.
    package var past: Dataset { dataset.keepingEvents { dataset.events.times[$0] < cut } }
}
