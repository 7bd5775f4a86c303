internal import Interactions

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
    ///   - ordinal: see ``Entry/ordinal``.
    /// - Throws: ``StoreError``: `invalidArgument`, or `resourceExhausted` where the row would pass
    ///   `bytesMax` or no ordinal is left.
    /// - Complexity: O(D + id length), see the type for what growth adds.
    @discardableResult
    package func put(
        _ id: UnsafeRawBufferPointer, vector: UnsafeBufferPointer<Float>, ordinal: UInt32? = nil
    ) throws(StoreError) -> Outcome {
        let outcome = try put([Entry(id: id, vector: vector, ordinal: ordinal)], isBatch: false)
        return outcome.added == 1 ? .added : .replaced
    }

    /// Adds or replaces all of the rows or, where it throws, none. The last vector of several
    /// entries with one id stands, with the ordinal of the first. Readers may see the rows appear
    /// one by one.
    ///
    /// - Throws: ``StoreError`` with the position of the first entry that is invalid;
    ///   `resourceExhausted` where the rows would pass `bytesMax`, or no ordinal is left. Rows
    ///   replaced lately still count until readers have let go of them.
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
        let plan = try plan(entries, hashes: hashes, isBatch: isBatch)
        var reservation = Ordinals.Reservation()
        // What is left of it goes back, which is all of it where there is no room.
        defer { if !plan.newEntries.isEmpty { ordinals.cancel(reservation) } }
        do throws(StoreError) {
            reservation = try reserveOrdinals(plan, entries, isBatch: isBatch, in: involved)
            try makeRoom(for: plan, in: involved)
        } catch {
            ordinals.cancel(reservation)
            reservation = Ordinals.Reservation()
            trimOrdinals(into: shards[involved[0]])
            throw error
        }
        var outcome = BatchOutcome()
        for (entry, hash) in zip(entries, hashes) {
            let shard = shards[shardIndex(hash)]
            let old = shard.find(Self.tag(hash), entry.id)
            let ordinal =
                old.map { shard.row($0).ordinal } ?? entry.ordinal
                ?? reservation.assigned.removeLast()
            shard.put(
                Self.tag(hash), id: entry.id, vector: entry.vector.baseAddress!, ordinal: ordinal,
                replacing: old)
            if old == nil { outcome.added += 1 } else { outcome.replaced += 1 }
        }
        for index in involved { shards[index].reclaim() }
        return outcome
    }

    /// Removes the row with an id; false where there is none.
    @discardableResult
    package func delete(_ id: UnsafeRawBufferPointer) -> Bool {
        guard IdentifierRule.permits(byteCount: id.count) else { return false }
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
        shards[0].lock.withLock { trimOrdinals(into: shards[0]) }
    }

    /// Lets a shard, any shard, wait for readers to let go of what the directory of ordinals needs
    /// no more. The shard's lock is held.
    private func trimOrdinals(into shard: Shard) {
        let segments = ordinals.trim()
        guard !segments.isEmpty else { return }
        for segment in segments { shard.retire(segment) }
        shard.reclaim(trimming: false)
    }

    /// What a batch will take.
    private struct Plan {
        /// By shard.
        var needs: [Shard.Need]
        /// Positions of the entries whose ids have no row.
        var newEntries: [Int] = []
    }

    /// Locks are held.
    private func plan(
        _ entries: [Entry], hashes: [UInt64], isBatch: Bool
    ) throws(StoreError) -> Plan {
        var plan = Plan(needs: Array(repeating: Shard.Need(), count: shards.count))
        for (position, entry) in entries.enumerated() {
            let index = shardIndex(hashes[position])
            let present = shards[index].find(Self.tag(hashes[position]), entry.id)
            plan.needs[index].add(entry.id, isNew: present == nil)
            guard let present else {
                plan.newEntries.append(position)
                continue
            }
            let ordinal = shards[index].row(present).ordinal
            guard entry.ordinal ?? ordinal == ordinal else {
                throw StoreError(
                    .invalidArgument, at: isBatch ? position : nil,
                    "the id has ordinal \(ordinal) and cannot be given \(entry.ordinal!)")
            }
        }
        return plan
    }

    /// Reserves ordinals for the new ids, or throws with nothing changed. Locks are held.
    private func reserveOrdinals(
        _ plan: Plan, _ entries: [Entry], isBatch: Bool, in involved: [Int]
    ) throws(StoreError) -> Ordinals.Reservation {
        guard !plan.newEntries.isEmpty else { return Ordinals.Reservation() }
        do {
            return try ordinals.reserve(for: plan.newEntries, of: entries, isBatch: isBatch)
        } catch {
            guard error.code == .resourceExhausted else { throw error }
            for index in involved { shards[index].reclaim(trimming: false) }
            return try ordinals.reserve(for: plan.newEntries, of: entries, isBatch: isBatch)
        }
    }

    /// Charges and allocates what a batch will take, or throws with nothing changed. Locks are
    /// held.
    private func makeRoom(for plan: Plan, in involved: [Int]) throws(StoreError) {
        let needs = plan.needs
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
            guard budget.charge(missing) else { throw budget.refusal(of: missing) }
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
