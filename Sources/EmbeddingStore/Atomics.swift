import Synchronization

/// Memory that readers load while a writer stores: words inside larger allocations.
///
/// The words are zeroed or written plainly before the allocation is published; `Atomic` has the
/// layout of its value, so the same bytes serve both.
extension UnsafeMutableRawPointer {
    @inlinable @inline(__always)
    func atomicWord(at offset: Int = 0) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (self + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    @inlinable @inline(__always)
    func loadPointer(at offset: Int) -> UnsafeMutableRawPointer? {
        UnsafeMutableRawPointer(
            bitPattern: UInt(atomicWord(at: offset).pointee.load(ordering: .acquiring)))
    }

    @inline(__always)
    func storePointer(_ pointer: UnsafeMutableRawPointer?, at offset: Int) {
        atomicWord(at: offset).pointee.store(
            UInt64(UInt(bitPattern: pointer)), ordering: .releasing)
    }
}
