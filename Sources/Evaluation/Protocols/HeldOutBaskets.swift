internal import Foundation
internal import Interactions

/// The baskets that basket completion holds out of a shop's events.
struct HeldOutBaskets {
    let split: BasketCompletion.Split
    /// Those held out, by number: in the order of time, or as drawn.
    let baskets: [Int]
    /// How many there are in all.
    let total: Int
    /// By basket: its distinct items, and its user or `EventTable.none`.
    let contents: [Set<Int32>]
    let users: [Int32]
    /// What was held out, for people.
    let summary: String
    private let isHeld: [Bool]
    /// Events of no basket are held out from this time on.
    private let cut: Int64?
    private let events: EventTable

    /// - Throws: ``EvaluationError`` where there are fewer than two baskets, or no times to split
    ///   them by where that is asked.
    init(of splits: EventSplits, _ completion: BasketCompletion) throws(EvaluationError) {
        let (dataset, events) = (splits.dataset, splits.dataset.events)
        var contents = Array(repeating: Set<Int32>(), count: dataset.baskets.count)
        var users = Array(repeating: EventTable.none, count: dataset.baskets.count)
        // Unknown times are the least of all.
        var ends = Array(repeating: EventTable.noTime, count: dataset.baskets.count)
        let likedMin = splits.options.likedMin(of: events)
        for event in 0..<events.count
        where splits.counts(event) && events.values[event] >= likedMin {
            guard events.baskets[event] != EventTable.none else { continue }
            let basket = Int(events.baskets[event])
            contents[basket].insert(events.items[event])
            users[basket] = events.users[event]
            ends[basket] = max(ends[basket], events.times[event])
        }
        // The id breaks ties, so that the order of a file's lines decides nothing.
        let named = contents.indices.filter { !contents[$0].isEmpty }
            .map { (end: ends[$0], id: dataset.baskets[$0], basket: $0) }
            .sorted { ($0.end, $0.id) < ($1.end, $1.id) }
        guard named.count >= 2 else {
            throw EvaluationError(
                "\(named.isEmpty ? "no baskets" : "one basket alone"): basket completion takes "
                    + "events that name their order or session")
        }
        let dated = named.filter { $0.end != EventTable.noTime }
        let differ = dated.first.map { $0.end < dated.last!.end } ?? false
        split =
            completion.split ?? (differ && 2 * dated.count >= named.count ? .time : .random)
        switch split {
        case .time:
            guard differ else {
                throw EvaluationError(
                    "\(dated.isEmpty ? "baskets without times" : "baskets of one time"): the newest "
                        + "cannot be told; --split random draws some instead")
            }
            let first = Self.trainingCount(of: dated.count, completion)
            baskets = dated[first...].map(\.basket)
            cut = dated[first].end
            let isTied = dated[first - 1].end == dated[first].end
            summary =
                "The newest \(Self.share(baskets.count, of: named.count)) are held out, "
                + "from \(Self.day(dated[first].end)) on"
                + (isTied ? "; of those at that very time the last by id." : ".")
        case .random:
            var generator = SeededGenerator(seed: splits.seed)
            let drawn = named.shuffled(using: &generator)
            baskets = drawn[Self.trainingCount(of: drawn.count, completion)...].map(\.basket)
            cut = nil
            summary =
                "\(Self.share(baskets.count, of: named.count)), drawn by the seed "
                + "\(splits.seed), are held out"
                + (completion.split == nil ? ", since they have no times to go by." : ".")
        }
        var isHeld = Array(repeating: false, count: contents.count)
        for basket in baskets { isHeld[basket] = true }
        (self.isHeld, self.contents, self.users, self.events) = (isHeld, contents, users, events)
        total = named.count
    }

    /// Whether an event may be trained on.
    func isPast(_ event: Int) -> Bool {
        guard events.baskets[event] == EventTable.none else {
            return !isHeld[Int(events.baskets[event])]
        }
        return cut.map { events.times[event] < $0 } ?? true
    }

    /// At least one, and never all.
    private static func trainingCount(of count: Int, _ completion: BasketCompletion) -> Int {
        min(count - 1, max(1, Int(Double(count) * (1 - completion.testShare))))
    }

    private static func share(_ part: Int, of all: Int) -> String {
        "\(part) of \(all) baskets (\(percent(Double(part) / Double(all))))"
    }

    private static func day(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601.year().month().day())
    }
}
