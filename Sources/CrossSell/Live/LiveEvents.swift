internal import Glibc
package import Interactions
internal import Synchronization

/// The newest events that were recorded, in a ring of fixed size: one thread writes, and engines on any
/// thread read a user's own, newest first, without waiting.
///
/// An event has a position, from 1 on, and leads to its user's event before it. Users are found by a
/// table of buckets: a bucket leads to the newest event of one of its users, and that to the newest
/// one of the next. Where the ring is full the oldest event goes, so that it is the shops' and users'
/// oldest events that are lost first. Nothing is ever moved or freed: a reader that meets an event which
/// went meanwhile sees that by its position, and begins anew or ends there.
///
/// Users are known by a 64-bit hash with a secret key: of ten million users two share one
/// with a probability of 3 in a million.
///
/// Invariant: `1 <= oldest <= next`, `next - oldest <= capacity`; every link leads to a smaller position
/// or, within a bucket, to another user's newest event.
///
/// `@unchecked Sendable`: the memory lasts as long as the object, and all of it is atomic.
package final class LiveEvents: @unchecked Sendable {
    /// One of them.
    package struct Event: Equatable, Sendable {
        package var position: UInt64 = 0
        /// 0 for none.
        package var user: UInt64 = 0
        /// A number that is the same in all generations; ``erased`` once the event was taken back.
        package var item: UInt32 = 0
        package var kind = EventKind.purchase
        package var value: Float = 1
        /// Seconds since 1970 UTC.
        package var time: Int64 = 0
        /// The order or session; never 0.
        package var basket: UInt64 = 0
        /// Whether the event named no basket.
        package var isLoose = false

        package init() {}

        package var isErased: Bool { item == LiveEvents.erased }
    }

    package static let erased = UInt32.max

    /// What an event takes: a record, and its part of the buckets.
    package static let bytesPerEvent = wordsPerEvent * 8 + 8
    private static let wordsPerEvent = 8
    /// The words of a record.
    private enum Word {
        static let user = 0, item = 1, time = 2, value = 3, basket = 4, own = 5, other = 6,
            basketLink = 7
    }

    /// A power of two.
    package let capacity: Int
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let buckets: UnsafeMutablePointer<Atomic<UInt64>>
    private let first = Atomic<UInt64>(1)
    private let end = Atomic<UInt64>(1)
    /// Of the hashes of users and baskets; secret.
    package let seed: UInt64
    private let hash: IdentifierHash
    /// Users with events in memory; the writer's.
    package private(set) var userCount = 0

    /// The system does not give as many bytes, even of memory that is not touched yet.
    package struct MemoryRefused: Error, Sendable {
        package let bytes: Int
    }

    /// - Parameters:
    ///   - bytesMax: what it may take once it is full; at least ``bytesPerEvent``. Memory that no event was
    ///     ever in is not touched.
    ///   - seed: see ``seed``.
    package init(bytesMax: Int, seed: UInt64) throws(MemoryRefused) {
        (self.seed, hash) = (seed, IdentifierHash(seed: seed))
        let most = max(1, min(bytesMax / Self.bytesPerEvent, 1 << 31))
        capacity = 1 << (Int.bitWidth - 1 - most.leadingZeroBitCount)
        // Zeroed pages that the kernel gives when they are touched: a zero is an atomic's zero.
        let (records, links) = (calloc(capacity, Self.wordsPerEvent * 8), calloc(capacity, 8))
        guard let records, let links else {
            free(records)
            free(links)
            throw MemoryRefused(bytes: capacity * Self.bytesPerEvent)
        }
        words = records.assumingMemoryBound(to: Atomic<UInt64>.self)
        buckets = links.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    deinit {
        free(words)
        free(buckets)
    }

    /// Of the oldest event in memory, and of the next one to come.
    package var oldest: UInt64 { first.load(ordering: .acquiring) }
    package var next: UInt64 { end.load(ordering: .acquiring) }
    package var count: Int { Int(next) - Int(oldest) }
    package var isFull: Bool { count == capacity }
    /// Bytes that were ever touched, about.
    package var bytes: Int { min(capacity, Int(next) - 1) * Self.bytesPerEvent }

    /// A user's hash; never 0.
    package func hash(ofUser id: UnsafeRawBufferPointer) -> UInt64 {
        max(1, hash(id.baseAddress!, count: id.count))
    }

    // MARK: Reading, on any thread

    /// A user's newest events, newest first, without those that were erased.
    ///
    /// - Returns: how many there are, at most `max`.
    /// - Complexity: O(1) where there is none; else O(max + erased ones among them).
    @inline(__always)
    func read(user: UInt64, max: Int, into events: UnsafeMutablePointer<Event>) -> Int {
        if buckets[bucket(of: user)].load(ordering: .acquiring) == 0 { return 0 }
        return readChain(user: user, max: max, into: events)
    }

    /// The same as an array.
    package func newest(ofUser user: UInt64, max: Int) -> [Event] {
        Array(unsafeUninitializedCapacity: max) { events, count in
            count = read(user: user, max: max, into: events.baseAddress!)
        }
    }

    private func readChain(
        user: UInt64, max: Int, into events: UnsafeMutablePointer<Event>
    ) -> Int {
        var count = 0
        var position = newest(ofUser: user)
        while position != 0, count < max {
            let event = load(position)
            let before = links(position).own
            guard isStill(position, of: user) else { break }
            if !event.isErased {
                events[count] = event
                count += 1
            }
            position = before
        }
        return count
    }

    /// The position of a user's newest event, or 0.
    func newest(ofUser user: UInt64) -> UInt64 {
        // Again where the chain led to an event that was overwritten or forgotten.
        for _ in 0..<Self.triesMax {
            var position = buckets[bucket(of: user)].load(ordering: .acquiring)
            var isWhole = true
            while position != 0 {
                let owner = word(position, Word.user).pointee.load(ordering: .relaxed)
                let following = links(position).other
                guard owner != 0, isStill(position, of: owner) else {
                    isWhole = false
                    break
                }
                if owner == user { return position }
                position = following
            }
            if isWhole { return 0 }
        }
        return 0
    }

    /// Whether what was read of an event before this call is that event's, and this user's: it neither went
    /// meanwhile, when its place may hold another, nor was its user forgotten.
    @inline(__always)
    private func isStill(_ position: UInt64, of user: UInt64) -> Bool {
        atomicMemoryFence(ordering: .acquiring)
        return position >= first.load(ordering: .relaxed)
            && word(position, Word.user).pointee.load(ordering: .relaxed) == user
    }

    private static let triesMax = 16

    // MARK: Writing, on one thread

    /// Adds an event. Its position is given here.
    ///
    /// - Parameter basketPrevious: the position of the event before it in its basket, or 0.
    /// - Precondition: it is not full.
    /// - Complexity: O(users of a bucket), one on average where all are in memory.
    package func append(_ event: Event, basketPrevious: UInt64) -> UInt64 {
        precondition(!isFull, "\(capacity) events are in memory")
        let position = end.load(ordering: .relaxed)
        let (before, own): (UInt64, UInt64) = event.user == 0 ? (0, 0) : node(ofUser: event.user)
        let following =
            own != 0
            ? links(own).other
            : event.user == 0 ? 0 : buckets[bucket(of: event.user)].load(ordering: .relaxed)
        func store(_ place: Int, _ value: UInt64) {
            word(position, place).pointee.store(value, ordering: .relaxed)
        }
        store(Word.user, event.user)
        store(Word.item, UInt64(event.item))
        store(Word.time, UInt64(bitPattern: event.time))
        store(
            Word.value,
            UInt64(event.value.bitPattern) << 32 | (event.isLoose ? 256 : 0)
                | UInt64(event.kind.rawValue))
        store(Word.basket, event.basket)
        store(Word.own, own)
        store(Word.other, following)
        store(Word.basketLink, basketPrevious)
        end.store(position + 1, ordering: .releasing)
        if event.user != 0 {
            if own == 0 { userCount += 1 }
            lead(to: position, from: own == 0 ? 0 : before, event.user)
        }
        return position
    }

    /// Lets the oldest event go.
    ///
    /// - Precondition: there is one.
    package func removeOldest() {
        let position = first.load(ordering: .relaxed)
        precondition(position < end.load(ordering: .relaxed), "no event is in memory")
        let user = word(position, Word.user).pointee.load(ordering: .relaxed)
        if user != 0 {
            let (before, own) = node(ofUser: user)
            if own == position {
                userCount -= 1
                lead(to: links(own).other, from: before, user)
            }
        }
        first.store(position + 1, ordering: .releasing)
        // It is overwritten only after readers can see that it went.
        atomicMemoryFence(ordering: .releasing)
    }

    /// Has no user own or find an event any more, nor anybody count it.
    package func erase(_ position: UInt64) {
        word(position, Word.item).pointee.store(UInt64(Self.erased), ordering: .releasing)
    }

    /// Takes a user's name off her events, which are ``erase(_:)``d.
    package func forget(user: UInt64) {
        let (before, own) = node(ofUser: user)
        guard own != 0 else { return }
        userCount -= 1
        lead(to: links(own).other, from: before, user)
        var position = own
        while position >= first.load(ordering: .relaxed) {
            let previous = links(position).own
            word(position, Word.user).pointee.store(0, ordering: .relaxed)
            // Whoever reads anything below that was taken back sees above whose it is no more.
            atomicMemoryFence(ordering: .releasing)
            erase(position)
            word(position, Word.time).pointee.store(0, ordering: .relaxed)
            word(position, Word.own).pointee.store(0, ordering: .relaxed)
            word(position, Word.other).pointee.store(0, ordering: .relaxed)
            position = previous
        }
    }

    /// Changes what is left of a purchase.
    func set(value: Float, of position: UInt64) {
        let rest = word(position, Word.value).pointee.load(ordering: .relaxed) & 0xffff_ffff
        word(position, Word.value).pointee.store(
            UInt64(value.bitPattern) << 32 | rest, ordering: .relaxed)
    }

    /// The event at a position that is in memory.
    package func event(at position: UInt64) -> Event { load(position) }

    /// The user's event before this one, or 0; it may have gone.
    func previous(ofUserAt position: UInt64) -> UInt64 { links(position).own }

    /// The event before this one in its basket, or 0; it may have gone.
    func previous(inBasketAt position: UInt64) -> UInt64 {
        word(position, Word.basketLink).pointee.load(ordering: .relaxed)
    }

    // MARK: Records

    @inline(__always)
    private func word(_ position: UInt64, _ place: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        words + (Int(truncatingIfNeeded: position) & (capacity - 1)) * Self.wordsPerEvent + place
    }

    @inline(__always)
    private func bucket(of user: UInt64) -> Int {
        Int(truncatingIfNeeded: user) & (capacity - 1)
    }

    private func load(_ position: UInt64) -> Event {
        var event = Event()
        event.position = position
        event.user = word(position, Word.user).pointee.load(ordering: .relaxed)
        event.item = UInt32(
            truncatingIfNeeded: word(position, Word.item).pointee.load(ordering: .relaxed))
        event.time = Int64(bitPattern: word(position, Word.time).pointee.load(ordering: .relaxed))
        let value = word(position, Word.value).pointee.load(ordering: .relaxed)
        event.value = Float(bitPattern: UInt32(value >> 32))
        event.kind = EventKind(rawValue: UInt8(value & 255)) ?? .purchase
        event.isLoose = value & 256 != 0
        event.basket = word(position, Word.basket).pointee.load(ordering: .relaxed)
        return event
    }

    /// The links to the user's event before, and to another user's newest.
    @inline(__always)
    private func links(_ position: UInt64) -> (own: UInt64, other: UInt64) {
        (
            word(position, Word.own).pointee.load(ordering: .relaxed),
            word(position, Word.other).pointee.load(ordering: .relaxed)
        )
    }

    /// A user's newest event, or 0, and the one that leads to it in the bucket, or 0 for the bucket.
    private func node(ofUser user: UInt64) -> (before: UInt64, own: UInt64) {
        var before: UInt64 = 0
        var position = buckets[bucket(of: user)].load(ordering: .relaxed)
        while position != 0, word(position, Word.user).pointee.load(ordering: .relaxed) != user {
            (before, position) = (position, links(position).other)
        }
        return (before, position)
    }

    /// Has a bucket, or an event in it, lead to another event.
    private func lead(to position: UInt64, from before: UInt64, _ user: UInt64) {
        guard before != 0 else {
            return buckets[bucket(of: user)].store(position, ordering: .releasing)
        }
        word(before, Word.other).pointee.store(position, ordering: .releasing)
    }
}
