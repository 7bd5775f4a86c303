/// A score and a tie breaker as one integer, whose order is best first and then by the tie breaker.
///
/// The high half is the score's bits, turned round so that larger scores come first; the low half
/// is the tie breaker: an item's ordinal, or its place among best sellers.
@usableFromInline
package struct RankedKey: Comparable, Sendable {
    @usableFromInline let bits: UInt64

    /// - Parameter score: not NaN; -0 becomes 0.
    @inlinable @inline(__always)
    package init(score: Float, tieBreaker: UInt32) {
        let pattern = (score + 0).bitPattern
        let descending = pattern >> 31 == 0 ? ~pattern & 0x7fff_ffff : pattern
        bits = UInt64(descending) << 32 | UInt64(tieBreaker)
    }

    @inlinable @inline(__always)
    init(bits: UInt64) { self.bits = bits }

    /// Behind every other.
    @inlinable @inline(__always)
    package static var last: RankedKey { RankedKey(bits: .max) }

    @inlinable @inline(__always)
    package var tieBreaker: UInt32 { UInt32(truncatingIfNeeded: bits) }

    @inlinable @inline(__always)
    package var score: Float {
        let descending = UInt32(truncatingIfNeeded: bits >> 32)
        return Float(bitPattern: descending >> 31 == 0 ? ~descending & 0x7fff_ffff : descending)
    }

    @inlinable @inline(__always)
    package static func < (left: RankedKey, right: RankedKey) -> Bool { left.bits < right.bits }

    @inlinable @inline(__always)
    package static func == (left: RankedKey, right: RankedKey) -> Bool { left.bits == right.bits }
}
