/// Counts events that are equal to a recent one, instead of storing each.
///
/// Exports repeat lines, and a few kilobytes of packed text may repeat one a billion times. An event
/// equal to one of some thousand before it adds its value to that one's: two purchases of one piece
/// are a purchase of two. A rating said twice is one rating.
struct RecentEvents {
    /// Where in the table an event with the key of this slot was stored; -1 for none.
    private var places = Array(repeating: Int32(-1), count: 4096)
    /// Events that were added to an equal one.
    private(set) var counted = 0

    @inline(__always)
    mutating func add(_ event: Event, to events: inout EventTable) {
        let slot = Int(truncatingIfNeeded: Self.hash(event) >> 52)
        let place = Int(places[slot])
        if place >= 0, events.absorb(event, at: place) {
            counted += 1
            return
        }
        // Beyond 2^31 events nothing is looked for any more.
        places[slot] = Int32(exactly: events.count) ?? -1
        events.append(
            user: event.user, item: event.item, kind: event.kind, value: event.value,
            time: event.time, basket: event.basket)
    }

    @inline(__always)
    private static func hash(_ event: Event) -> UInt64 {
        let ids =
            UInt64(UInt32(bitPattern: event.user)) << 32 | UInt64(UInt32(bitPattern: event.item))
        let place = UInt64(UInt32(bitPattern: event.basket)) &* 0x9e37_79b9_7f4a_7c15
        let when = UInt64(bitPattern: event.time) &* 0xc2b2_ae3d_27d4_eb4f
        return (ids ^ place ^ when ^ UInt64(event.kind.rawValue)) &* 0xff51_afd7_ed55_8ccd
    }
}

/// One event, as a row of an ``EventTable``.
struct Event {
    var user: Int32
    var item: Int32
    var kind: EventKind
    var value: Float
    var time: Int64
    var basket: Int32
}

extension EventTable {
    /// Adds an event to a stored one where they differ in nothing but value, ratings not even in
    /// that; false where they do.
    ///
    /// Sums that a Float cannot hold exactly are not made: the event is then stored on its own.
    @inline(__always)
    mutating func absorb(_ event: Event, at place: Int) -> Bool {
        guard items[place] == event.item, users[place] == event.user,
            baskets[place] == event.basket, times[place] == event.time,
            kinds[place] == event.kind
        else { return false }
        let value = values[place]
        if event.kind == .rating { return value == event.value }
        let sum = value + event.value
        // Small whole numbers add up exactly, and stay exact in any order.
        guard value == value.rounded(), event.value == event.value.rounded(), abs(sum) < 8_388_608,
            value.sign == event.value.sign
        else { return false }
        add(event.value, at: place)
        return true
    }
}
