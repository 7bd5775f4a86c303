internal import Interactions

extension Journal {
    /// Adds a batch's events, within a transaction. An event whose id is known, from before or from
    /// earlier in the batch, has no effect.
    ///
    /// - Throws: ``JournalError``; ``rollBack()`` then takes everything back.
    /// - Complexity: O(events), and 1 / 500 of a page write each.
    package func record(_ batch: EventBatch) throws(JournalError) -> RecordOutcome {
        try noteFailure { () throws(JournalError) in try append(batch) }
    }

    /// Whether events wait to be indexed by user.
    package var needsIndexing: Bool { userIndex.isBusy }

    /// Indexes some of them by user, within a transaction.
    package func advanceIndex(_ count: Int = 0) throws(JournalError) {
        try userIndex.advance(count)
    }

    private func append(_ batch: EventBatch) throws(JournalError) -> RecordOutcome {
        var outcome = RecordOutcome()
        try batch.bytes.withBytes { bytes throws(JournalError) in
            // Ids lie anywhere in memory: all are asked for before the first is waited for.
            hashes.removeAll(keepingCapacity: true)
            for entry in batch.entries {
                let hash = try EventID.withStored(text(entry.id, bytes)) { stored, _ in
                    stored.isEmpty ? 0 : eventIDs.hash(stored)
                }
                eventIDs.prefetch(hash)
                hashes.append(hash)
            }
            for (position, entry) in batch.entries.enumerated() {
                if try append(entry, hashes[position], bytes) {
                    outcome.recorded += 1
                } else {
                    outcome.duplicates.append(UInt32(position))
                }
            }
        }
        outcome.watermark = watermark
        try advanceIndex(2 * outcome.recorded)
        return outcome
    }

    /// - Returns: false for a duplicate.
    private func append(
        _ entry: EventBatch.Entry, _ hash: UInt64, _ bytes: UnsafeRawBufferPointer
    ) throws(JournalError) -> Bool {
        guard watermark < EventIdentifiers.sequenceMax else {
            throw JournalError(
                .full, "\(path): holds \(watermark) events, the most that a journal can number")
        }
        let insert = statements.insertEvent
        if entry.id.isEmpty {
            insert.bindNull(2)
            return try finish(entry, bytes)
        }
        let id = text(entry.id, bytes)
        // ``check(_:)`` has found its event.
        if EventID.serverSequence(id) != nil { return false }
        return try EventID.withStored(id) { (stored, isUUID) throws(JournalError) in
            if try find(stored, hash) != nil { return false }
            if isUUID { insert.bind(2, blob: stored) } else { insert.bind(2, text: stored) }
            _ = try finish(entry, bytes)
            eventIDs.insert(hash, watermark)
            return true
        }
    }

    private func finish(
        _ entry: EventBatch.Entry, _ bytes: UnsafeRawBufferPointer
    ) throws(JournalError) -> Bool {
        let insert = statements.insertEvent
        let sequence = watermark + 1
        insert.bind(1, sequence)
        var user = Int64(EventTable.none)
        if entry.user.isEmpty {
            insert.bindNull(3)
        } else {
            user = try number(ofUser: text(entry.user, bytes))
            insert.bind(3, user)
        }
        insert.bind(4, try number(ofItem: text(entry.item, bytes)))
        insert.bind(5, Int64(entry.kind.rawValue))
        insert.bind(6, Double(entry.value))
        insert.bind(7, entry.time)
        if entry.basket.isEmpty {
            insert.bindNull(8)
        } else {
            insert.bind(8, text: text(entry.basket, bytes))
        }
        try insert.run()
        watermark = sequence
        userIndex.append(user: Int32(user), sequence)
        return true
    }

    /// The sequence of the event with an id, as stored.
    func find(_ stored: UnsafeRawBufferPointer, _ hash: UInt64) throws(JournalError) -> Int64? {
        try eventIDs.find(hash) { (sequence) throws(JournalError) in
            let row = statements.eventID
            row.bind(1, sequence)
            defer { row.reset() }
            return try row.step() && row.bytes(0).elementsEqual(stored)
        }
    }

    /// Refuses a batch with an id that has the form of the server's own and names no event: such
    /// an id can only come back. To be called before ``record(_:)``.
    ///
    /// - Throws: `invalid`.
    package func check(_ batch: EventBatch) throws(JournalError) {
        for (position, entry) in batch.entries.enumerated() {
            let sequence = batch.bytes.withUnsafeBytes {
                EventID.serverSequence(text(entry.id, $0))
            }
            guard let sequence else { continue }
            let row = statements.eventID
            row.bind(1, sequence)
            defer { row.reset() }
            if try row.step(), row.isNull(0) { continue }
            throw JournalError(
                .invalid,
                "events[\(position)].event_id \(EventID.serverPrefix)\(sequence) has the form of ids that the server makes, and names none of its events"
            )
        }
    }
}
