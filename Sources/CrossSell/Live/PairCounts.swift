internal import Glibc
internal import Synchronization

/// How many baskets hold two items together: counted by one thread, and of each item the partners that
/// are counted most read by any.
///
/// What is read of an item is a list of at most ``listed`` words, a partner above its count, in no order;
/// each word is stored whole. It holds the partners of the largest counts from ``countMin`` on, the lower
/// ordinals among equals, so from each ``publish()`` on it depends on the counts alone and not on how they
/// came about.
///
/// `@unchecked Sendable`: tables and what is noted of them are the writer's alone; lists are atomic words in memory
/// that lasts as long as the object.
final class PairCounts: @unchecked Sendable {
    static let listed = 64
    /// What happened once may be chance.
    static let countMin: UInt32 = 2
    /// Of one pair in one direction, about.
    static let bytesPerPair = 16

    /// By item; the writer's.
    private var tables: [PairTable]
    /// By item, no less than the best word of those that are not on its list though they might be; 0 for
    /// none. The writer's.
    private var passedOver: [UInt64]
    /// Items whose lists may lack something since a count on them fell.
    private var stale: Set<Int> = []
    /// Whether no list is kept up to date until ``publish()``.
    private var isDeferred = false
    private var pairCount = 0
    /// Of those, how many the last ``prune()`` left.
    private var keptCount = 0
    private let pairsMax: Int
    /// By item, where its list is: its length, and then the words.
    private let lists: UnsafeMutablePointer<Atomic<UInt>>
    private let itemCount: Int
    private let known = Atomic<Int>(0)
    /// Pairs that were given up for want of room.
    private let dropped = Atomic<Int>(0)

    init(items: Int, bytesMax: Int) {
        itemCount = items
        tables = Array(repeating: PairTable(), count: items)
        passedOver = Array(repeating: 0, count: items)
        pairsMax = max(1, bytesMax / Self.bytesPerPair)
        lists = .allocate(capacity: max(1, items))
        for item in 0..<items { (lists + item).initialize(to: Atomic(0)) }
    }

    deinit {
        for item in 0..<itemCount { list(of: item)?.deallocate() }
        lists.deallocate()
    }

    /// Pairs in one direction.
    var count: Int { known.load(ordering: .relaxed) }
    var droppedCount: Int { dropped.load(ordering: .relaxed) }

    // MARK: Reading, on any thread

    /// How many partners of an item can be read.
    @inline(__always)
    func partnerCount(of item: Int) -> Int {
        guard item < itemCount, let list = list(of: item) else { return 0 }
        return Int(list[0].load(ordering: .acquiring))
    }

    /// A partner of an item and their count, by its place in the list.
    @inline(__always)
    func partner(_ place: Int, of item: Int) -> (item: UInt32, count: UInt32) {
        let word = list(of: item)![place + 1].load(ordering: .relaxed)
        return (UInt32(word >> 32), UInt32(truncatingIfNeeded: word))
    }

    @inline(__always)
    private func list(of item: Int) -> UnsafeMutablePointer<Atomic<UInt64>>? {
        UnsafeMutablePointer(bitPattern: lists[item].load(ordering: .acquiring))
    }

    // MARK: Counting, on one thread

    /// Counts a pair once more, in both directions.
    func add(_ a: UInt32, _ b: UInt32) {
        // Where little of it can be given up, what is new has no room.
        if pairCount + 2 > pairsMax, pairCount - keptCount > pairsMax / 4 { prune() }
        add(to: Int(a), b)
        add(to: Int(b), a)
    }

    /// Takes one count of a pair back.
    func remove(_ a: UInt32, _ b: UInt32) {
        remove(from: Int(a), b)
        remove(from: Int(b), a)
    }

