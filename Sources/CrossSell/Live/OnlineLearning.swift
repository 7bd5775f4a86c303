package import Interactions

/// What was recorded, put to use at once: keeps the newest events in memory (``LiveEvents``) and counts
/// them for every generation that is there (``LiveCounts``). It is outside of any generation, as
/// recorded events outlive models.
///
/// Used by one thread at a time; engines read what it writes from theirs.
package final class OnlineLearning {
    package let events: LiveEvents
    private let bytesMax: Int
    /// Ids of items that were in any event, by number; bounded.
    private(set) var items = IdentifierTable()
    /// By basket, the position of its newest event.
    private var baskets: [UInt64: UInt64] = [:]
    private struct Entry { weak var counts: LiveCounts? }
    private var entries: [Entry] = []
    private var basket: [LiveEvents.Event] = []
    /// The generations, kept from the first of some events until ``publish()``.
    private var held: [LiveCounts] = []
    /// Events that went to make room.
    package private(set) var expired = 0
    /// Events that were not taken in, as there was no room for their items' ids: those take an eighth of the
    /// memory at most, and are kept while the server runs.
    package private(set) var passedOver = 0

    /// Events of a user that name no basket belong together as long as each follows the last within this
    /// many seconds, as in training.
    static let sessionGapSeconds: Int64 = 1_800
    /// How much later than now an event may claim to be.
    static let aheadSecondsMax: Int64 = 86_400

    /// - Parameters:
    ///   - bytesMax: for events, their baskets, ids of items and the pairs of up to three generations.
    ///   - seed: of the hashes of users and baskets; secret.
    package init(
        bytesMax: Int, seed: UInt64 = .random(in: 0 ... .max)
    ) throws(LiveEvents.MemoryRefused) {
        self.bytesMax = bytesMax
        // A basket's entry in the dictionary takes some 32 bytes, and each event may be one.
        let share = bytesMax / 2
        events = try LiveEvents(
            bytesMax: share * LiveEvents.bytesPerEvent / (LiveEvents.bytesPerEvent + 32),
            seed: seed)
    }

    /// Memory, about, in bytes.
    package var bytes: Int {
        events.bytes + 32 * baskets.count + Self.bytes(of: items)
            + generations.reduce(0) { $0 + $1.bytes }
    }

    /// Of items that were in any event.
    package var itemCount: Int { items.count }

    /// Of the generations that are in memory.
    package var generations: [LiveCounts] { entries.compactMap(\.counts) }

    /// The kinds of events that any generation counts, and the time since which all of them do.
    package var takenKinds: [EventKind] {
        let generations = generations
        return EventKind.allCases.filter { kind in generations.contains { $0.counts(kind) } }
    }
    package var since: Int64 { generations.reduce(.min) { max($0, $1.since) } }

    // MARK: Generations

    /// Begins to count for a generation. ``advance(_:count:)`` is to be called until it says that all is
    /// counted, before anybody reads the counts.
    package func begin(_ generation: Generation) -> LiveCounts {
        let counts = LiveCounts(generation, events, pairBytesMax: bytesMax / 6)
        for number in 0..<items.count {
            items.withBytes(of: number) { counts.learnItem(IDView($0)) }
        }
        held.removeAll()
        entries.removeAll { $0.counts == nil }
        entries.append(Entry(counts: counts))
        return counts
    }

    /// Counts some of the events that were there before a generation.
    ///
    /// - Returns: whether all are counted.
    package func advance(_ counts: LiveCounts, count: Int) -> Bool {
        counts.skip(to: events.oldest)
        var left = count
        while counts.cursor < events.next, left > 0 {
            let event = events.event(at: counts.cursor)
            readBasket(of: event)
            counts.take(event, basket)
            left -= 1
        }
        guard counts.cursor == events.next else { return false }
        counts.refresh()
        trim()
        return true
    }

    /// Lets the oldest events go that every generation was trained after.
    private func trim() {
        let since = generations.reduce(Int64.max) { min($0, $1.since) }
        while events.count > 0, events.event(at: events.oldest).time <= since { removeOldest() }
    }

    /// Takes note that items were added to the generations, and counts the events of theirs that were passed
    /// over.
    ///
    /// - Complexity: O(events in memory) where there are any of these items, else O(items).
    package func learn(added ids: [String]) {
        for counts in generations {
            var late: Set<UInt32> = []
            for id in ids {
                var id = id
                id.withUTF8 { id in
                    let number = items.index(of: id).map { UInt32($0) }
                    if counts.learnAdded(IDView(id), number), let number { late.insert(number) }
                }
            }
            guard !late.isEmpty else { continue }
            for position in events.oldest..<events.next {
                let event = events.event(at: position)
                guard !event.isErased, late.contains(event.item) else { continue }
                readBasket(of: event)
                counts.takeLate(event, basket, late)
            }
            counts.refresh()
        }
    }

    // MARK: Events

    /// Takes in an event. ``publish()`` is to follow the last one.
    ///
    /// - Parameters:
    ///   - user, basket: nil for none; one of them is there.
    ///   - now: seconds since 1970.
    package func record(
        user: IDView?, item: IDView, kind: EventKind, value: Float, time: Int64, basket: IDView?,
        now: Int64
    ) {
        var event = LiveEvents.Event()
        event.user = user.map(events.hash(ofUser:)) ?? 0
        guard let number = number(of: item) else {
            passedOver += 1
            return
        }
        event.item = number
        (event.kind, event.value) = (kind, value)
        event.time = min(time, now + Self.aheadSecondsMax)
        (event.isLoose, event.basket) = (basket == nil, basket.map(hash(ofBasket:)) ?? 0)
        if kind == .return || value < 0 { return takeBack(event) }
        if held.isEmpty { held = generations }
        guard held.contains(where: { $0.wants(event, user) }) else { return }
        makeRoom()
        if event.isLoose { event.basket = session(event) }
        keep(event)
    }

    private func makeRoom() {
        while events.isFull {
            removeOldest()
            expired += 1
        }
    }

    /// Adds an event whose basket is known, and counts it.
    private func keep(_ event: LiveEvents.Event) {
        var event = event
        let previous = baskets.updateValue(events.next, forKey: event.basket) ?? 0
        event.position = events.append(event, basketPrevious: previous)
        readBasket(endingAt: event.position)
        for counts in held where counts.cursor == event.position {
            counts.take(event, self.basket)
        }
    }

    // MARK: Events that were kept

    /// Begins to take in many events at once, before anybody reads what is counted; ``publish()`` ends it.
    package func beginReplay() {
        held = generations
        for counts in held { counts.pairs.deferLists() }
    }

    /// Takes in an event that was kept, behind those that are there.
    func takeIn(_ event: LiveEvents.Event) {
        makeRoom()
        keep(event)
    }

    /// Gives the next number to an item of events that were kept.
    ///
    /// - Returns: false where it has one.
    func takeInItem(_ id: IDView) -> Bool {
        guard items.index(of: id.assumingMemoryBound(to: UInt8.self)) == nil else { return false }
        items.insert(id.assumingMemoryBound(to: UInt8.self))
        for counts in generations { counts.learnItem(id) }
        return true
    }

    /// Counts what was lost before.
    func addExpired(_ count: Int, passedOver: Int) {
        expired += count
        self.passedOver += passedOver
    }

    /// Makes what fades with time known, after some events.
    package func publish() {
        for counts in generations { counts.refresh() }
        held.removeAll()
    }

    /// Solves some items' vectors anew, of those that events were recorded for.
    ///
    /// - Returns: whether others wait for it.
    package func advanceItems(count: Int) -> Bool {
        for counts in generations {
            if let factors = counts.factors, factors.waitingCount > 0 {
                _ = factors.advance(count: count)
            }
        }
        return hasWaitingItems
    }

    /// Whether some items' vectors are to be solved anew.
    package var hasWaitingItems: Bool { generations.contains { $0.waitingItems > 0 } }

    /// Takes a user's events out, and what they added to counts.
    ///
    /// - Returns: how many there were.
    @discardableResult
    package func forget(user id: IDView) -> Int {
        let user = events.hash(ofUser: id)
        var forgotten = 0
        var position = events.newest(ofUser: user)
        while position >= events.oldest {
            let event = events.event(at: position)
            if !event.isErased {
                drop(event)
                // The next one's basket must not hold it any more.
                events.erase(position)
                forgotten += 1
            }
            position = events.previous(ofUserAt: position)
        }
        events.forget(user: user)
        publish()
        return forgotten
    }

    /// Takes out the events that are too old to be kept, and what they added to counts.
    ///
    /// - Complexity: O(events in memory).
    package func removeOld(_ isOld: (LiveEvents.Event) -> Bool) {
        for position in events.oldest..<events.next {
            let event = events.event(at: position)
            guard !event.isErased, isOld(event) else { continue }
            drop(event)
            events.erase(position)
        }
        publish()
    }

    /// Calls `body` with each event in memory, oldest first, but for those that were erased.
    package func forEachEvent(_ body: (LiveEvents.Event, _ item: String) -> Void) {
        for position in events.oldest..<events.next {
            let event = events.event(at: position)
            if !event.isErased { body(event, items[Int(event.item)]) }
        }
    }

    private func removeOldest() {
        let event = events.event(at: events.oldest)
        if !event.isErased { drop(event) }
        if baskets[event.basket] == event.position { baskets[event.basket] = nil }
        events.removeOldest()
    }

    private func drop(_ event: LiveEvents.Event) {
        readBasket(of: event)
        for counts in generations { counts.drop(event, basket) }
    }

    /// Takes a return off the newest earlier purchases of the same item, by the same user or else of the
    /// same basket. What was bought before the events in memory begin stays as training knew it.
    private func takeBack(_ event: LiveEvents.Event) {
        var left = abs(event.value)
        var position =
            event.user != 0 ? events.newest(ofUser: event.user) : baskets[event.basket] ?? 0
        while position >= events.oldest, left > 0 {
            let bought = events.event(at: position)
            let next =
                event.user != 0
                ? events.previous(ofUserAt: position) : events.previous(inBasketAt: position)
            if bought.item == event.item, bought.kind == .purchase, bought.time <= event.time {
                if bought.value > left {
                    events.set(value: bought.value - left, of: position)
                    return
                }
                left -= bought.value
                drop(bought)
                events.erase(position)
            }
            position = next
        }
    }

    /// Reads the events of an event's basket that are in memory, that one too.
    private func readBasket(of event: LiveEvents.Event) {
        readBasket(endingAt: baskets[event.basket] ?? 0)
    }

    private func readBasket(endingAt newest: UInt64) {
        basket.removeAll(keepingCapacity: true)
        var position = newest
        while position >= events.oldest, basket.count < Self.basketEventsMax {
            let other = events.event(at: position)
            if !other.isErased { basket.append(other) }
            position = events.previous(inBasketAt: position)
        }
    }

    /// More events of one basket, and of one user for what basket a new one belongs to, are not looked at.
    private static let basketEventsMax = 1_000

    /// The basket of an event that names none: that of its user's event before it, if that is near
    /// enough, else one of its own.
    private func session(_ event: LiveEvents.Event) -> UInt64 {
        var position = events.newest(ofUser: event.user)
        var left = Self.basketEventsMax
        while position >= events.oldest, left > 0 {
            left -= 1
            let before = events.event(at: position)
            if before.isLoose, !before.isErased {
                let (gap, overflow) = event.time.subtractingReportingOverflow(before.time)
                if !overflow, abs(gap) <= Self.sessionGapSeconds { return before.basket }
                break
            }
            position = events.previous(ofUserAt: position)
        }
        // The same whatever else is in memory.
        let time = UInt64(bitPattern: event.time)
        return (event.user &+ time &* 0x9e37_79b9_7f4a_7c15) | 1 << 63
    }

    private func hash(ofBasket id: IDView) -> UInt64 {
        // Apart from those of sessions.
        max(1, events.hash(ofUser: id) & ~(1 << 63))
    }

    /// The number of an item, given now if it is new and there is room for its id.
    private func number(of id: IDView) -> UInt32? {
        let bytes = id.assumingMemoryBound(to: UInt8.self)
        if let known = items.index(of: bytes) { return UInt32(known) }
        guard Self.bytes(of: items) + id.count + Self.bytesBesideID <= bytesMax / 8,
            items.count < OrdinalMap.itemsMax
        else { return nil }
        let number = items.insert(bytes)
        for counts in generations { counts.learnItem(id) }
        return UInt32(number)
    }

    private static func bytes(of items: IdentifierTable) -> Int {
        items.bytes.count + bytesBesideID * items.count
    }

    /// What a table takes for an id, besides its text.
    private static let bytesBesideID = 25
}
