internal import Interactions
import Synchronization

/// Embeddings by string id, in memory: written by any thread, read by many that never wait.
///
/// Ids are hashed to shards. A shard has one writer at a time; its readers find a row through an
/// atomic word that leads to an immutable row, so they see all of a row or none of it. A replaced
/// or deleted row is reused once every reader that could hold it has passed
/// ``StoreReader/quiesce()``.
///
/// What a put may cost beyond its row: a chunk of rows (one mapping of up to half a megabyte, no
/// copying); a chunk directory twice as long (8 bytes a chunk copied); an id table of twice the
/// size, allocated as zeros, into which the ids move a few at each later put or delete; a segment
/// of words by ordinal, allocated as zeros, as long as all before it.
///
/// Every id with a row has an ordinal, which no other id has. The caller gives those below
/// `firstFreeOrdinal` and the store those above; one whose id was deleted is given again once no
/// reader can hold it.
package final class EmbeddingStore: Sendable {
    package static let dimensionsMax = VectorRule.dimensionsMax
    package static let shardsMax = 1024
    /// The largest norm of a vector or query.
    package static let normMax = VectorRule.normMax

    /// What a put did.
    package enum Outcome: Sendable { case added, replaced }

    /// One row to put. The memory is borrowed for the call.
    package struct Entry {
        package var id: UnsafeRawBufferPointer
        /// `D` finite elements.
        package var vector: UnsafeBufferPointer<Float>
        /// The id's ordinal, below `firstFreeOrdinal`; nil to have the store give it one. An id
        /// that has a row keeps its ordinal either way, and another one for it is refused.
        package var ordinal: UInt32?

        package init(
            id: UnsafeRawBufferPointer, vector: UnsafeBufferPointer<Float>, ordinal: UInt32? = nil
        ) {
            self.id = id
            self.vector = vector
            self.ordinal = ordinal
        }
    }

    package let configuration: Configuration
    let layout: RowLayout
    let hash: IdentifierHash
    let grace: GracePeriods
    let budget: MemoryBudget
    let ordinals: Ordinals
    let shards: [Shard]
    /// The shards' roots, one after the other.
    nonisolated(unsafe) let roots: UnsafeMutableRawPointer

    /// - Throws: ``StoreError`` where a figure is out of range, or `bytesMax` is below what an
    ///   empty store holds.
    package convenience init(_ configuration: Configuration) throws(StoreError) {
        try self.init(configuration, hashSeed: .random(in: 0 ... .max))
    }

    /// - Parameter hashSeed: keys the id hash; fixed only to repeat a run exactly.
    package init(_ configuration: Configuration, hashSeed: UInt64) throws(StoreError) {
        try configuration.validate()
        self.configuration = configuration
        layout = RowLayout(
            dimensions: configuration.dimensions, format: configuration.format,
            pageBytes: Memory.pageBytes)
        hash = IdentifierHash(seed: hashSeed)
        budget = MemoryBudget(
            bytesMax: configuration.bytesMax, within: configuration.sharedBudget)
        let bytes =
            configuration.shards * (ShardRoots.bytes + Shard.bytes(layout: layout))
            + GracePeriods.bytes(readersMax: configuration.readersMax) + OrdinalDirectory.bytes
        guard budget.charge(bytes) else {
            throw StoreError(
                .invalidArgument, "an empty store: \(budget.refusal(of: bytes).description)")
        }
        ordinals = Ordinals(
            firstFree: Int(configuration.firstFreeOrdinal), end: configuration.ordinalsMax,
            budget: budget)
        grace = GracePeriods(readersMax: configuration.readersMax)
        roots = .allocate(
            byteCount: configuration.shards * ShardRoots.bytes, alignment: ShardRoots.bytes)
        roots.initializeMemory(
            as: UInt8.self, repeating: 0, count: configuration.shards * ShardRoots.bytes)
        var shards: [Shard] = []
        for index in 0..<configuration.shards {
            shards.append(
                try Shard(
                    roots: ShardRoots(base: roots + index * ShardRoots.bytes), layout: layout,
                    budget: budget, grace: grace, ordinals: ordinals))
        }
        self.shards = shards
    }

    deinit {
        budget.release(budget.used)
        roots.deallocate()
    }

    package var dimensions: Int { layout.dimensions }

    /// Rows that can be found. Complexity: O(shards).
    package var count: Int { shards.reduce(0) { $0 + $1.roots.count } }

    /// Everything the store holds: rows, free rows, codes, ids, tables, the directory of ordinals and
    /// what waits to be freed.
    package var bytes: Int { budget.used }

    /// A reader for one thread. Its place is given back when the last reference to it goes.
    ///
    /// - Throws: ``StoreError`` where `readersMax` readers exist.
    package func makeReader() throws(StoreError) -> StoreReader {
        guard let record = grace.register() else {
            throw StoreError(
                .resourceExhausted, "all \(configuration.readersMax) readers are taken")
        }
        return StoreReader(store: self, record: record)
    }
}