    private func add(to item: Int, _ other: UInt32) {
        // What was counted before may go on where there is no room for more.
        if let count = tables[item].increment(other) {
            if count >= Self.countMin, !isDeferred { raise(item, other, count) }
        } else if pairCount < pairsMax {
            tables[item].set(other, 1)
            note(1)
        } else {
            dropped.store(dropped.load(ordering: .relaxed) + 1, ordering: .relaxed)
        }
    }

    /// Leaves all lists to ``publish()``, before many pairs are counted that nobody reads until then.
    func deferLists() { isDeferred = true }

    /// Brings the lists up to date from which something fell, or all where they were deferred.
    ///
    /// - Complexity: O(p log p) for each of their items with p partners.
    func publish() {
        if isDeferred {
            for item in tables.indices where tables[item].used > 0 { refill(item) }
            isDeferred = false
        } else {
            for item in stale { refill(item) }
        }
        stale.removeAll(keepingCapacity: true)
    }

    private func remove(from item: Int, _ other: UInt32) {
        guard let count = tables[item].remove(other) else { return }
        if count == 0 { note(-1) }
        guard count + 1 >= Self.countMin, let list = list(of: item) else { return }
        if isDeferred { return }
        let used = Int(list[0].load(ordering: .relaxed))
        for place in 1..<used + 1 where Self.partner(list, place) == other {
            let word = Self.word(other, count)
            if Self.isBetter(passedOver[item], than: word) { stale.insert(item) }
            if count >= Self.countMin {
                list[place].store(word, ordering: .relaxed)
            } else {
                list[place].store(list[used].load(ordering: .relaxed), ordering: .relaxed)
                list[0].store(UInt64(used - 1), ordering: .releasing)
            }
            return
        }
    }

    /// Brings a count that grew into the list.
    private func raise(_ item: Int, _ other: UInt32, _ count: UInt32) {
        let list = self.list(of: item) ?? makeList(item)
        let used = Int(list[0].load(ordering: .relaxed))
        var least = (place: 0, word: UInt64.max)
        for place in 1..<used + 1 {
            let word = list[place].load(ordering: .relaxed)
            if UInt32(word >> 32) == other {
                return list[place].store(Self.word(other, count), ordering: .relaxed)
            }
            if least.place == 0 || Self.isBetter(least.word, than: word) { least = (place, word) }
        }
        let word = Self.word(other, count)
        if used < Self.listed {
            list[used + 1].store(word, ordering: .relaxed)
            list[0].store(UInt64(used + 1), ordering: .releasing)
        } else if Self.isBetter(word, than: least.word) {
            list[least.place].store(word, ordering: .relaxed)
            passOver(least.word, item)
        } else {
            passOver(word, item)
        }
    }

    private func passOver(_ word: UInt64, _ item: Int) {
        if Self.isBetter(word, than: passedOver[item]) { passedOver[item] = word }
    }

    /// Writes an item's list anew.
    private func refill(_ item: Int) {
        var words: [UInt64] = []
        tables[item].forEach { other, count in
            if count >= Self.countMin { words.append(Self.word(other, count)) }
        }
        guard let list = list(of: item) ?? (words.isEmpty ? nil : makeList(item)) else { return }
        words.sort { Self.isBetter($0, than: $1) }
        for (place, word) in words.prefix(Self.listed).enumerated() {
            list[place + 1].store(word, ordering: .relaxed)
        }
        list[0].store(UInt64(min(words.count, Self.listed)), ordering: .releasing)
        passedOver[item] = words.count > Self.listed ? words[Self.listed] : 0
    }

    /// Gives up the pairs that are on no list.
    private func prune() {
        let wasDeferred = isDeferred
        publish()
        defer { isDeferred = wasDeferred }
        var gone = 0
        for item in tables.indices where tables[item].used > 0 {
            var kept = PairTable()
            if let list = list(of: item) {
                for place in 1..<Int(list[0].load(ordering: .relaxed)) + 1 {
                    let word = list[place].load(ordering: .relaxed)
                    kept.set(UInt32(word >> 32), UInt32(truncatingIfNeeded: word))
                }
            }
            gone += tables[item].used - kept.used
            tables[item] = kept
            passedOver[item] = 0
        }
        note(-gone)
        keptCount = pairCount
        dropped.store(dropped.load(ordering: .relaxed) + gone, ordering: .relaxed)
    }

