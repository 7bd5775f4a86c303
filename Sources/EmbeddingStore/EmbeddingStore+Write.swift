internal import CKernels

extension EmbeddingStore {
    /// How many rows a batch added and how many it replaced.
    package struct BatchOutcome: Equatable, Sendable {
        package var added = 0
        package var replaced = 0
    }

    /// Adds or replaces one row.
    ///
    /// - Parameters:
    ///   - id: 1 to 256 bytes of UTF-8 without NUL.
    ///   - vector: `D` finite elements with a norm up to `normMax`.
    ///   - ordinal: the caller's number for the id, kept with the row.
    /// - Throws: ``StoreError``: `invalidArgument`, or `resourceExhausted` where the row would pass
    ///   `bytesMax`.
    /// - Complexity: O(D + id length), see the type for what growth adds.
    @discardableResult
    package func put(
        _ id: UnsafeRawBufferPointer, vector: UnsafeBufferPointer<Float>,
        ordinal: UInt32 = EmbeddingStore.noOrdinal
    ) throws(StoreError) -> Outcome {
        let outcome = try put([Entry(id: id, vector: vector, ordinal: ordinal)], isBatch: false)
        return outcome.added == 1 ? .added : .replaced
    }

    /// Adds or replaces all of the rows or, where it throws, none. The last of several entries with
    /// one id stands. Readers may see the rows appear one by one.
    ///
    /// - Throws: ``StoreError`` with the position of the first entry that is invalid;
    ///   `resourceExhausted` where the rows would pass `bytesMax`. Rows replaced lately still count
    ///   until readers have let go of them.
    @discardableResult
    package func put(_ entries: [Entry]) throws(StoreError) -> BatchOutcome {
        try put(entries, isBatch: true)
    }

    private func put(_ entries: [Entry], isBatch: Bool) throws(StoreError) -> BatchOutcome {
        for (position, entry) in entries.enumerated() {
            try validate(entry, at: isBatch ? position : nil)
        }
        let hashes = entries.map { hash($0.id.baseAddress!, count: $0.id.count) }
        let involved = Set(hashes.map(shardIndex)).sorted()
        // Ascending order for everyone, so that two batches never wait for each other.
        for index in involved { shards[index].lock.lock() }
        defer { for index in involved { shards[index].lock.unlock() } }
        try makeRoom(for: entries, hashes: hashes, in: involved)
        var outcome = BatchOutcome()
        for (entry, hash) in zip(entries, hashes) {
            switch shards[shardIndex(hash)].put(
                Self.tag(hash), id: entry.id, vector: entry.vector.baseAddress!,
                ordinal: entry.ordinal)
            {
            case .added: outcome.added += 1
            case .replaced: outcome.replaced += 1
            }
        }
        for index in involved { shards[index].reclaim() }
        return outcome
    }

    /// Removes the row with an id; false where there is none.
    @discardableResult
    package func delete(_ id: UnsafeRawBufferPointer) -> Bool {
        guard (1...Self.idBytesMax).contains(id.count) else { return false }
        let hash = hash(id.baseAddress!, count: id.count)
        let shard = shards[shardIndex(hash)]
        return shard.lock.withLock { shard.delete(Self.tag(hash), id: id) }
    }

    /// Frees everything that no reader can hold any more, and shrinks what has become too large.
    /// Puts and deletes free memory as they go; call this when there are none for a while.
    ///
    /// - Complexity: O(readers x shards + what is freed), plus O(ids) for tables that shrink.
    package func trim() {
        for shard in shards { shard.lock.withLock { shard.reclaim(trimming: true) } }
    }

    /// Charges and allocates what the entries will take, or throws with nothing changed. Locks are
    /// held.
    private func makeRoom(
        for entries: [Entry], hashes: [UInt64], in involved: [Int]
    ) throws(StoreError) {
        var needs = Array(repeating: Shard.Need(), count: shards.count)
        for (entry, hash) in zip(entries, hashes) {
            let index = shardIndex(hash)
            needs[index].add(
                entry.id, isNew: shards[index].find(Self.tag(hash), entry.id) == nil)
        }
        for index in involved where !shards[index].canNumber(needs[index]) {
            throw StoreError(.resourceExhausted, "shard \(index) has no slot number left")
        }
        func bytes() -> Int {
            involved.reduce(0) { $0 + shards[$1].bytesToCharge(for: needs[$1]) }
        }
        var missing = bytes()
        if !budget.charge(missing) {
            for index in involved { shards[index].reclaim(trimming: false) }
            missing = bytes()
            guard budget.charge(missing) else {
                throw StoreError(
                    .resourceExhausted,
                    "\(missing) more bytes would pass bytesMax \(configuration.bytesMax);"
                        + " \(budget.used) are in use")
            }
        }
        do {
            for index in involved { try shards[index].makeRoom(for: needs[index]) }
        } catch {
            // What was allocated stays, as free room; the rest was charged for nothing.
            budget.release(bytes())
            throw error
        }
    }
}
