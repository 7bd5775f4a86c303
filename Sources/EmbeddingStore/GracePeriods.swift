import Synchronization

/// Tells writers when no reader can still hold what they unlinked.
///
/// Epoch-based reclamation (Fraser 2004, "Practical lock-freedom", section 5.2.3). A reader
/// announces the epoch in which it began to read, and 0 while it holds nothing, so a sleeping
/// reader holds up nobody. A writer unlinks, advances the epoch, and may free once every
/// announcement is 0 or not older than the new epoch: a reader that announced it, or that announces
/// anything later, finds the unlinked memory no more.
@usableFromInline
final class GracePeriods: @unchecked Sendable {
    // Safe to share: `records` is immutable, and all it points to is atomic words.

    /// A reader's record: word 0 its announcement, word 1 whether it is taken. Two cache lines
    /// apart, so that neither a neighbor's store nor the prefetch of one disturbs a reader.
    private static let recordBytes = 128

    let readersMax: Int
    private let records: UnsafeMutableRawPointer
    private let epoch = Atomic<UInt64>(1)

    init(readersMax: Int) {
        self.readersMax = readersMax
        records = .allocate(byteCount: readersMax * Self.recordBytes, alignment: Self.recordBytes)
        records.initializeMemory(
            as: UInt8.self, repeating: 0, count: readersMax * Self.recordBytes)
    }

    deinit { records.deallocate() }

    static func bytes(readersMax: Int) -> Int { readersMax * recordBytes }

    /// A record for a new reader, or nil where all are taken.
    func register() -> UnsafeMutableRawPointer? {
        for index in 0..<readersMax {
            let record = records + index * Self.recordBytes
            if record.atomicWord(at: 8).pointee.compareExchange(
                expected: 0, desired: 1, ordering: .acquiring
            ).exchanged {
                return record
            }
        }
        return nil
    }

    func unregister(_ record: UnsafeMutableRawPointer) {
        leave(record)
        record.atomicWord(at: 8).pointee.store(0, ordering: .releasing)
    }

    /// Whether the reader of a record has announced itself; asked by that reader only.
    @inlinable @inline(__always)
    static func isAnnounced(_ record: UnsafeMutableRawPointer) -> Bool {
        record.atomicWord().pointee.load(ordering: .relaxed) != 0
    }

    /// From here to `leave` the reader may hold what it finds. Wait-free.
    @inline(__always)
    func enter(_ record: UnsafeMutableRawPointer) {
        record.atomicWord().pointee.store(epoch.load(ordering: .acquiring), ordering: .releasing)
        // The announcement is seen before anything is read: pairs with the fence in `hasPassed`.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }

    @inline(__always)
    func leave(_ record: UnsafeMutableRawPointer) {
        record.atomicWord().pointee.store(0, ordering: .releasing)
    }

    /// Called after unlinking: the epoch that readers must have reached before the memory is freed.
    func advance() -> UInt64 {
        epoch.add(1, ordering: .sequentiallyConsistent).newValue
    }

    /// Complexity: O(readersMax).
    func hasPassed(_ target: UInt64) -> Bool {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        for index in 0..<readersMax {
            let announced = (records + index * Self.recordBytes).atomicWord().pointee
                .load(ordering: .acquiring)
            if announced != 0 && announced < target { return false }
        }
        return true
    }
}
