internal import CSQLite
internal import Glibc
internal import Interactions

/// A shop's events and catalog in one SQLite file, as the server that writes it has it open.
///
/// Everything that changes it goes between ``begin()`` and ``commit()``, after which it is durable:
/// the log is synced at each commit (`synchronous=FULL`). Used by one thread at a time. Where a
/// change throws, ``rollBack()`` leaves file and memory as they were before ``begin()``.
///
/// Memory: the ids of users and items (their bytes and about 25 more), 8 to 22 bytes an event whose
/// id a client made, 4 bytes for up to two million events that are not indexed yet.
package final class Journal {
    package struct Options: Sendable {
        /// Bytes that the database file may have; nil for as many as the disk holds.
        package var bytesMax: Int?
        /// A larger file is opened without a check; whoever opens it is to call ``Journal/check(_:isCanceled:)``.
        package var checkedAtOnceBytesMax = Int.max

        package init() {}
    }

    package let path: String
    let database: SQLiteConnection
    private let lock: JournalLock
    var users = IdentifierTable()
    var items = IdentifierTable()
    var eventIDs: EventIdentifiers
    /// Of the ids of a batch that is recorded.
    var hashes: [UInt64] = []
    private let idLog: EventIDLog
    let state: StateFile
    var userIndex: UserIndex
    let statements: JournalStatements
    /// What the open transaction removes, taken out of memory at its commit.
    var erasedUsers: [Int32] = []
    var erasedIDs: [(hash: UInt64, sequence: Int64)] = []
    var erasedSequences: [Int64] = []
    var removesEvents = false
    /// Of the newest event; those of erased events are not given again.
    package internal(set) var watermark: Int64
    private var committed: (users: Int, items: Int, watermark: Int64)
    /// What keeps the journal from being written until it is opened again.
    package private(set) var failure: JournalError?
    /// Whether the file was checked when it was opened.
    package let isChecked: Bool

    /// Opens a journal, or makes one where there is no file.
    ///
    /// - Parameter path: of the database file; `path-wal`, `path.lock`, `path.ids` and `path.live` are beside it.
    /// - Throws: ``JournalError`` where it is damaged (SQLite's `quick_check`), foreign, newer, in
    ///   use by another server, or cannot be written.
    /// - Complexity: O(its size) where it is checked; the ids of users and items are read, a word an event of
    ///   `path.ids` (or the events, where that lacks them), and the events that are not indexed yet.
    package init(_ path: String, _ options: Options = Options()) throws(JournalError) {
        self.path = path
        lock = try JournalLock(path)
        database = try SQLiteConnection(path, .create)
        isChecked = try Self.prepare(database, options)
        idLog = EventIDLog(path + ".ids")
        state = StateFile(path + ".live")
        eventIDs = EventIdentifiers(seed: idLog.seed)
        statements = try JournalStatements(database)
        userIndex = try UserIndex(
            database,
            indexed: try database.integer("SELECT sequence FROM marks WHERE name = 'indexed'") ?? 0)
        let marked = try database.integer("SELECT sequence FROM marks WHERE name = 'last'") ?? 0
        watermark = max(marked, try database.integer("SELECT max(sequence) FROM events") ?? 0)
        committed = (0, 0, watermark)
        try Self.read(&users, "users", database)
        try Self.read(&items, "items", database)
        try readEvents(after: try readIDLog())
        markCommitted()
    }

    /// - Returns: whether it was checked.
    private static func prepare(
        _ database: SQLiteConnection, _ options: Options
    ) throws(JournalError) -> Bool {
        // Before anything is written: it fails where the file is no database.
        let isNew = try database.integer("SELECT count(*) FROM sqlite_schema") == 0
        if !isNew { try JournalSchema.check(database) }
        if try database.text("PRAGMA journal_mode = WAL") != "wal" {
            throw JournalError(
                .readOnly,
                "\(database.path): the file system cannot keep a write-ahead log (WAL) for it")
        }
        try database.run(
            """
            PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = -65536;
            PRAGMA wal_autocheckpoint = 8192; PRAGMA journal_size_limit = 67108864;
            """)
        let pageBytes = try database.integer("PRAGMA page_size") ?? 4096
        let pages = try database.integer("PRAGMA page_count") ?? 0
        let isChecked = isNew || pages * pageBytes <= Int64(options.checkedAtOnceBytesMax)
        if isNew {
            try database.run(
                "PRAGMA application_id = \(JournalSchema.applicationID); BEGIN IMMEDIATE; "
                    + JournalSchema.create + " COMMIT")
        } else if isChecked {
            try check(database)
        }
        if let bytesMax = options.bytesMax {
            try database.run("PRAGMA max_page_count = \(max(1, Int64(bytesMax) / pageBytes))")
        }
        // That the file can be written shows now and not at the first event.
        try database.run("BEGIN IMMEDIATE; UPDATE marks SET sequence = sequence; COMMIT")
        return isChecked
    }

    private static func check(_ database: SQLiteConnection) throws(JournalError) {
        if let problem = try database.text("PRAGMA quick_check(1)"), problem != "ok" {
            throw database.error(SQLITE_CORRUPT, because: problem)
        }
    }

    /// Checks a journal's file, also while a server writes it, whose log is not emptied meanwhile.
    ///
    /// - Parameter isCanceled: asked now and then; ends the check, which has then found nothing.
    /// - Throws: `damaged`.
    /// - Complexity: O(its size).
    package static func check(
        _ path: String, isCanceled: @escaping () -> Bool
    ) throws(JournalError) {
        let database = try SQLiteConnection(path, .read)
        do {
            try database.interrupt(where: isCanceled) { () throws(JournalError) in
                try check(database)
            }
        } catch {
            guard !isCanceled() else { return }
            throw error
        }
    }

    private static func read(
        _ table: inout IdentifierTable, _ name: String, _ database: SQLiteConnection
    ) throws(JournalError) {
        let rows = try database.prepare("SELECT number, id FROM \(name) ORDER BY number")
        while try rows.step() {
            let number = rows.integer(0)
            guard number >= table.count, number < Int64(Int32.max) else {
                throw database.error(SQLITE_CORRUPT, because: "\(name) has the number \(number)")
            }
            while table.count < number { table.skipNumber() }
            let id = rows.bytes(1)
            guard Int64(table.insert(id.assumingMemoryBound(to: UInt8.self))) == number else {
                throw database.error(SQLITE_CORRUPT, because: "\(name) has an id twice")
            }
        }
    }

    /// Takes in what `path.ids` has of this journal.
    ///
    /// - Returns: the sequence up to which that is.
    private func readIDLog() throws(JournalError) -> Int64 {
        let blocks = min(idLog.blocks, watermark / EventIDLog.blockEntries)
        // One that is ahead of the events was another journal's, or this one's before a copy was put back.
        guard idLog.blocks <= blocks, try isOurs(blocks * EventIDLog.blockEntries) else {
            idLog.reset()
            eventIDs = EventIdentifiers(seed: idLog.seed)
            return 0
        }
        var count = 0
        idLog.readBlocks(upTo: blocks) { _, hashes in
            for hash in hashes where hash != 0 { count += 1 }
        }
        eventIDs.reserve(count)
        var entries: [(hash: UInt64, sequence: Int64)] = []
        idLog.readBlocks(upTo: blocks) { first, hashes in
            for (place, hash) in hashes.enumerated() where hash != 0 {
                entries.append((hash, first + Int64(place)))
            }
            guard entries.count >= Self.loadPortion else { return }
            eventIDs.load(entries)
            entries.removeAll(keepingCapacity: true)
        }
        eventIDs.load(entries)
        return idLog.last
    }

    /// Whether hashes of the log, drawn evenly, are those of the events; one of an event that is gone may be any.
    private func isOurs(_ last: Int64) throws(JournalError) -> Bool {
        let row = statements.eventID
        for draw in 1...Self.draws where last >= Self.draws {
            let sequence = last * draw / Self.draws
            row.bind(1, sequence)
            defer { row.reset() }
            guard try row.step() else { continue }
            let hash = row.isNull(0) ? 0 : eventIDs.hash(row.bytes(0))
            guard idLog.entry(sequence) == hash else { return false }
        }
        return true
    }

    private static let draws: Int64 = 64

    /// Reads the events that the log of ids lacks, and those that are not indexed yet.
    private func readEvents(after logged: Int64) throws(JournalError) {
        let indexed = userIndex.indexed
        let rows = try database.prepare(
            "SELECT sequence, id, user FROM events WHERE sequence > ? ORDER BY sequence")
        rows.bind(1, min(indexed, logged))
        while try rows.step() {
            let sequence = rows.integer(0)
            if sequence > logged, !rows.isNull(1) {
                eventIDs.insert(eventIDs.hash(rows.bytes(1)), sequence)
                if eventIDs.uncommitted.count == Self.logPortion { logIDs(upTo: sequence) }
            }
            if sequence > indexed {
                userIndex.append(
                    user: rows.isNull(2) ? EventTable.none : Int32(rows.integer(2)), sequence)
            }
        }
    }

    private func logIDs(upTo sequence: Int64) {
        idLog.append(eventIDs.uncommitted, upTo: sequence)
        eventIDs.commit()
    }

    private static let logPortion = 65_536
    private static let loadPortion = 1 << 19

    // MARK: Transactions

    /// Begins a transaction.
    ///
    /// - Throws: also where an earlier failure keeps the journal from being written.
    package func begin() throws(JournalError) {
        if let failure { throw failure }
        try noteFailure { () throws(JournalError) in try database.run("BEGIN IMMEDIATE") }
    }

    /// Makes everything since ``begin()`` durable.
    ///
    /// - Throws: where that is not sure; nothing of it is to be acknowledged, and all is as before.
    package func commit() throws(JournalError) {
        // Before it is sure that they go: what was derived of them must not outlive them.
        if removesEvents { state.invalidate() }
        do {
            try noteFailure { () throws(JournalError) in try database.run("COMMIT") }
        } catch {
            rollBack()
            throw error
        }
        markCommitted()
    }

    /// Leaves everything as it was before ``begin()``.
    package func rollBack() {
        // Some failures have ended the transaction already.
        if database.isInTransaction { try? database.run("ROLLBACK") }
        users.truncate(to: committed.users)
        items.truncate(to: committed.items)
        eventIDs.rollBack()
        userIndex.rollBack()
        dropErased()
        watermark = committed.watermark
    }

    private func markCommitted() {
        for user in erasedUsers { users.erase(Int(user)) }
        for (hash, sequence) in erasedIDs { eventIDs.erase(hash, sequence) }
        for sequence in erasedSequences { userIndex.erase(sequence) }
        logIDs(upTo: watermark)
        idLog.erase(erasedIDs.map(\.sequence))
        dropErased()
        committed = (users.count, items.count, watermark)
        userIndex.commit()
    }

    private func dropErased() {
        erasedUsers.removeAll()
        erasedIDs.removeAll()
        erasedSequences.removeAll()
        removesEvents = false
    }

    /// Remembers a failure after which nothing may be written.
    func noteFailure<R>(_ body: () throws(JournalError) -> R) throws(JournalError) -> R {
        do {
            return try body()
        } catch {
            if error.isFatal, failure == nil { failure = error }
            throw error
        }
    }

    // MARK: Numbers

    func text(_ range: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    /// The number of a user, given now if she is new.
    func number(ofUser id: UnsafeRawBufferPointer) throws(JournalError) -> Int64 {
        try number(of: id, in: &users, statements.insertUser)
    }

    /// The number of an item, given now if it is new.
    func number(ofItem id: UnsafeRawBufferPointer) throws(JournalError) -> Int64 {
        try number(of: id, in: &items, statements.insertItem)
    }

    private func number(
        of id: UnsafeRawBufferPointer, in table: inout IdentifierTable, _ insert: SQLiteStatement
    ) throws(JournalError) -> Int64 {
        let before = table.count
        let number = Int64(table.insert(id.assumingMemoryBound(to: UInt8.self)))
        if table.count > before {
            insert.bind(1, number)
            insert.bind(2, text: id)
            try insert.run()
        }
        return number
    }
}
