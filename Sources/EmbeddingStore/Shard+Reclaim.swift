/// Giving memory back once no reader can hold it.
extension Shard {
    /// A grace period is looked for once so many rows wait for one.
    private static let rowsWaitingMax = 64

    func retire(row slot: UInt32) {
        chunk(of: slot).link(position(of: slot), layout).pointee = limbo.collecting.firstRow
        limbo.collecting.firstRow = slot + 1
        limbo.collecting.rows += 1
    }

    func retire(_ table: IDTable) {
        retire(Limbo.Region(base: table.base, bytes: table.bytes, kind: .heap))
    }

    func retire(_ region: Limbo.Region) { limbo.collecting.regions.append(region) }

    /// Frees what is due, if enough has gathered for the look to pay.
    func reclaim() {
        if limbo.rows >= Self.rowsWaitingMax || !limbo.collecting.regions.isEmpty {
            reclaim(trimming: false)
        }
    }

    /// Frees what no reader can hold any more.
    ///
    /// - Parameter trimming: also finish a table's move and give back chunks kept for the next put.
    /// - Complexity: O(readers + what is freed); trimming O(ids) where a table is moving.
    func reclaim(trimming: Bool) {
        if trimming { trim() }
        // Where no reader holds anything, one grace period after the other passes at once: what was
        // collected, then the chunks that freeing it emptied.
        while !limbo.isEmpty {
            if limbo.waiting.isEmpty {
                limbo.waiting = limbo.collecting
                limbo.collecting = Limbo.Batch()
                limbo.target = grace.advance()
            }
            guard grace.hasPassed(limbo.target) else { return }
            freeWaiting()
            if trimming { trimChunks() }
        }
    }

    private func freeWaiting() {
        let batch = limbo.waiting
        limbo.waiting = Limbo.Batch()
        if batch.firstRow != 0 {
            // Before any of them is freed: they are linked through their slots.
            ordinals.release(
                sequence(state: batch.firstRow) { [self] next in
                    guard next != 0 else { return nil }
                    let slot = next - 1
                    next = chunk(of: slot).link(position(of: slot), layout).pointee
                    return row(slot)
                })
        }
        var next = batch.firstRow
        while next != 0 {
            let slot = next - 1
            next = chunk(of: slot).link(position(of: slot), layout).pointee
            free(row: slot)
        }
        for region in batch.regions {
            freeMemory(region)
            budget.release(region.bytes)
        }
    }

    private func free(row slot: UInt32) {
        let chunk = chunk(of: slot)
        let number = slot >> layout.rowsLog2
        budget.release(freeLongID(of: row(slot)))
        let hadRoom = chunk.hasRoom(layout)
        chunk.free(position(of: slot), layout)
        freeRows += 1
        if !hadRoom { listRoom(number) }
        // One chunk's worth of free rows is kept, so that a put after a delete maps no memory.
        if chunk.occupied == 0 && freeRows >= 2 * layout.rows { remove(chunk: number) }
    }

    private func remove(chunk number: UInt32) {
        let chunk = directory.chunk(Int(number))!
        unlistRoom(number)
        directory.setChunk(nil, at: Int(number))
        chunkCount -= 1
        freeRows -= layout.rows
        retire(Limbo.Region(base: chunk.base, bytes: layout.chunkBytes, kind: .mapping))
    }

    private func trim() {
        if let old = index.move(all: true) { retire(old) }
        shrinkTable(halvings: 1)
        if let old = index.move(all: true) { retire(old) }
        trimChunks()
    }

    private func trimChunks() {
        for number in 0..<directory.capacity where directory.chunk(number)?.occupied == 0 {
            remove(chunk: UInt32(number))
        }
        shrinkDirectory()
    }

    @discardableResult
    func freeLongID(of row: StoreRow) -> Int {
        let count = row.id.count
        guard count > RowLayout.inlineIDBytes else { return 0 }
        row.longID!.deallocate()
        return Self.longIDBytes(count)
    }

    func freeMemory(_ region: Limbo.Region) {
        switch region.kind {
        case .heap: Memory.deallocate(region.base)
        case .mapping: Memory.unmap(region.base, region.bytes)
        }
    }
}
