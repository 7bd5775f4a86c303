/// A few facts about some of the items, one bit each, by ordinal; all others have none.
///
/// Reused from request to request: clearing costs what was set, not the number of items.
///
/// Its variables are used by one thread and never by two accesses at once; that is not checked as the
/// program runs, which would take a tenth of a small call.
final class ItemFlags {
    /// Facts about an item: the lasting ones always, the others in one request.
    struct Fact: OptionSet {
        let rawValue: UInt8
        static let inBasket = Fact(rawValue: 1)
        static let boughtBefore = Fact(rawValue: 2)
        static let excluded = Fact(rawValue: 4)
        static let outOfStock = Fact(rawValue: 8)
        static let substitute = Fact(rawValue: 16)
        /// Among the only items that the request allows.
        static let named = Fact(rawValue: 32)
        /// Sold no more, or not yet.
        static let unavailable = Fact(rawValue: 64)
        static let lasting: Fact = [.outOfStock, .unavailable]
    }

    @exclusivity(unchecked) private var facts: UnsafeMutableBufferPointer<UInt8>
    @exclusivity(unchecked) private var flagged: [UInt32] = []
    /// Items that can be had only from some time on, in seconds since 1970, and the earliest of these.
    @exclusivity(unchecked) private var upcoming: [(start: Int64, ordinal: UInt32)] = []
    @exclusivity(unchecked) private var nextStart = Int64.max
    private let now: () -> Int64
    private let live: LiveFacts
    private let itemCount: Int
    /// Changes of stocks and availability that are in `facts`.
    @exclusivity(unchecked) private var changes = 0

    /// - Parameters:
    ///   - items: the items of the catalog; more ordinals are made room for.
    ///   - flaggedMax: how many items one request can flag, so that nothing grows later.
    ///   - now: seconds since 1970; asked only while some item is still to come.
    init(_ items: ItemTable, flaggedMax: Int, now: @escaping () -> Int64) {
        self.now = now
        (live, itemCount) = (items.live, items.count)
        changes = live.changeCount
        facts = .allocate(capacity: max(1, items.count))
        facts.initialize(repeating: 0)
        for item in 0..<items.count { readLasting(item, isFirst: true) }
        flagged.reserveCapacity(flaggedMax)
    }

    deinit { facts.deallocate() }

    func removeAll() {
        let facts = facts
        for ordinal in flagged { facts[Int(ordinal)] &= Fact.lasting.rawValue }
        flagged.removeAll(keepingCapacity: true)
        if changes != live.changeCount {
            changes = live.changes(since: changes, of: itemCount) { readLasting($0) }
        }
        guard !upcoming.isEmpty else { return }
        let now = now()
        if nextStart <= now { letIn(now) }
    }

    /// Notes whether an item is left and can be had.
    private func readLasting(_ item: Int, isFirst: Bool = false) {
        let start = live.start(item)
        var own = Fact(rawValue: facts[item]).subtracting(.lasting)
        if live.stock(item) == 0 { own.insert(.outOfStock) }
        if start != .min { own.insert(.unavailable) }
        facts[item] = own.rawValue
        if !isFirst, !upcoming.isEmpty { upcoming.removeAll { $0.ordinal == UInt32(item) } }
        guard start != .min, start != LiveFacts.never else { return }
        upcoming.append((start, UInt32(item)))
        nextStart = min(nextStart, start)
    }

    /// Takes note of the items that can be had by now.
    private func letIn(_ now: Int64) {
        let facts = facts
        for (start, ordinal) in upcoming where start <= now {
            facts[Int(ordinal)] &= ~Fact.unavailable.rawValue
        }
        upcoming.removeAll { $0.start <= now }
        nextStart = upcoming.reduce(.max) { min($0, $1.start) }
    }

    /// Whether the item has any of these facts.
    func has(_ some: Fact, _ ordinal: UInt32) -> Bool { view.has(some, ordinal) }

    /// All facts of an item.
    func facts(of ordinal: UInt32) -> Fact {
        Int(ordinal) < facts.count ? Fact(rawValue: facts[Int(ordinal)]) : []
    }

    /// The facts as they are now; valid until the next insertion.
    var view: View { View(facts: facts) }

    /// Facts where they lie, for loops over many items.
    struct View {
        fileprivate let facts: UnsafeMutableBufferPointer<UInt8>

        @inline(__always)
        func has(_ some: Fact, _ ordinal: UInt32) -> Bool {
            Int(ordinal) < facts.count && facts[Int(ordinal)] & some.rawValue != 0
        }
    }

    /// Notes a fact of many items, and appends to `new` those of which it was not known.
    func insert(_ fact: Fact, _ items: UnsafeBufferPointer<Int32>, new: inout [UInt32]) {
        if let last = items.max(), Int(last) >= facts.count { grow(toHold: Int(last)) }
        let facts = facts
        var flagged: [UInt32] = []
        swap(&flagged, &self.flagged)
        for item in items {
            let ordinal = UInt32(bitPattern: item)
            if Self.mark(fact, ordinal, facts, &flagged) { new.append(ordinal) }
        }
        swap(&flagged, &self.flagged)
    }

    /// Notes a fact; false where it was known.
    func insert(_ fact: Fact, _ ordinal: UInt32) -> Bool {
        if Int(ordinal) >= facts.count { grow(toHold: Int(ordinal)) }
        return Self.mark(fact, ordinal, facts, &flagged)
    }

    /// Sets a fact of an ordinal that there is room for, and notes that it is to be cleared again;
    /// false where it was known.
    @inline(__always)
    private static func mark(
        _ fact: Fact, _ ordinal: UInt32, _ facts: UnsafeMutableBufferPointer<UInt8>,
        _ flagged: inout [UInt32]
    ) -> Bool {
        let known = facts[Int(ordinal)]
        guard known & fact.rawValue == 0 else { return false }
        if known & ~Fact.lasting.rawValue == 0 { flagged.append(ordinal) }
        facts[Int(ordinal)] = known | fact.rawValue
        return true
    }

    private func grow(toHold ordinal: Int) {
        let larger = UnsafeMutableBufferPointer<UInt8>.allocate(
            capacity: max(ordinal + 1, facts.count * 2))
        larger.initialize(repeating: 0)
        larger.baseAddress!.update(from: facts.baseAddress!, count: facts.count)
        facts.deallocate()
        facts = larger
    }
}
