internal import Interactions

/// What a shopper took by the events in memory, as one generation has it.
///
/// Scratch of one engine, filled anew for each request.
///
/// Its variables are used by one thread and never by two accesses at once; that is not checked as the
/// program runs, which would take a tenth of a small call.
final class LiveShopper {
    /// One thing that she took.
    struct Taking {
        var ordinal: UInt32
        var time: Int64
        /// Which of her baskets it was in, from 0 on in the order of their first takings.
        var basket: Int32
        /// Whether the generation was trained before it.
        var isNew: Bool
        var isLiked: Bool
    }

    let counts: LiveCounts
    /// By time, oldest first.
    @exclusivity(unchecked) private(set) var count = 0
    private let events: UnsafeMutablePointer<LiveEvents.Event>
    private let takings: UnsafeMutablePointer<Taking>
    /// By her baskets: their keys, and when each ended.
    private let keys: UnsafeMutablePointer<UInt64>
    private let basketTimes: UnsafeMutablePointer<Int64>
    @exclusivity(unchecked) private(set) var basketCount = 0

    /// Of a user's newest events, how many are looked at.
    static let eventsMax = 1_000

    init(_ counts: LiveCounts) {
        self.counts = counts
        events = .allocate(capacity: Self.eventsMax)
        takings = .allocate(capacity: Self.eventsMax)
        keys = .allocate(capacity: Self.eventsMax)
        basketTimes = .allocate(capacity: Self.eventsMax)
    }

    deinit {
        events.deallocate()
        takings.deallocate()
        keys.deallocate()
        basketTimes.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    /// Whether she took anything since the generation was trained.
    var hasNew: Bool { count > 0 && takings[count - 1].isNew }

    subscript(place: Int) -> Taking { takings[place] }

    /// When a basket ended.
    func time(ofBasket basket: Int) -> Int64 { basketTimes[basket] }

    /// Forgets whom it read last.
    func removeAll() { (count, basketCount) = (0, 0) }

    /// Reads what a user took.
    ///
    /// - Complexity: O(1) where she has no events; else O(her newest ``eventsMax`` events).
    @inline(__always)
    func read(_ user: IDView) {
        removeAll()
        guard user.count > 0 else { return }
        let found = counts.events.read(
            user: counts.events.hash(ofUser: user), max: Self.eventsMax, into: events)
        if found > 0 { take(found) }
    }

    private func take(_ found: Int) {
        sort(found)
        for place in 0..<found {
            let event = events[place]
            guard counts.isTaking(event), let ordinal = counts.ordinal(of: event) else { continue }
            takings[count] = Taking(
                ordinal: ordinal, time: event.time, basket: Int32(basket(of: event)),
                isNew: event.time > counts.since, isLiked: counts.isLiked(event))
            count += 1
        }
    }

    /// Sorts by time and position, from what is nearly the reverse of it.
    private func sort(_ found: Int) {
        for place in 0..<found / 2 {
            let other = found - 1 - place
            (events[place], events[other]) = (events[other], events[place])
        }
        for place in 1..<max(1, found) {
            var at = place
            while at > 0, events[at].time < events[at - 1].time {
                (events[at], events[at - 1]) = (events[at - 1], events[at])
                at -= 1
            }
        }
    }

    private func basket(of event: LiveEvents.Event) -> Int {
        // Most are of the newest one.
        for basket in (0..<basketCount).reversed() where keys[basket] == event.basket {
            basketTimes[basket] = max(basketTimes[basket], event.time)
            return basket
        }
        keys[basketCount] = event.basket
        basketTimes[basketCount] = event.time
        basketCount += 1
        return basketCount - 1
    }
}
