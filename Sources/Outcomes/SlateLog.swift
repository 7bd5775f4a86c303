internal import Glibc
internal import Interactions
internal import Synchronization

/// What one lane has shown lately: a ring of slates that the lane's thread writes, without a lock and
/// without allocation, and that others read while it does.
///
/// A slate takes a word for its number, one for its ``SlateHead`` and one for each item. A reader may
/// find that what it read was overwritten meanwhile, and then has read nothing: before the writer
/// touches words it says so (`reserved`), and after a reader has read some it looks whether they had
/// been touched by then (a sequence lock; Boehm 2012, "Can seqlocks get along with programming language
/// memory models?").
///
/// Invariant: a slate that starts at `s` is whole while `reserved - s <= capacity`; the slates numbered
/// below `count` are complete.
package final class SlateLog: @unchecked Sendable {
    // Safe to share: what threads share is atomic, and the rest is the writer's alone.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let capacity: UInt64
    /// By the slate's number, modulo how many there are: where it starts.
    private let starts: UnsafeMutablePointer<Atomic<UInt64>>
    private let startCount: UInt64
    private let reserved = Atomic<UInt64>(0)
    private let published = Atomic<UInt64>(0)
    private let lane: Int
    private let cipher: SlateCipher
    private let hash: IdentifierHash

    // The writer's.
    private var position: UInt64 = 0
    /// `position` within the ring.
    private var place = 0
    private var number: UInt64 = 0
    private var itemsLeft = 0

    /// - Parameter bytesMax: memory, which the system gives as it is first written; at least 32 KiB
    ///   are taken.
    init(lane: Int, bytesMax: Int, cipher: SlateCipher, hash: IdentifierHash) {
        (self.lane, self.cipher, self.hash) = (lane, cipher, hash)
        // A start for every four words: where slates are shorter than that, fewer words are kept.
        startCount = UInt64(max(1 << 15, bytesMax) / 40)
        capacity = 4 * startCount
        words = Self.zeros(Int(capacity))
        starts = Self.zeros(Int(startCount))
    }

    deinit {
        free(words)
        free(starts)
    }

    /// Memory whose bytes are all 0, as those of an `Atomic` of 0 are.
    private static func zeros(_ count: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        guard let memory = calloc(count, MemoryLayout<Atomic<UInt64>>.stride) else {
            preconditionFailure("no memory for \(count) words")
        }
        return memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
    }

    // MARK: The writer

    /// Begins a slate, whose items follow.
    ///
    /// - Parameters:
    ///   - items: 1 to 1,000.
    ///   - tier: as on the wire.
    ///   - ruleSet: its number, below ``Outcomes/ruleSetsMax``; 0 for none.
    ///   - seconds: the time now, since 1970.
    package func begin(items: Int, tier: Int, ruleSet: Int, seconds: Int) {
        precondition(itemsLeft == 0 && items > 0, "a slate of \(items) items, \(itemsLeft) missing")
        reserved.store(position + UInt64(items) + 2, ordering: .relaxed)
        atomicMemoryFence(ordering: .releasing)
        starts[Int(number % startCount)].store(position, ordering: .relaxed)
        append(number)
        append(SlateHead(items: items, tier: tier, ruleSet: ruleSet, seconds: seconds).word)
        itemsLeft = items
    }

    /// Adds the next item, best first.
    package func add(_ id: UnsafeRawBufferPointer, _ reason: ShownReason, isExplored: Bool) {
        precondition(itemsLeft > 0, "an item too many")
        itemsLeft -= 1
        append(ShownItem(hash: hashed(id), reason: reason, isExplored: isExplored).word)
    }

    /// Ends the slate, from when on it can be found.
    ///
    /// - Returns: its id; never 0.
    package func end() -> UInt64 {
        precondition(itemsLeft == 0, "\(itemsLeft) items are missing")
        let id = cipher.encrypt(lane: lane, number: number)
        number += 1
        published.store(number, ordering: .releasing)
        // One of 2^64 is 0: that slate goes without an id.
        return id
    }

    private func append(_ word: UInt64) {
        words[place].store(word, ordering: .relaxed)
        position += 1
        place += 1
        if place == Int(capacity) { place = 0 }
    }

    // MARK: Readers

    /// Slates written so far.
    var count: UInt64 { published.load(ordering: .acquiring) }

    /// The least number of a slate that may still be there.
    var oldest: UInt64 { count > startCount ? count - startCount : 0 }

    /// Reads a slate into `items`.
    ///
    /// - Returns: its head, or nil where it is not there any more, or not yet.
    func read(_ number: UInt64, into items: inout [ShownItem]) -> SlateHead? {
        guard number < count else { return nil }
        items.removeAll(keepingCapacity: true)
        let start = starts[Int(number % startCount)].load(ordering: .relaxed)
        func word(_ offset: Int) -> UInt64 {
            words[Int((start &+ UInt64(offset)) % capacity)].load(ordering: .relaxed)
        }
        let isNumber = word(0) == number
        let head = SlateHead(word: word(1))
        guard isNumber, UInt64(head.items) + 2 <= capacity else { return nil }
        for i in 0..<head.items { items.append(ShownItem(word: word(2 + i))) }
        atomicMemoryFence(ordering: .acquiring)
        return reserved.load(ordering: .relaxed) &- start <= capacity ? head : nil
    }

    /// Marks an item of a slate that was just read.
    ///
    /// - Parameter mark: ``ShownItem/clicked`` or ``ShownItem/bought``.
    /// - Returns: false where it was marked before, or is not there any more.
    func mark(_ number: UInt64, _ place: Int, _ item: ShownItem, with mark: UInt64) -> Bool {
        let start = starts[Int(number % startCount)].load(ordering: .relaxed)
        guard item.word & mark == 0 else { return false }
        // Where the writer has come by meanwhile the word is another one, and stays.
        return words[Int((start &+ UInt64(2 + place)) % capacity)].compareExchange(
            expected: item.word, desired: item.word | mark, ordering: .relaxed
        ).exchanged
    }

    func hashed(_ id: UnsafeRawBufferPointer) -> UInt64 {
        guard let base = id.baseAddress, id.count > 0 else { return 0 }
        return hash(base, count: id.count) >> 6
    }
}
