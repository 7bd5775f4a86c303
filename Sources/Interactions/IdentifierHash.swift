/// A keyed hash of id bytes. Where ids come from callers, the key is secret and differs from run to
/// run, so that nobody who may put ids can choose ones that collide.
///
/// Sixteen bytes a step are folded by a full 64 x 64-bit multiplication, in the manner of Wang Yi's
/// wyhash.
@usableFromInline
package struct IdentifierHash: Sendable {
    @usableFromInline let keys: (UInt64, UInt64, UInt64)

    package init(seed: UInt64) {
        // SplitMix64 (Steele, Lea and Flood 2014): any seed gives three well-mixed keys.
        var state = seed
        func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
        keys = (next(), next(), next())
    }

    /// - Parameter count: at least 1.
    /// - Complexity: O(count).
    @inlinable @inline(__always)
    package func callAsFunction(_ bytes: UnsafeRawPointer, count: Int) -> UInt64 {
        var hash = keys.0 ^ UInt64(count)
        var offset = 0
        while count - offset > 16 {
            hash = Self.fold(hash ^ word(bytes, offset), keys.1 ^ word(bytes, offset + 8))
            offset += 16
        }
        // The last 1 to 16 bytes, as two words that may overlap.
        let rest = count - offset
        let first: UInt64
        let last: UInt64
        if rest >= 8 {
            first = word(bytes, offset)
            last = word(bytes, count - 8)
        } else if rest >= 4 {
            first = half(bytes, offset)
            last = half(bytes, count - 4)
        } else {
            first = UInt64(bytes.load(fromByteOffset: offset, as: UInt8.self))
            last =
                UInt64(bytes.load(fromByteOffset: offset + rest / 2, as: UInt8.self)) << 8
                | UInt64(bytes.load(fromByteOffset: count - 1, as: UInt8.self))
        }
        return Self.fold(Self.fold(hash ^ first, keys.2 ^ last) ^ keys.1, keys.0 | 1)
    }

    @inlinable @inline(__always)
    func word(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    @inlinable @inline(__always)
    func half(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inlinable @inline(__always)
    static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
