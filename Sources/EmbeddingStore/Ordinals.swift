import Synchronization

/// Gives ordinals to ids, and takes them back once no reader can hold them.
///
/// Ordinals below `firstFree` are the caller's to give; from there up to `end` they are given here,
/// those taken back first. A put reserves what it may need before it changes anything, so one that
/// is refused leaves none behind.
///
/// Who may change a word: whoever holds `lock`, where it is free, reserved or dead; the shard of
/// the row's id, under its own lock, where it has a row or was reserved for one.
final class Ordinals: @unchecked Sendable {
    // Safe to share: everything that changes is used under `lock`, except the words, of which the
    // type says who may change them.

    let directory: OrdinalDirectory
    private let firstFree: Int
    private let end: Int
    private let budget: MemoryBudget

    /// Taken after the locks of shards, never before one.
    private let lock = WriterLock()
    /// The lowest ordinal that was never given here.
    private var next: Int
    /// Head of the list of ordinals taken back, + 1; 0 where there is none.
    private var firstTakenBack: UInt64 = 0
    /// By segment: words that are neither 0 nor in the list of free ones.
    private var occupied = Array(repeating: 0, count: OrdinalDirectory.segmentsMax)

    /// `OrdinalDirectory.bytes` are charged already.
    init(firstFree: Int, end: Int, budget: MemoryBudget) {
        self.firstFree = firstFree
        self.end = end
        self.budget = budget
        next = firstFree
        let base = UnsafeMutableRawPointer.allocate(
            byteCount: OrdinalDirectory.bytes, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: OrdinalDirectory.bytes)
        directory = OrdinalDirectory(base: base)
    }

    deinit {
        for index in 0..<OrdinalDirectory.segmentsMax {
            if let segment = directory.segment(index) { Memory.deallocate(segment) }
        }
        directory.base.deallocate()
    }

    /// What a batch reserved.
    struct Reservation {
        /// By the caller.
        fileprivate(set) var given: [UInt32] = []
        /// From `firstFree` up, to be taken from the end.
        var assigned: [UInt32] = []
    }

    /// Reserves an ordinal for every entry of a batch that has no row yet: the one it gives, or one
    /// from the store's own. Locks of the entries' shards are held.
    ///
    /// - Parameter newEntries: positions in `entries` of those without a row.
    /// - Throws: ``StoreError``, with nothing reserved.
    func reserve(
        for newEntries: [Int], of entries: [EmbeddingStore.Entry], isBatch: Bool
    ) throws(StoreError) -> Reservation {
        lock.lock()
        defer { lock.unlock() }
        var reservation = Reservation()
        do throws(StoreError) {
            for position in newEntries {
                if let ordinal = entries[position].ordinal {
                    try reserve(ordinal, at: position, of: entries, isBatch, &reservation)
                } else {
                    try assign(to: &reservation)
                }
            }
            // So that they are taken in ascending order.
            reservation.assigned.reverse()
            return reservation
        } catch {
            cancelLocked(reservation)
            throw error
        }
    }

    private func reserve(
        _ ordinal: UInt32, at position: Int, of entries: [EmbeddingStore.Entry], _ isBatch: Bool,
        _ reservation: inout Reservation
    ) throws(StoreError) {
        let place = isBatch ? position : nil
        guard ordinal < firstFree else {
            throw StoreError(
                .invalidArgument, at: place,
                "ordinal \(ordinal) is one that the store gives, from \(firstFree) up;"
                    + " leave it out")
        }
        let word = try makeWord(Int(ordinal))
        let value = word.load(as: UInt64.self)
        guard value == 0 || value & 3 == 1 else {
            // An earlier entry of this batch may have reserved it for the same id.
            let id = entries[position].id
            let isOwn = entries[..<position].contains {
                $0.ordinal == ordinal && $0.id.elementsEqual(id)
            }
            if isOwn { return }
            throw StoreError(
                .invalidArgument, at: place, "ordinal \(ordinal) belongs to another id")
        }
        if value == 0 { occupy(ordinal) }
        word.atomicWord().pointee.store(OrdinalDirectory.reserved, ordering: .relaxed)
        reservation.given.append(ordinal)
    }

    private func assign(to reservation: inout Reservation) throws(StoreError) {
        let ordinal: UInt32
        if firstTakenBack != 0 {
            ordinal = UInt32(firstTakenBack - 1)
            firstTakenBack = directory.word(ordinal)!.load(as: UInt64.self) >> 2
        } else {
            guard next < end else {
                throw StoreError(
                    .resourceExhausted,
                    "all \(end - firstFree) ordinals from \(firstFree) up are taken")
            }
            ordinal = UInt32(next)
            _ = try makeWord(next)
            next += 1
        }
        directory.word(ordinal)!.atomicWord().pointee.store(
            OrdinalDirectory.reserved, ordering: .relaxed)
        occupy(ordinal)
        reservation.assigned.append(ordinal)
    }

