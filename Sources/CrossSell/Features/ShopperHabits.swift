internal import ModelParts

/// What the shopper of a request bought before, by ordinal: the features that ``Habits`` give, with what
/// she took since the generation was trained.
///
/// What was recorded joins what training knew as if it had been there then, but that a basket stands in the
/// order of its first item. Ages are told from the newest event of all.
///
/// Scratch of one engine, filled anew for each request; it costs what she bought, not the number of
/// items.
final class ShopperHabits {
    private let habits: Habits
    /// By item, the usual days from one purchase to the next; 0 where not known.
    private let usualIntervals: [Float]
    private let live: LiveShopper?
    private let itemCount: Int
    /// By ordinal, the place among the shopper's habits, + 1; 0 for what she never bought.
    private let slots: UnsafeMutablePointer<UInt16>
    /// Her items by place, and what is known of each; the columns are those of ``Habits``.
    private let own: UnsafeMutablePointer<Int32>
    private enum Column: Int, CaseIterable {
        case counts, lately, recently, ages, intervals, dues
        /// Days since she first bought it.
        case firstAges
    }
    private let columns: UnsafeMutablePointer<Float>
    /// By place, the last live basket that counted; -1 where none did.
    private let lastBaskets: UnsafeMutablePointer<Int32>
    private let ordered: UnsafeMutablePointer<Int32>
    private var count = 0
    /// How many baskets she has.
    private(set) var basketCount: Float = 0

    /// More habits than this that training knew of a user are not looked at.
    static let habitsMax = 1_000
    private static let capacity = habitsMax + LiveShopper.eventsMax

    init(_ profiles: Profiles, _ live: LiveShopper?, itemCount: Int) {
        habits = profiles.habits
        usualIntervals = profiles.repeatIntervals
        self.live = live
        self.itemCount = itemCount
        slots = .allocate(capacity: max(1, itemCount))
        slots.initialize(repeating: 0, count: max(1, itemCount))
        own = .allocate(capacity: Self.capacity)
        columns = .allocate(capacity: Self.capacity * Column.allCases.count)
        lastBaskets = .allocate(capacity: Self.capacity)
        ordered = .allocate(capacity: Self.capacity)
    }

    deinit {
        slots.deallocate()
        own.deallocate()
        columns.deallocate()
        lastBaskets.deallocate()
        ordered.deallocate()
    }

    @inline(__always)
    private subscript(column: Column) -> UnsafeMutablePointer<Float> {
        columns + column.rawValue * Self.capacity
    }

    // MARK: Reading a shopper

    /// Takes over what is known of a user, and of the events that were read of her last.
    ///
    /// - Parameter user: her row; nil for nobody that training knew.
    func read(user: Int?) {
        for place in 0..<count { slots[Int(own[place])] = 0 }
        (count, basketCount) = (0, 0)
        if let user, user < habits.users { readTrained(user) }
        for place in 0..<count { ordered[place] = own[place] }
        if let live {
            age(by: Float(live.counts.days))
            if !live.isEmpty { add(live) }
        }
        let (ages, dues) = (self[.ages], self[.dues])
        for place in 0..<count {
            let interval = usualInterval(place)
            dues[place] =
                interval > 0
                ? min(ages[place] / interval, RankerFeature.neverBought)
                : RankerFeature.neverBought
        }
    }

    private func readTrained(_ user: Int) {
        let range = habits.range(of: user).prefix(Self.habitsMax)
        count = range.count
        basketCount = habits.basketCounts[user]
        func copy(_ from: [Float], _ column: Column) {
            from.withUnsafeBufferPointer {
                self[column].update(from: $0.baseAddress! + range.lowerBound, count: range.count)
            }
        }
        guard count > 0 else { return }
        habits.items.withUnsafeBufferPointer {
            own.update(from: $0.baseAddress! + range.lowerBound, count: range.count)
        }
        copy(habits.counts, .counts)
        copy(habits.lately, .lately)
        copy(habits.recently, .recently)
        copy(habits.ages, .ages)
        copy(habits.intervals, .intervals)
        for place in 0..<count { slots[Int(own[place])] = UInt16(place + 1) }
    }

    /// Tells what training knew from some days later.
    private func age(by days: Float) {
        guard days > 0 else { return }
        let (ages, recently) = (self[.ages], self[.recently])
        let faded = power(0.5, days / Float(Habits.daysHalved))
        for place in 0..<count {
            ages[place] += days
            recently[place] *= faded
        }
    }