    private func note(_ change: Int) {
        pairCount += change
        known.store(pairCount, ordering: .relaxed)
    }

    private func makeList(_ item: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        let list = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: Self.listed + 1)
        for place in 0...Self.listed { (list + place).initialize(to: Atomic(0)) }
        lists[item].store(UInt(bitPattern: list), ordering: .releasing)
        return list
    }

    private static func word(_ other: UInt32, _ count: UInt32) -> UInt64 {
        UInt64(other) << 32 | UInt64(count)
    }

    private static func partner(_ list: UnsafeMutablePointer<Atomic<UInt64>>, _ place: Int)
        -> UInt32
    {
        UInt32(list[place].load(ordering: .relaxed) >> 32)
    }

    /// Whether a count is larger, or as large and of a lower ordinal; 0 is none.
    private static func isBetter(_ a: UInt64, than b: UInt64) -> Bool {
        let (mine, other) = (UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: b))
        return mine != other ? mine > other : a >> 32 < b >> 32
    }
}

/// One item's partners and their counts: open addressing, a slot is 0 or the partner + 1 above the count.
private struct PairTable {
    private var slots: [UInt64] = []
    /// Slots that are not 0, and those of them with a count.
    private var taken = 0
    private(set) var used = 0

    /// - Returns: the count with this one; nil where there was none, and is none.
    mutating func increment(_ other: UInt32) -> UInt32? {
        guard let slot = find(other), slots[slot] & 0xffff_ffff > 0 else { return nil }
        slots[slot] += 1
        return UInt32(truncatingIfNeeded: slots[slot])
    }

    /// - Returns: the count without this one; nil where there was none.
    mutating func remove(_ other: UInt32) -> UInt32? {
        guard let slot = find(other), slots[slot] & 0xffff_ffff > 0 else { return nil }
        slots[slot] -= 1
        let left = UInt32(truncatingIfNeeded: slots[slot])
        if left == 0 { used -= 1 }
        return left
    }

    mutating func set(_ other: UInt32, _ count: UInt32) {
        if let slot = find(other) {
            if slots[slot] & 0xffff_ffff == 0 { used += 1 }
            slots[slot] = UInt64(other + 1) << 32 | UInt64(count)
            return
        }
        if (taken + 1) * 4 > slots.count * 3 { grow() }
        place(UInt64(other + 1) << 32 | UInt64(count))
        (taken, used) = (taken + 1, used + 1)
    }

    func forEach(_ body: (UInt32, UInt32) -> Void) {
        for slot in slots where slot & 0xffff_ffff > 0 {
            body(UInt32(slot >> 32) - 1, UInt32(truncatingIfNeeded: slot))
        }
    }

    private func find(_ other: UInt32) -> Int? {
        guard !slots.isEmpty else { return nil }
        var slot = start(other)
        while slots[slot] != 0 {
            if UInt32(slots[slot] >> 32) == other + 1 { return slot }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func start(_ other: UInt32) -> Int {
        // Fibonacci hashing (Knuth, volume 3, section 6.4).
        Int(truncatingIfNeeded: (UInt64(other) &* 0x9e37_79b9_7f4a_7c15) >> 32) & (slots.count - 1)
    }

    private mutating func place(_ entry: UInt64) {
        var slot = start(UInt32(entry >> 32) - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = entry
    }

    private mutating func grow() {
        let old = slots.filter { $0 & 0xffff_ffff > 0 }
        slots = Array(repeating: 0, count: max(4, (old.count + 1) * 2).nextPowerOfTwo)
        (taken, used) = (old.count, old.count)
        for entry in old { place(entry) }
    }
}

extension Int {
    /// The least power of two that is not less.
    fileprivate var nextPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
