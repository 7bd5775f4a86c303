/// Counts events that are equal to a recent one, instead of storing each.
///
/// Exports repeat lines, and a few kilobytes of packed text may repeat one a billion times. An event
/// equal to one of some thousand before it adds its value to that one's: two purchases of one piece
/// are a purchase of two. A rating said twice is one rating.
struct RecentEvents {
    private struct Slot {
        /// Where in the table an event with the key of this slot was stored; -1 for none.
        var place: Int32 = -1
        /// Its value when it was first stored.
        var value: Float = 0
    }

    private var slots = Array(repeating: Slot(), count: 4096)
    /// Events that were added to an equal one, by kind.
    private(set) var countedByKind = Array(repeating: 0, count: EventKind.allCases.count)
    /// Of these, the ones without a user and without a time.
    private(set) var countedWithoutUser = 0
    private(set) var countedWithoutTime = 0

    var counted: Int { countedByKind.reduce(0, +) }

    @inline(__always)
    mutating func add(_ event: Event, to events: inout EventTable) {
        let number = Int(truncatingIfNeeded: Self.hash(event) >> 52)
        let slot = slots[number]
        if slot.place >= 0, slot.value == event.value, events.absorb(event, at: Int(slot.place)) {
            return count(event)
        }
        // Beyond 2^31 events nothing is looked for any more.
        slots[number] = Slot(place: Int32(exactly: events.count) ?? -1, value: event.value)
        events.append(
            user: event.user, item: event.item, kind: event.kind, value: event.value,
            time: event.time, basket: event.basket)
    }

    private mutating func count(_ event: Event) {
        countedByKind[Int(event.kind.rawValue)] += 1
        if event.user == EventTable.none { countedWithoutUser += 1 }
        if event.time == EventTable.noTime { countedWithoutTime += 1 }
    }

    @inline(__always)
    private static func hash(_ event: Event) -> UInt64 {
        let ids =
            UInt64(UInt32(bitPattern: event.user)) << 32 | UInt64(UInt32(bitPattern: event.item))
        let basket = UInt64(UInt32(bitPattern: event.basket)) &* 0x9e37_79b9_7f4a_7c15
        let time = UInt64(bitPattern: event.time) &* 0xc2b2_ae3d_27d4_eb4f
        let what = UInt64(event.value.bitPattern) << 8 | UInt64(event.kind.rawValue)
        return (ids ^ basket ^ time ^ what) &* 0xff51_afd7_ed55_8ccd
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
    /// Adds an event's value to a stored one that is equal in all but value; false where they
    /// differ. Of ratings the stored one stays as it is.
    ///
    /// Only whole numbers are added, and only as long as a Float counts exactly: any other event is
    /// stored on its own.
    @inline(__always)
    mutating func absorb(_ event: Event, at place: Int) -> Bool {
        guard items[place] == event.item, users[place] == event.user,
            baskets[place] == event.basket, times[place] == event.time,
            kinds[place] == event.kind
        else { return false }
        if event.kind == .rating { return true }
        guard event.value == event.value.rounded(), abs(values[place] + event.value) <= 8_388_608
        else { return false }
        add(event.value, at: place)
        return true
    }
}
