internal import ModelParts

/// What the shopper of a request bought before, by ordinal: the features that ``Habits`` give.
///
/// Scratch of one engine, filled anew for each request; it costs what she bought, not the number of
/// items.
final class ShopperHabits {
    private let habits: Habits
    /// By item, the usual days from one purchase to the next; 0 where not known.
    private let usualIntervals: [Float]
    private let dues: [Float]
    private let itemCount: Int
    /// By ordinal, the place among the shopper's habits, + 1; 0 for what she never bought.
    private let slots: UnsafeMutablePointer<UInt16>
    /// The shopper's places in the columns of `habits`.
    private var own = 0..<0
    /// How many baskets she has.
    private(set) var basketCount: Float = 0

    /// More habits than this of a user are not looked at.
    static let habitsMax = 1_000

    /// - Parameter dues: ``Profiles/dues``, or nothing where no ranker asks for them.
    init(_ profiles: Profiles, dues: [Float], itemCount: Int) {
        self.dues = dues
        habits = profiles.habits
        usualIntervals = profiles.repeatIntervals
        self.itemCount = itemCount
        slots = .allocate(capacity: max(1, itemCount))
        slots.initialize(repeating: 0, count: max(1, itemCount))
    }

    deinit { slots.deallocate() }

    /// Takes over what is known of a user; nil for nobody.
    func read(user: Int?) {
        habits.items.withUnsafeBufferPointer { items in
            for place in own { slots[Int(items[place])] = 0 }
            guard let user, user < habits.users else {
                (own, basketCount) = (0..<0, 0)
                return
            }
            own = habits.range(of: user)
            own = own.prefix(Self.habitsMax)
            for (slot, place) in own.enumerated() { slots[Int(items[place])] = UInt16(slot + 1) }
            basketCount = habits.basketCounts[user]
        }
    }

    /// The shopper's items, those that she buys the most lately first.
    var items: ArraySlice<Int32> { habits.items[own] }

    /// Writes a feature of some items.
    func fill(
        _ feature: RankerFeature, _ ordinals: UnsafeBufferPointer<UInt32>,
        into values: UnsafeMutablePointer<Float>
    ) {
        let (column, factor, absent) = source(of: feature)
        column.withUnsafeBufferPointer { column in
            for (row, ordinal) in ordinals.enumerated() {
                values[row] = place(of: ordinal).map { factor * column[$0] } ?? absent
            }
        }
    }

    /// A feature of one item.
    func value(_ feature: RankerFeature, _ ordinal: UInt32) -> Float {
        let (column, factor, absent) = source(of: feature)
        return place(of: ordinal).map { factor * column[$0] } ?? absent
    }

    /// How the shopper bought an item; nil where she never did.
    func habit(_ ordinal: UInt32) -> Reason.Habit? {
        place(of: ordinal).map {
            Reason.Habit(
                times: habits.counts[$0], intervalDays: habits.intervals[$0],
                ageDays: habits.ages[$0])
        }
    }

    /// Whether the shopper bought an item about as long ago as she, or else most, would buy it again.
    ///
    /// Her own interval counts from the third time on. An item is due from ``dueFrom`` of the
    /// interval on, until ``dueUntil`` of them have passed: then she has given it up.
    func isDue(_ ordinal: UInt32) -> Bool {
        guard let place = place(of: ordinal) else { return false }
        let usual = usualIntervals[Int(ordinal)]
        let interval = habits.usualInterval(place, ofItem: usual)
        guard interval > 0 else { return false }
        return Self.dueFrom * interval...Self.dueUntil * interval ~= habits.ages[place]
    }

    static let dueFrom: Float = 0.8
    static let dueUntil: Float = 3

    /// Where an item is in the columns; nil where she never bought it.
    @inline(__always)
    private func place(of ordinal: UInt32) -> Int? {
        let slot = Int(ordinal) < itemCount ? Int(slots[Int(ordinal)]) : 0
        return slot == 0 ? nil : own.lowerBound + slot - 1
    }

    private func source(of feature: RankerFeature) -> ([Float], factor: Float, absent: Float) {
        switch feature {
        case .boughtShare: (habits.counts, basketCount > 0 ? 1 / basketCount : 0, 0)
        case .boughtLately: (habits.lately, 1, 0)
        case .boughtRecently: (habits.recently, 1, 0)
        case .boughtAge: (habits.ages, 1, RankerFeature.neverBought)
        case .boughtDue: (dues, 1, RankerFeature.neverBought)
        case .boughtInterval: (habits.intervals, 1, RankerFeature.neverBought)
        default: preconditionFailure("\(feature) is no habit")
        }
    }
}
