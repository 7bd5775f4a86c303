import Synchronization

/// A row of the store as a reader sees it: immutable, and valid until the reader's next
/// `quiesce()`.
@usableFromInline
package struct StoreRow {
    @usableFromInline let base: UnsafeMutableRawPointer

    @inlinable @inline(__always)
    init(base: UnsafeMutableRawPointer) { self.base = base }

    /// The `D` elements in the store's format, 64-byte aligned, followed by zeros up to a multiple of 64
    /// bytes.
    @inlinable @inline(__always)
    var elements: UnsafeRawPointer { UnsafeRawPointer(base + RowLayout.headerBytes) }

    /// The id's number, the same as long as it has a row.
    @inlinable @inline(__always)
    package var ordinal: UInt32 { base.load(fromByteOffset: 16, as: UInt32.self) }

    /// The vector's Euclidean norm.
    @inlinable @inline(__always)
    package var norm: Float { base.load(fromByteOffset: 20, as: Float.self) }

    /// The id's 1 to 256 bytes of UTF-8.
    @inlinable @inline(__always)
    package var id: UnsafeRawBufferPointer {
        let count = Int(base.load(fromByteOffset: 24, as: UInt16.self))
        guard count > RowLayout.inlineIDBytes else {
            return UnsafeRawBufferPointer(start: base + RowLayout.idOffset, count: count)
        }
        return UnsafeRawBufferPointer(start: longID, count: count)
    }

    /// Where an id that does not fit into the header lies; meaningless for others.
    @usableFromInline
    var longID: UnsafeMutableRawPointer? {
        base.load(fromByteOffset: RowLayout.longIDOffset, as: UnsafeMutableRawPointer?.self)
    }

    @inline(__always)
    func hasID(_ other: UnsafeRawPointer, count: Int) -> Bool {
        guard Int(base.load(fromByteOffset: 24, as: UInt16.self)) == count else { return false }
        let own =
            count <= RowLayout.inlineIDBytes
            ? UnsafeRawPointer(base + RowLayout.idOffset) : UnsafeRawPointer(longID!)
        return equalBytes(own, other, count: count)
    }

    /// Whether the row was there at a version of its shard. `died` is read first: a slot is marked
    /// free before it is used again, so a reader that sees the new `died` cannot take the old
    /// `born` with it.
    @inline(__always)
    func isVisible(at version: UInt64) -> Bool {
        let died = base.atomicWord(at: 8).pointee.load(ordering: .acquiring)
        let born = base.atomicWord(at: 0).pointee.load(ordering: .relaxed)
        return born != 0 && born <= version && version < died
    }

    var born: UInt64 {
        get { base.atomicWord(at: 0).pointee.load(ordering: .relaxed) }
        nonmutating set { base.atomicWord(at: 0).pointee.store(newValue, ordering: .relaxed) }
    }

    var died: UInt64 {
        get { base.atomicWord(at: 8).pointee.load(ordering: .relaxed) }
        nonmutating set { base.atomicWord(at: 8).pointee.store(newValue, ordering: .releasing) }
    }
}

/// Short ids are the rule: two overlapping words compare up to 16 bytes without a call or a loop.
@inline(__always)
func equalBytes(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, count: Int) -> Bool {
    if count >= 8 {
        var offset = 0
        var difference: UInt64 = 0
        while offset + 8 < count {
            difference |=
                a.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                ^ b.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        difference |=
            a.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
            ^ b.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        return difference == 0
    }
    for i in 0..<count
    where a.load(fromByteOffset: i, as: UInt8.self) != b.load(fromByteOffset: i, as: UInt8.self) {
        return false
    }
    return true
}
