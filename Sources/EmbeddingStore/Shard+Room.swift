/// Room for writes, made and paid for before anything is changed.
extension Shard {
    /// The memory that rows still to be put will take.
    struct Need {
        var rows = 0
        /// At most so many of the rows have new ids.
        var newIDs = 0
        /// Of ids too long for a row's header.
        var longIDBytes = 0

        mutating func add(_ id: UnsafeRawBufferPointer, isNew: Bool) {
            rows += 1
            newIDs += isNew ? 1 : 0
            longIDBytes += Shard.longIDBytes(id.count)
        }
    }

    /// What an id costs outside its row's header, with the allocator's own share.
    static func longIDBytes(_ count: Int) -> Int {
        count > RowLayout.inlineIDBytes ? (count + 8 + 15) / 16 * 16 : 0
    }

    /// The bytes to charge before `makeRoom`, which allocates as much.
    func bytesToCharge(for need: Need) -> Int {
        var bytes = need.longIDBytes
        let chunks = missingChunks(for: need)
        bytes += chunks * layout.chunkBytes
        if let capacity = directoryCapacity(for: chunks) {
            bytes += ChunkDirectory.bytes(capacity: capacity)
        }
        if let log2 = tableCapacityLog2(for: need) { bytes += IDTable.bytes(capacityLog2: log2) }
        return bytes
    }

    /// Whether slot numbers suffice.
    func canNumber(_ need: Need) -> Bool {
        chunkCount + missingChunks(for: need) <= Int(UInt32.max >> layout.rowsLog2)
    }

    /// Makes room for the rows; their bytes are charged.
    func makeRoom(for need: Need) throws(StoreError) {
        let chunks = missingChunks(for: need)
        if let capacity = directoryCapacity(for: chunks) {
            try replaceDirectory(capacity: capacity)
        }
        if let log2 = tableCapacityLog2(for: need) { try replaceTable(capacityLog2: log2) }
        for _ in 0..<chunks { try addChunk() }
    }

    private func missingChunks(for need: Need) -> Int {
        max(0, need.rows - freeRows + layout.rows - 1) / layout.rows
    }

    /// The capacity of the directory that must replace the present one, if it must.
    private func directoryCapacity(for chunks: Int) -> Int? {
        guard chunkCount + chunks > directory.capacity else { return nil }
        var capacity = directory.capacity
        while capacity < chunkCount + chunks { capacity *= 2 }
        return capacity
    }

    private func tableCapacityLog2(for need: Need) -> UInt32? {
        index.hasRoom(for: need.newIDs) ? nil : IDIndex.capacityLog2(for: count + need.newIDs)
    }

    /// Copies the chunks' places into a directory of another size. Its memory is charged.
    private func replaceDirectory(capacity: Int) throws(StoreError) {
        let memory = try Memory.allocateZeroed(ChunkDirectory.bytes(capacity: capacity))
        let successor = ChunkDirectory(zeroed: memory, capacity: capacity)
        for index in 0..<min(capacity, directory.capacity) {
            successor.setChunk(directory.chunk(index), at: index)
        }
        let old = directory
        directory = successor
        roots.setDirectory(successor)
        retire(
            Limbo.Region(
                base: old.base, bytes: ChunkDirectory.bytes(capacity: old.capacity), kind: .heap))
    }

    /// Lets a table of another size take over. Its memory is charged.
    private func replaceTable(capacityLog2: UInt32) throws(StoreError) {
        let memory = try Memory.allocateZeroed(IDTable.bytes(capacityLog2: capacityLog2))
        // Only a batch about as large as the shard itself finds a table still moving.
        if let old = index.move(all: true) { retire(old) }
        let successor = IDTable(zeroed: memory, capacityLog2: capacityLog2, previous: index.table)
        index.begin(successor, count: count)
        roots.setTable(successor)
    }

    private func addChunk() throws(StoreError) {
        let chunk = Chunk(base: try Memory.map(layout.chunkBytes))
        let number = (0..<directory.capacity).first { directory.chunk($0) == nil }!
        directory.setChunk(chunk, at: number)
        chunkCount += 1
        freeRows += layout.rows
        listRoom(UInt32(number))
    }

    /// Lets a smaller table take over where that halves it at least so often, if there is memory
    /// for it.
    func shrinkTable(halvings: UInt32 = 3) {
        let log2 = IDIndex.capacityLog2(for: count)
        guard !index.isMoving, index.table.capacityLog2 >= log2 + halvings else { return }
        let bytes = IDTable.bytes(capacityLog2: log2)
        guard budget.charge(bytes) else { return }
        do {
            try replaceTable(capacityLog2: log2)
        } catch {
            budget.release(bytes)
        }
    }

    /// Halves the directory as often as the highest chunk number allows, if there is memory for the
    /// smaller one.
    func shrinkDirectory() {
        let numbers =
            (0..<directory.capacity).last { directory.chunk($0) != nil }.map { $0 + 1 } ?? 0
        var capacity = directory.capacity
        while capacity > ChunkDirectory.capacityMin && capacity / 2 >= numbers { capacity /= 2 }
        let bytes = ChunkDirectory.bytes(capacity: capacity)
        guard capacity < directory.capacity, budget.charge(bytes) else { return }
        do {
            try replaceDirectory(capacity: capacity)
        } catch {
            budget.release(bytes)
        }
    }
}
