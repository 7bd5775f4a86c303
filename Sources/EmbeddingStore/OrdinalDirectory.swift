import Synchronization

/// Leads from an ordinal to its row, as readers see it: 24 pointers to segments of words.
///
/// Segment 0 has the ordinals below `firstCount`, and each later one as many as all before it
/// together. So growth adds a segment and copies nothing, and finding a word takes no search.
///
/// A word is one of
///
///     0             the ordinal is free and was never given, or is the caller's
///     row           the ordinal has a row
///     row | 1       its row was deleted, and a reader may still hold it
///     2             it is kept for a put under way
///     next << 2 | 3 it is free, and `next` - 1 is the free one after it; 0 ends the list
///
/// Rows are 64-byte aligned, so a word whose two low bits are 0 is a row or nothing.
@usableFromInline
struct OrdinalDirectory {
    static let firstCountLog2 = 9
    static let firstCount = 1 << firstCountLog2
    /// Enough for every `UInt32`.
    static let segmentsMax = 33 - firstCountLog2
    static let bytes = segmentsMax * 8

    static let reserved: UInt64 = 2

    @usableFromInline let base: UnsafeMutableRawPointer

    init(base: UnsafeMutableRawPointer) { self.base = base }

    /// The segment of an ordinal, and the ordinal's place in it.
    @inlinable @inline(__always)
    static func place(of ordinal: UInt32) -> (segment: Int, index: Int) {
        let bits = UInt32.bitWidth - ordinal.leadingZeroBitCount
        guard bits > 9 else { return (0, Int(ordinal)) }
        return (bits - 9, Int(ordinal) - 1 << (bits - 1))
    }

    static func ordinals(of segment: Int) -> Range<Int> {
        segment == 0 ? 0..<firstCount : firstCount << (segment - 1)..<firstCount << segment
    }

    static func bytes(of segment: Int) -> Int { ordinals(of: segment).count * 8 }

    @inlinable @inline(__always)
    func segment(_ index: Int) -> UnsafeMutableRawPointer? { base.loadPointer(at: index * 8) }

    func setSegment(_ segment: UnsafeMutableRawPointer?, at index: Int) {
        base.storePointer(segment, at: index * 8)
    }

    /// The address of an ordinal's word, or nil where its segment is not there.
    @inlinable @inline(__always)
    func word(_ ordinal: UInt32) -> UnsafeMutableRawPointer? {
        let (number, index) = Self.place(of: ordinal)
        guard let segment = segment(number) else { return nil }
        return segment + index * 8
    }

    /// The row in a word that was loaded, or nil.
    @inlinable @inline(__always)
    static func row(in word: UInt64) -> StoreRow? {
        guard word & 3 == 0, let base = UnsafeMutableRawPointer(bitPattern: UInt(word)) else {
            return nil
        }
        return StoreRow(base: base)
    }

    /// The row of an ordinal. Wait-free; the reader has entered.
    @inlinable @inline(__always)
    func row(_ ordinal: UInt32) -> StoreRow? {
        guard let word = word(ordinal) else { return nil }
        return Self.row(in: word.atomicWord().pointee.load(ordering: .acquiring))
    }
}
