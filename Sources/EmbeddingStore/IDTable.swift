import Synchronization

/// Open addressing from hash tags to slots, as readers see it: a header and a power of two of
/// words.
///
/// A word is 0 (empty), `tombstone`, or `tag << 32 | slot + 1`. The tag is 32 bits of the id's
/// hash; its high bits name the cache line of words where its probe starts, so that nearly every id
/// costs one miss, and a table is rebuilt without touching a row. While a table takes over from a
/// smaller or larger one, its header points to that previous table.
///
/// Invariant: at least a quarter of the words are empty, so every probe ends.
struct IDTable {
    static let headerBytes = 64
    static let tombstone: UInt64 = 1 << 32
    static let capacityLog2Min: UInt32 = 6
    /// Words of a cache line.
    private static let lineWords = 8

    let base: UnsafeMutableRawPointer

    init(base: UnsafeMutableRawPointer) { self.base = base }

    static func bytes(capacityLog2: UInt32) -> Int { headerBytes + 8 << Int(capacityLog2) }

    /// Formats zeroed memory of `bytes(capacityLog2:)`, aligned to cache lines.
    init(zeroed base: UnsafeMutableRawPointer, capacityLog2: UInt32, previous: IDTable?) {
        self.base = base
        base.storePointer(previous?.base, at: 0)
        base.storeBytes(of: capacityLog2, toByteOffset: 8, as: UInt32.self)
    }

    @inline(__always)
    var capacityLog2: UInt32 { base.load(fromByteOffset: 8, as: UInt32.self) }
    @inline(__always)
    var capacity: Int { 1 << Int(capacityLog2) }
    var bytes: Int { Self.bytes(capacityLog2: capacityLog2) }

    /// Read this before probing: where it is nil, everything has moved here; where it is not,
    /// whatever was not here yet is still there.
    @inline(__always)
    var previous: IDTable? { base.loadPointer(at: 0).map(IDTable.init(base:)) }

    func dropPrevious() { base.storePointer(nil, at: 0) }

    @inline(__always)
    func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        base.atomicWord(at: Self.headerBytes + index * 8)
    }

    /// Where the probe for a tag starts: the first word of a line.
    @inline(__always)
    func home(of tag: UInt32) -> Int {
        Int(truncatingIfNeeded: tag &>> (32 &- capacityLog2)) & ~(Self.lineWords - 1)
    }

    @inline(__always)
    static func makeWord(tag: UInt32, slot: UInt32) -> UInt64 {
        UInt64(tag) << 32 | UInt64(slot + 1)
    }

    @inline(__always)
    static func tag(of word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word >> 32) }

    /// The slot in a word, or nil where it is empty or a tombstone.
    @inline(__always)
    static func slot(of word: UInt64) -> UInt32? {
        let low = UInt32(truncatingIfNeeded: word)
        return low == 0 ? nil : low - 1
    }

    /// The index and slot of the first word with this tag that `matches` accepts. Wait-free.
    @inline(__always)
    func find(_ tag: UInt32, where matches: (UInt32) -> Bool) -> (index: Int, slot: UInt32)? {
        let mask = capacity - 1
        var index = home(of: tag)
        while true {
            let word = word(index).pointee.load(ordering: .acquiring)
            if word == 0 { return nil }
            if Self.tag(of: word) == tag, let slot = Self.slot(of: word), matches(slot) {
                return (index, slot)
            }
            index = (index + 1) & mask
        }
    }

    /// The slot of a word with this tag in the line where its probe starts, or nil where none is
    /// there: a guess, to be made without a branch, which would be mispredicted for most ids and keep
    /// the processor from looking up the next ones meanwhile.
    @inline(__always)
    func likelySlot(_ tag: UInt32) -> UInt32? {
        let words = word(home(of: tag))
        var found: UInt64 = 0
        for offset in 0..<Self.lineWords {
            let word = words[offset].load(ordering: .acquiring)
            found = Self.tag(of: word) == tag ? word : found
        }
        return Self.slot(of: found)
    }

    /// Stores a word in the first empty place of its probe.
    func insert(_ word: UInt64) {
        let mask = capacity - 1
        var index = home(of: Self.tag(of: word))
        while self.word(index).pointee.load(ordering: .relaxed) != 0 { index = (index + 1) & mask }
        self.word(index).pointee.store(word, ordering: .releasing)
    }
}
