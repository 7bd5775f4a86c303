internal import CKernels
internal import Interactions
import Synchronization

/// One thread's way to read a store. Every operation is wait-free and allocates nothing.
///
/// Rows that it hands out stay as they are until ``quiesce()``. A loop calls that once a turn,
/// before it may sleep: a reader that has called it and read nothing since holds up nobody.
package final class StoreReader {
    package let store: EmbeddingStore
    let layout: RowLayout
    let roots: UnsafeMutableRawPointer
    private let hash: IdentifierHash
    private let shardMask: UInt64
    private let grace: GracePeriods
    /// Directly in memory, so that the module of a caller can look at it without a call.
    @usableFromInline let record: UnsafeMutableRawPointer
    @usableFromInline let directory: OrdinalDirectory
    let scratch: ReaderScratch

    init(store: EmbeddingStore, record: UnsafeMutableRawPointer) {
        self.store = store
        layout = store.layout
        roots = store.roots
        hash = store.hash
        shardMask = UInt64(store.configuration.shards - 1)
        grace = store.grace
        self.record = record
        directory = store.ordinals.directory
        scratch = ReaderScratch(layout: store.layout)
    }

    deinit { grace.unregister(record) }

    /// The length of a row's vector with the zeros after it; a sum over all of it rounds as this
    /// reader's do.
    package var paddedDimensions: Int { layout.paddedDimensions }

    /// The row with an id, or nil. Complexity: O(id length).
    package func find(_ id: UnsafeRawBufferPointer) -> StoreRow? {
        guard IdentifierRule.permits(byteCount: id.count) else { return nil }
        enter()
        let hash = hash(id)
        return shard(hash).find(EmbeddingStore.tag(hash), id, layout)
    }

    /// Has the row with an id on its way into the cache for a ``find(_:)`` some time later.
    package func prefetch(_ id: UnsafeRawBufferPointer) {
        guard IdentifierRule.permits(byteCount: id.count) else { return }
        enter()
        let hash = hash(id)
        let shard = shard(hash)
        // A word with the right tag leads to the right row but once in billions.
        if let slot = shard.table.likelySlot(EmbeddingStore.tag(hash)) {
            layout.prefetch(shard.row(slot, layout).base)
        }
    }

    /// The row of an ordinal, or nil: two loads, no hash.
    ///
    /// A put that replaces a row publishes the new one here and under its id one after the other,
    /// so for a moment the two ways may lead to different versions of it, each whole.
    ///
    /// - Complexity: O(1).
    @inlinable @inline(__always)
    package func row(ordinal: UInt32) -> StoreRow? {
        enter()
        return directory.row(ordinal)
    }

    /// The inner product of a padded vector with a row's, with the very bits that searches give.
    @inline(__always)
    package func product(_ vector: UnsafePointer<Float>, _ row: StoreRow) -> Float {
        var (elements, score): (UnsafeRawPointer?, Float) = (row.elements, 0)
        layout.score(vector, &elements, 1, into: &score)
        return score
    }

    /// Copies a row's vector.
    ///
    /// - Parameter vector: receives ``paddedDimensions`` floats, zeros from `D` on.
    package func read(_ row: StoreRow, into vector: UnsafeMutablePointer<Float>) {
        layout.widen(row.elements, into: vector)
    }

    /// Promises that no row found before is used any more.
    package func quiesce() { grace.leave(record) }

    /// The first read after `quiesce()` announces the reader.
    @inlinable @inline(__always)
    func enter() {
        if !GracePeriods.isAnnounced(record) { announce() }
    }

    @usableFromInline
    func announce() { grace.enter(record) }

    @inline(__always)
    func hash(_ id: UnsafeRawBufferPointer) -> UInt64 { hash(id.baseAddress!, count: id.count) }

    @inline(__always)
    func shard(_ hash: UInt64) -> ShardRoots {
        ShardRoots(base: roots + Int(hash & shardMask) * ShardRoots.bytes)
    }
}

/// What a reader works in.
final class ReaderScratch {
    /// Ids looked up together: enough to keep the memory system busy, few enough to stay in the
    /// first cache.
    static let groupMax = 64

    let hashes = UnsafeMutablePointer<UInt64>.allocate(capacity: groupMax)
    /// Where the ids' rows are, by what their hashes say.
    let likelyRows = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(
        capacity: groupMax)
    let rows = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: groupMax)
    /// A copy of the query, aligned and padded with zeros as rows are.
    let query: UnsafeMutablePointer<Float>
    let queryCodes: UnsafeMutablePointer<Int8>
    /// Of one chunk's scan.
    let survivors: UnsafeMutablePointer<UInt32>
    let uppers: UnsafeMutablePointer<Float>

    init(layout: RowLayout) {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: layout.paddedDimensions * 4, alignment: 64)
        query = memory.initializeMemory(
            as: Float.self, repeating: 0, count: layout.paddedDimensions)
        queryCodes = .allocate(capacity: layout.quads * 4)
        queryCodes.initialize(repeating: 0, count: layout.quads * 4)
        survivors = .allocate(capacity: layout.rows)
        uppers = .allocate(capacity: layout.rows)
    }

    deinit {
        hashes.deallocate()
        likelyRows.deallocate()
        rows.deallocate()
        query.deallocate()
        queryCodes.deallocate()
        survivors.deallocate()
        uppers.deallocate()
    }
}