    /// Adds what she took since training.
    private func add(_ live: LiveShopper) {
        var first = Int32.max
        for place in 0..<live.count where live[place].isNew {
            first = min(first, live[place].basket)
        }
        guard first != .max else { return }
        let (counts, lately, recently) = (self[.counts], self[.lately], self[.recently])
        let (ages, intervals, firstAges) = (self[.ages], self[.intervals], self[.firstAges])
        let baskets = Float(live.basketCount - Int(first))
        basketCount += baskets
        let passed = power(0.5, baskets / Float(Habits.basketsHalved))
        let known = count
        for place in 0..<known {
            lately[place] *= passed
            lastBaskets[place] = -1
            firstAges[place] = ages[place] + intervals[place] * max(0, counts[place] - 1)
        }
        for at in 0..<live.count where live[at].isNew {
            let taking = live[at]
            guard Int(taking.ordinal) < itemCount, taking.isLiked else { continue }
            let days =
                Float(live.counts.now - live.time(ofBasket: Int(taking.basket))) / 86_400
            let place = self.place(of: taking.ordinal) ?? append(taking.ordinal, age: days)
            guard lastBaskets[place] != taking.basket else { continue }
            lastBaskets[place] = taking.basket
            counts[place] += 1
            let back = baskets - 1 - Float(taking.basket - first)
            lately[place] += power(0.5, back / Float(Habits.basketsHalved))
            recently[place] += power(0.5, days / Float(Habits.daysHalved))
            ages[place] = min(ages[place], days)
            intervals[place] = (firstAges[place] - ages[place]) / max(1, counts[place] - 1)
        }
        order(known)
    }

    private func append(_ ordinal: UInt32, age: Float) -> Int {
        let place = count
        count += 1
        own[place] = Int32(bitPattern: ordinal)
        slots[Int(ordinal)] = UInt16(place + 1)
        lastBaskets[place] = -1
        for column in [Column.counts, .lately, .recently, .intervals] { self[column][place] = 0 }
        (self[.ages][place], self[.firstAges][place]) = (age, age)
        return place
    }

    /// Puts the items in order by how much she bought them lately: those that training knew and that she
    /// did not take since are so already.
    private func order(_ known: Int) {
        let recently = self[.recently]
        // From the end of the room: those that she took since, sorted.
        var start = Self.capacity
        for place in (0..<count).reversed() where place >= known || lastBaskets[place] >= 0 {
            start -= 1
            var at = start
            while at + 1 < Self.capacity, recently[Int(ordered[at + 1])] > recently[place] {
                ordered[at] = ordered[at + 1]
                at += 1
            }
            ordered[at] = Int32(place)
        }
        var (at, old) = (0, 0)
        while at < count {
            while old < known, lastBaskets[old] >= 0 { old += 1 }
            let takesNew =
                start < Self.capacity
                && (old >= known || recently[Int(ordered[start])] >= recently[old])
            let place = takesNew ? Int(ordered[start]) : old
            if takesNew { start += 1 } else { old += 1 }
            ordered[at] = own[place]
            at += 1
        }
    }

    // MARK: What is known

    /// The shopper's items, those that she buys the most lately first.
    var items: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: ordered, count: count) }

    /// Writes a feature of some items.
    func fill(
        _ feature: RankerFeature, _ ordinals: UnsafeBufferPointer<UInt32>,
        into values: UnsafeMutablePointer<Float>
    ) {
        let (column, factor, absent) = source(of: feature)
        for (row, ordinal) in ordinals.enumerated() {
            values[row] = place(of: ordinal).map { factor * column[$0] } ?? absent
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
                times: self[.counts][$0], intervalDays: self[.intervals][$0],
                ageDays: self[.ages][$0])
        }
    }

    /// Whether the shopper bought an item about as long ago as she, or else most, would buy it again.
    ///
    /// Her own interval counts from the third time on. An item is due from ``dueFrom`` of the
    /// interval on, until ``dueUntil`` of them have passed: then she has given it up.
    func isDue(_ ordinal: UInt32) -> Bool {
        guard let place = place(of: ordinal) else { return false }
        let interval = usualInterval(place)
        guard interval > 0 else { return false }
        return Self.dueFrom * interval...Self.dueUntil * interval ~= self[.ages][place]
    }

    static let dueFrom: Float = 0.8
    static let dueUntil: Float = 3

    private func usualInterval(_ place: Int) -> Float {
        // What was added while serving was never bought again in training.
        let item = Int(own[place])
        return Habits.usualInterval(
            times: self[.counts][place], own: self[.intervals][place],
            ofItem: item < usualIntervals.count ? usualIntervals[item] : 0)
    }

    /// Where an item is in the columns; nil where she never bought it.
    @inline(__always)
    private func place(of ordinal: UInt32) -> Int? {
        let slot = Int(ordinal) < itemCount ? Int(slots[Int(ordinal)]) : 0
        return slot == 0 ? nil : slot - 1
    }

    private func source(
        of feature: RankerFeature
    ) -> (UnsafeMutablePointer<Float>, factor: Float, absent: Float) {
        switch feature {
        case .boughtShare: (self[.counts], basketCount > 0 ? 1 / basketCount : 0, 0)
        case .boughtLately: (self[.lately], 1, 0)
        case .boughtRecently: (self[.recently], 1, 0)
        case .boughtAge: (self[.ages], 1, RankerFeature.neverBought)
        case .boughtDue: (self[.dues], 1, RankerFeature.neverBought)
        case .boughtInterval: (self[.intervals], 1, RankerFeature.neverBought)
        default: preconditionFailure("\(feature) is no habit")
        }
    }
}