extension EmbeddingStore {
    /// The limits of a store.
    package struct Configuration: Sendable {
        /// Elements of a vector, 1 to `dimensionsMax`.
        package var dimensions: Int
        package var format: VectorFormat
        /// A power of two up to `shardsMax`: how many writers can work at once.
        package var shards: Int
        /// The cap on ``EmbeddingStore/bytes``.
        package var bytesMax: Int
        /// A cap on several stores together, besides `bytesMax`.
        package var sharedBudget: MemoryBudget?
        /// Readers that can exist at once, 1 to 1024.
        package var readersMax: Int
        /// Ordinals below are given by the caller, those from here up by the store.
        package var firstFreeOrdinal: UInt32
        /// What every ordinal is below, 1 to `UInt32.max`.
        package var ordinalsMax: Int

        package init(
            dimensions: Int, format: VectorFormat = .single, shards: Int = 8, bytesMax: Int,
            sharedBudget: MemoryBudget? = nil, readersMax: Int = 64, firstFreeOrdinal: UInt32 = 0,
            ordinalsMax: Int = Int(Int32.max)
        ) {
            self.dimensions = dimensions
            self.format = format
            self.shards = shards
            self.bytesMax = bytesMax
            self.sharedBudget = sharedBudget
            self.readersMax = readersMax
            self.firstFreeOrdinal = firstFreeOrdinal
            self.ordinalsMax = ordinalsMax
        }

        func validate() throws(StoreError) {
            guard (1...dimensionsMax).contains(dimensions) else {
                throw StoreError(
                    .invalidArgument, "dimensions is \(dimensions), not 1 to \(dimensionsMax)")
            }
            guard (1...shardsMax).contains(shards), shards & (shards - 1) == 0 else {
                throw StoreError(
                    .invalidArgument, "shards is \(shards), not a power of two up to \(shardsMax)")
            }
            guard bytesMax > 0 else {
                throw StoreError(.invalidArgument, "bytesMax is \(bytesMax), not positive")
            }
            guard (1...1024).contains(readersMax) else {
                throw StoreError(.invalidArgument, "readersMax is \(readersMax), not 1 to 1024")
            }
            guard (1...Int(UInt32.max)).contains(ordinalsMax) else {
                throw StoreError(
                    .invalidArgument, "ordinalsMax is \(ordinalsMax), not 1 to \(UInt32.max)")
            }
            guard firstFreeOrdinal <= ordinalsMax else {
                throw StoreError(
                    .invalidArgument,
                    "firstFreeOrdinal is \(firstFreeOrdinal), above ordinalsMax \(ordinalsMax)")
            }
        }
    }

    /// The shard and the tag of a hash: its low bits and its high half, which share none.
    @inline(__always)
    func shardIndex(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (configuration.shards - 1)
    }

    @inline(__always)
    static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }
}
