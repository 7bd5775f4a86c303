internal import CKernels

/// One slice of the store, by hash of the id: rows in chunks, and a table of ids.
///
/// Writers hold `lock`. Readers go through `roots` and never wait.
final class Shard: @unchecked Sendable {
    // Safe to share: everything that changes is used under `lock`, except what `roots` leads to,
    // which is published through atomic words and freed after a grace period.

    let lock = WriterLock()
    let roots: ShardRoots
    let layout: RowLayout
    let budget: MemoryBudget
    let grace: GracePeriods
    let ordinals: Ordinals

    var index: IDIndex
    var directory: ChunkDirectory
    /// Chunks in the directory.
    var chunkCount = 0
    /// Chunk number + 1 of the first in the list of chunks with room.
    var firstWithRoom: UInt32 = 0
    /// Rows that can be taken without a new chunk.
    var freeRows = 0
    var limbo = Limbo()
    private let scratch: WriterScratch

    var count: Int {
        get { roots.count }
        set { roots.setCount(newValue) }
    }

    /// What an empty shard holds.
    static func bytes(layout: RowLayout) -> Int {
        IDTable.bytes(capacityLog2: IDTable.capacityLog2Min)
            + ChunkDirectory.bytes(capacity: ChunkDirectory.capacityMin)
            + WriterScratch.bytes(layout)
    }

    /// The bytes of `bytes(layout:)` are charged already.
    init(
        roots: ShardRoots, layout: RowLayout, budget: MemoryBudget, grace: GracePeriods,
        ordinals: Ordinals
    ) throws(StoreError) {
        self.roots = roots
        self.layout = layout
        self.budget = budget
        self.grace = grace
        self.ordinals = ordinals
        let tableLog2 = IDTable.capacityLog2Min
        let table = IDTable(
            zeroed: try Memory.allocateZeroed(IDTable.bytes(capacityLog2: tableLog2)),
            capacityLog2: tableLog2, previous: nil)
        index = IDIndex(table: table)
        let capacity = ChunkDirectory.capacityMin
        directory = ChunkDirectory(
            zeroed: try Memory.allocateZeroed(ChunkDirectory.bytes(capacity: capacity)),
            capacity: capacity)
        scratch = WriterScratch(layout)
        roots.setTable(table)
        roots.setDirectory(directory)
        roots.setVersion(1)
        roots.setCount(0)
    }

    /// No reader is left: each holds the store.
    deinit {
        for index in 0..<directory.capacity {
            guard let chunk = directory.chunk(index) else { continue }
            for position in 0..<chunk.usedRows {
                let row = chunk.row(position, layout)
                if row.born != 0 { freeLongID(of: row) }
            }
            Memory.unmap(chunk.base, layout.chunkBytes)
        }
        for region in limbo.collecting.regions + limbo.waiting.regions { freeMemory(region) }
        if let old = index.move(all: true) { Memory.deallocate(old.base) }
        Memory.deallocate(index.table.base)
        Memory.deallocate(directory.base)
    }

    func find(_ tag: UInt32, _ id: UnsafeRawBufferPointer) -> UInt32? {
        index.find(tag) { self.holds($0, id) }
    }

    func holds(_ slot: UInt32, _ id: UnsafeRawBufferPointer) -> Bool {
        row(slot).hasID(id.baseAddress!, count: id.count)
    }

    func chunk(of slot: UInt32) -> Chunk { directory.chunk(Int(slot >> layout.rowsLog2))! }
    func position(of slot: UInt32) -> Int { Int(slot) & (layout.rows - 1) }
    func row(_ slot: UInt32) -> StoreRow { chunk(of: slot).row(position(of: slot), layout) }

    /// Adds a row, or replaces the id's `old` one, whose ordinal it must have. `makeRoom` made room
    /// for it, and a new ordinal is reserved.
    func put(
        _ tag: UInt32, id: UnsafeRawBufferPointer, vector: UnsafePointer<Float>, ordinal: UInt32,
        replacing old: UInt32?
    ) {
        let slot = takeSlot()
        let chunk = chunk(of: slot)
        var longID: UnsafeMutableRawPointer?
        if id.count > RowLayout.inlineIDBytes {
            longID = .allocate(byteCount: id.count, alignment: 1)
            longID!.copyMemory(from: id.baseAddress!, byteCount: id.count)
        }
        chunk.write(
            position(of: slot), id: id, longID: longID, vector: vector, ordinal: ordinal,
            scratch: scratch, layout)

        let version = roots.version + 1
        row(slot).born = version
        if let old { row(old).died = version }
        index.store(tag, slot: slot) { self.holds($0, id) }
        ordinals.publish(row(slot))
        roots.setVersion(version)
        if let old { retire(row: old) } else { count += 1 }
        moveSomeIDs()
    }

    func delete(_ tag: UInt32, id: UnsafeRawBufferPointer) -> Bool {
        guard let slot = find(tag, id) else { return false }
        let version = roots.version + 1
        row(slot).died = version
        index.remove(tag) { self.holds($0, id) }
        ordinals.unpublish(row(slot))
        roots.setVersion(version)
        count -= 1
        retire(row: slot)
        moveSomeIDs()
        shrinkTable()
        reclaim()
        return true
    }

    private func moveSomeIDs() {
        if let old = index.move() { retire(old) }
    }

    private func takeSlot() -> UInt32 {
        precondition(freeRows > 0 && firstWithRoom != 0, "no room was made for a row")
        let number = firstWithRoom - 1
        let chunk = directory.chunk(Int(number))!
        let position = chunk.takePosition(layout)
        freeRows -= 1
        if !chunk.hasRoom(layout) { unlistRoom(number) }
        return number << layout.rowsLog2 | UInt32(position)
    }

    /// Puts a chunk at the head of the list of chunks with room.
    func listRoom(_ number: UInt32) {
        let chunk = directory.chunk(Int(number))!
        chunk.before = 0
        chunk.after = firstWithRoom
        if firstWithRoom != 0 {
            directory.chunk(Int(firstWithRoom - 1))!.before = number + 1
        }
        firstWithRoom = number + 1
    }

    func unlistRoom(_ number: UInt32) {
        let chunk = directory.chunk(Int(number))!
        if chunk.before != 0 {
            directory.chunk(Int(chunk.before - 1))!.after = chunk.after
        } else {
            firstWithRoom = chunk.after
        }
        if chunk.after != 0 { directory.chunk(Int(chunk.after - 1))!.before = chunk.before }
    }
}
