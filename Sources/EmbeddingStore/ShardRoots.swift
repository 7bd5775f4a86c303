import Synchronization

/// What a reader needs of a shard, as atomic words in raw memory, so that reading touches no
/// reference count.
struct ShardRoots {
    /// Two cache lines, so that a writer of one shard does not disturb readers of its neighbor.
    static let bytes = 128

    let base: UnsafeMutableRawPointer

    /// The current id table.
    @inline(__always)
    var table: IDTable { IDTable(base: base.loadPointer(at: 0)!) }
    func setTable(_ table: IDTable) { base.storePointer(table.base, at: 0) }

    @inline(__always)
    var directory: ChunkDirectory { ChunkDirectory(base: base.loadPointer(at: 8)!) }
    func setDirectory(_ directory: ChunkDirectory) { base.storePointer(directory.base, at: 8) }

    /// Goes up by one with every put and delete; a scan of the shard sees the rows of one version.
    @inline(__always)
    var version: UInt64 { base.atomicWord(at: 16).pointee.load(ordering: .acquiring) }
    func setVersion(_ version: UInt64) {
        base.atomicWord(at: 16).pointee.store(version, ordering: .releasing)
    }

    var count: Int { Int(base.atomicWord(at: 24).pointee.load(ordering: .relaxed)) }
    func setCount(_ count: Int) {
        base.atomicWord(at: 24).pointee.store(UInt64(count), ordering: .relaxed)
    }

    @inline(__always)
    func row(_ slot: UInt32, _ layout: RowLayout) -> StoreRow {
        let chunk = directory.chunk(Int(slot >> layout.rowsLog2))!
        return chunk.row(Int(slot) & (layout.rows - 1), layout)
    }

    /// The row with an id. Wait-free; the reader has entered.
    @inline(__always)
    func find(
        _ tag: UInt32, _ id: UnsafeRawBufferPointer, _ layout: RowLayout
    ) -> StoreRow? {
        let table = table
        let previous = table.previous
        let matches = { (slot: UInt32) in
            row(slot, layout).hasID(id.baseAddress!, count: id.count)
        }
        if let found = table.find(tag, where: matches) { return row(found.slot, layout) }
        if let previous, let found = previous.find(tag, where: matches) {
            return row(found.slot, layout)
        }
        return nil
    }
}

/// A shard's chunks by number: a header with the capacity, then a pointer each, null where there is
/// none.
struct ChunkDirectory {
    static let headerBytes = 64
    static let capacityMin = 8

    let base: UnsafeMutableRawPointer

    init(base: UnsafeMutableRawPointer) { self.base = base }

    init(zeroed base: UnsafeMutableRawPointer, capacity: Int) {
        self.base = base
        base.storeBytes(of: capacity, as: Int.self)
    }

    static func bytes(capacity: Int) -> Int { headerBytes + capacity * 8 }

    @inline(__always)
    var capacity: Int { base.load(as: Int.self) }

    @inline(__always)
    func chunk(_ index: Int) -> Chunk? {
        base.loadPointer(at: Self.headerBytes + index * 8).map(Chunk.init(base:))
    }

    func setChunk(_ chunk: Chunk?, at index: Int) {
        base.storePointer(chunk?.base, at: Self.headerBytes + index * 8)
    }
}
