internal import CKernels
internal import Interactions

/// Finds the sequence of an event by its id, for all events whose id a client made.
///
/// Only 40 bits of a hash and the sequence are kept, 8 to 22 bytes an event: whoever looks an id up
/// compares the row that is found. The table is in 256 parts by the hash's first byte, so that none
/// takes long to grow. A slot is 0, or 32 bits of the hash above the sequence; where a sequence has
/// been erased its slot stays, without one, until the part grows.
struct EventIdentifiers {
    /// Sequences must fit 32 bits.
    static let sequenceMax = Int64(UInt32.max) - 1

    private struct Part {
        var slots: [UInt64] = Array(repeating: 0, count: 16)
        var shift: UInt64 = 28
        var used = 0

        /// Where the search for a tag begins.
        func home(_ tag: UInt64) -> Int { Int(tag >> shift) }

        /// Where it goes on.
        func next(_ slot: Int) -> Int { (slot + 1) & (slots.count - 1) }
    }

    private let hash: IdentifierHash
    private var parts = Array(repeating: Part(), count: 256)
    /// What was inserted since the last commit, in order.
    private(set) var uncommitted: [(hash: UInt64, sequence: Int64)] = []

    /// - Parameter seed: of the hashes; secret.
    init(seed: UInt64) { hash = IdentifierHash(seed: seed) }

    /// - Parameter id: as stored, not empty.
    /// - Returns: never 0.
    func hash(_ id: UnsafeRawBufferPointer) -> UInt64 {
        max(1, hash(id.baseAddress!, count: id.count))
    }

    /// Makes room for so many.
    mutating func reserve(_ count: Int) {
        // Parts differ by chance, by some standard deviations of a Poisson variable at most.
        let most = Double(count) / Double(parts.count)
        let wanted = Int(most + 6 * most.squareRoot())
        for index in parts.indices {
            resize(index, toHold: wanted)
        }
    }

    /// Adds many that are there since earlier commits, in any order.
    ///
    /// - Complexity: O(count), one part after another, so that each is near while it is filled.
    mutating func load(_ entries: [(hash: UInt64, sequence: Int64)]) {
        var starts = Array(repeating: 0, count: parts.count + 1)
        for entry in entries { starts[Self.part(entry.hash) + 1] += 1 }
        for part in parts.indices { starts[part + 1] += starts[part] }
        var sorted = entries
        for entry in entries {
            sorted[starts[Self.part(entry.hash)]] = entry
            starts[Self.part(entry.hash)] += 1
        }
        for (hash, sequence) in sorted { add(hash, sequence) }
    }

    /// Has what ``find(_:_:)`` reads first on its way into the cache.
    func prefetch(_ hash: UInt64) {
        let part = Self.part(hash)
        let slot = parts[part].home(Self.tag(hash))
        parts[part].slots.withUnsafeBufferPointer { sc_prefetch($0.baseAddress! + slot) }
    }

    /// Asks `matches` for each sequence that may be the id's.
    func find(
        _ hash: UInt64, _ matches: (Int64) throws(JournalError) -> Bool
    ) throws(JournalError) -> Int64? {
        let (part, tag) = (Self.part(hash), Self.tag(hash))
        var slot = parts[part].home(tag)
        while parts[part].slots[slot] != 0 {
            let found = parts[part].slots[slot]
            let sequence = Int64(found & 0xffff_ffff)
            if found >> 32 == tag, sequence != Self.erased, try matches(sequence) {
                return sequence
            }
            slot = parts[part].next(slot)
        }
        return nil
    }

    mutating func insert(_ hash: UInt64, _ sequence: Int64) {
        uncommitted.append((hash, sequence))
        add(hash, sequence)
    }

    private mutating func add(_ hash: UInt64, _ sequence: Int64) {
        let index = Self.part(hash)
        if (parts[index].used + 1) * 4 > parts[index].slots.count * 3 { grow(index) }
        Self.place(Self.entry(hash, sequence), in: &parts[index])
        parts[index].used += 1
    }

    /// Forgets an id.
    mutating func erase(_ hash: UInt64, _ sequence: Int64) {
        guard let slot = slot(hash, sequence) else { return }
        parts[Self.part(hash)].slots[slot] |= UInt64(Self.erased)
    }

    mutating func commit() { uncommitted.removeAll(keepingCapacity: true) }

    /// Takes back what was inserted since the last commit.
    mutating func rollBack() {
        for (hash, sequence) in uncommitted { erase(hash, sequence) }
        commit()
    }

    /// No event has it.
    private static let erased: Int64 = 0xffff_ffff

    private func slot(_ hash: UInt64, _ sequence: Int64) -> Int? {
        let part = parts[Self.part(hash)]
        let wanted = Self.entry(hash, sequence)
        var slot = part.home(Self.tag(hash))
        while part.slots[slot] != 0 {
            if part.slots[slot] == wanted { return slot }
            slot = part.next(slot)
        }
        return nil
    }

    private static func place(_ entry: UInt64, in part: inout Part) {
        var slot = part.home(entry >> 32)
        while part.slots[slot] != 0 { slot = part.next(slot) }
        part.slots[slot] = entry
    }

    /// Which part holds an id, by its hash's first byte.
    private static func part(_ hash: UInt64) -> Int { Int(hash >> 56) }

    /// The 32 bits of its hash that a slot holds.
    private static func tag(_ hash: UInt64) -> UInt64 { (hash >> 24) & 0xffff_ffff }

    private static func entry(_ hash: UInt64, _ sequence: Int64) -> UInt64 {
        tag(hash) << 32 | UInt64(sequence)
    }

    /// Gives a part room for at least as many again, without the slots of erased events.
    private mutating func grow(_ index: Int) {
        resize(index, toHold: 2 * parts[index].slots.count(where: Self.isKept))
    }

    /// Gives a part so many slots that `count` fill at most three quarters of them, and no fewer
    /// than it has.
    private mutating func resize(_ index: Int, toHold count: Int) {
        let old = parts[index]
        var part = Part()
        var (slots, shift) = (old.slots.count, old.shift)
        while count * 4 > slots * 3 { (slots, shift) = (slots * 2, shift - 1) }
        part.slots = Array(repeating: 0, count: slots)
        part.shift = shift
        for entry in old.slots where Self.isKept(entry) {
            Self.place(entry, in: &part)
            part.used += 1
        }
        parts[index] = part
    }

    private static func isKept(_ entry: UInt64) -> Bool {
        entry != 0 && entry & 0xffff_ffff != UInt64(erased)
    }
}