    /// Frees what a batch reserved and did not use.
    func cancel(_ reservation: Reservation) {
        lock.withLock { cancelLocked(reservation) }
    }

    private func cancelLocked(_ reservation: Reservation) {
        // The lowest last, so that they are given again in ascending order.
        for ordinal in (reservation.given + reservation.assigned).sorted(by: >)
        where directory.word(ordinal)!.load(as: UInt64.self) == OrdinalDirectory.reserved {
            takeBack(ordinal)
        }
    }

    /// Takes back the ordinals of rows that were deleted and that no reader can hold any more.
    func release(_ rows: some Sequence<StoreRow>) {
        lock.lock()
        defer { lock.unlock() }
        for row in rows {
            // Where the ordinal has another row by now, or another put has it, it stays theirs.
            guard let word = directory.word(row.ordinal),
                word.atomicWord().pointee.load(ordering: .relaxed) == UInt64(
                    UInt(bitPattern: row.base)) | 1
            else { continue }
            takeBack(row.ordinal)
        }
    }

    private func takeBack(_ ordinal: UInt32) {
        occupied[OrdinalDirectory.place(of: ordinal).segment] -= 1
        if ordinal >= firstFree {
            list(ordinal)
        } else {
            directory.word(ordinal)!.atomicWord().pointee.store(0, ordering: .relaxed)
        }
    }

    /// Puts a free ordinal at the head of the list.
    private func list(_ ordinal: UInt32) {
        directory.word(ordinal)!.atomicWord().pointee.store(
            firstTakenBack << 2 | 3, ordering: .relaxed)
        firstTakenBack = UInt64(ordinal) + 1
    }

    private func occupy(_ ordinal: UInt32) {
        occupied[OrdinalDirectory.place(of: ordinal).segment] += 1
    }

    /// Leads readers from the row's ordinal to it. The ordinal was reserved, or is an older row's
    /// of the same id. The shard's lock is held.
    func publish(_ row: StoreRow) {
        directory.word(row.ordinal)!.atomicWord().pointee.store(
            UInt64(UInt(bitPattern: row.base)), ordering: .releasing)
    }

    /// From here on the row's ordinal leads nowhere. The shard's lock is held.
    func unpublish(_ row: StoreRow) {
        directory.word(row.ordinal)!.atomicWord().pointee.store(
            UInt64(UInt(bitPattern: row.base)) | 1, ordering: .releasing)
    }

    /// The word of an ordinal, in a segment that is added where it is missing.
    private func makeWord(_ ordinal: Int) throws(StoreError) -> UnsafeMutableRawPointer {
        if let word = directory.word(UInt32(ordinal)) { return word }
        let segment = OrdinalDirectory.place(of: UInt32(ordinal)).segment
        let bytes = OrdinalDirectory.bytes(of: segment)
        guard budget.charge(bytes) else { throw budget.refusal(of: bytes) }
        do {
            directory.setSegment(try Memory.allocateZeroed(bytes), at: segment)
        } catch {
            budget.release(bytes)
            throw error
        }
        return directory.word(UInt32(ordinal))!
    }

    /// Unlinks the segments without a row, for the caller to retire.
    ///
    /// Ordinals in the last of them count as never given again, so that the list of those taken
    /// back leads into no segment that is gone.
    ///
    /// - Complexity: O(n log n) in the ordinals taken back.
    func trim() -> [Limbo.Region] {
        lock.lock()
        defer { lock.unlock() }
        let segments = 0..<OrdinalDirectory.segmentsMax
        for segment in segments.reversed() where directory.segment(segment) != nil {
            guard occupied[segment] == 0 else { break }
            next = min(next, max(firstFree, OrdinalDirectory.ordinals(of: segment).lowerBound))
        }
        unlistFromNext()
        var regions: [Limbo.Region] = []
        for index in segments {
            guard let segment = directory.segment(index), occupied[index] == 0,
                OrdinalDirectory.ordinals(of: index).clamped(to: firstFree..<next).isEmpty
            else { continue }
            directory.setSegment(nil, at: index)
            regions.append(
                Limbo.Region(
                    base: segment, bytes: OrdinalDirectory.bytes(of: index), kind: .heap))
        }
        return regions
    }

    /// Keeps only those below `next` in the list of ordinals taken back, the lowest first.
    private func unlistFromNext() {
        var kept: [UInt32] = []
        while firstTakenBack != 0 {
            let ordinal = UInt32(firstTakenBack - 1)
            let word = directory.word(ordinal)!.atomicWord()
            firstTakenBack = word.pointee.load(ordering: .relaxed) >> 2
            word.pointee.store(0, ordering: .relaxed)
            if ordinal < next { kept.append(ordinal) }
        }
        for ordinal in kept.sorted(by: >) { list(ordinal) }
    }
}
