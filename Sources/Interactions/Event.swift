/// What a user did to an item.
package enum EventKind: UInt8, CaseIterable, Sendable {
    case view, click, cart, purchase, rating, `return`

    /// The name in files, on the wire and on the command line, such as `purchase`.
    package var name: String { String(describing: self) }

    /// The kind with this name, in lower case, or nil.
    package init?(name: some StringProtocol) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}

/// Observed acts as columns of equal length, in the order read.
///
/// Users, items and baskets are dense numbers given by the tables of a ``Dataset``.
/// Invariant: `users.count == items.count == ... == count`.
package struct EventTable: Sendable {
    /// A user or basket that is not known, or a time that is not known, in its column.
    package static let none: Int32 = -1
    package static let noTime = Int64.min

    /// Who, or `none`.
    package private(set) var users: [Int32] = []
    /// What; never `none`.
    package private(set) var items: [Int32] = []
    package private(set) var kinds: [EventKind] = []
    /// Quantity, rating or weight as the kind has it; finite.
    package private(set) var values: [Float] = []
    /// Seconds since 1970-01-01 UTC, or `noTime`.
    package private(set) var times: [Int64] = []
    /// The order or session, or `none`.
    package private(set) var baskets: [Int32] = []

    package init() {}

    package var count: Int { items.count }

    /// The latest of all times; nil where no event has one.
    package var newestTime: Int64? { times.max().flatMap { $0 == Self.noTime ? nil : $0 } }

    package mutating func append(
        user: Int32 = none, item: Int32, kind: EventKind = .purchase, value: Float = 1,
        time: Int64 = noTime, basket: Int32 = none
    ) {
        users.append(user)
        items.append(item)
        kinds.append(kind)
        values.append(value)
        times.append(time)
        baskets.append(basket)
    }

    /// Some of the events, in the order given, with new values for all.
    func keeping(_ places: [Int], values: [Float]) -> EventTable {
        var kept = EventTable()
        kept.users = places.map { users[$0] }
        kept.items = places.map { items[$0] }
        kept.kinds = places.map { kinds[$0] }
        kept.values = places.map { values[$0] }
        kept.times = places.map { times[$0] }
        kept.baskets = places.map { baskets[$0] }
        return kept
    }

    /// Adds to the value of an event.
    mutating func add(_ value: Float, at place: Int) { values[place] += value }

    /// Gives events without a user, or without a time, that of their basket.
    mutating func fill(users basketUsers: [Int32], times basketTimes: [Int64]) {
        for event in baskets.indices where baskets[event] != Self.none {
            let basket = Int(baskets[event])
            if users[event] == Self.none { users[event] = basketUsers[basket] }
            if times[event] == Self.noTime { times[event] = basketTimes[basket] }
        }
    }

    /// Of all columns, what they hold room for.
    var bytes: Int {
        4 * (users.capacity + items.capacity + values.capacity + baskets.capacity)
            + 8 * times.capacity + kinds.capacity
    }

    package mutating func reserveCapacity(_ count: Int) {
        users.reserveCapacity(count)
        items.reserveCapacity(count)
        kinds.reserveCapacity(count)
        values.reserveCapacity(count)
        times.reserveCapacity(count)
        baskets.reserveCapacity(count)
    }
}
