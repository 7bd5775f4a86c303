internal import CSQLite

/// One connection to a SQLite database, used by one thread at a time.
final class SQLiteConnection {
    enum Access { case create, read }

    private let handle: OpaquePointer
    let path: String

    /// Once, before any connection; where other code came first SQLite refuses, and all stays as it was.
    private static let configure: Void = { _ = sc_sqlite_count_no_memory() }()

    /// - Throws: where the file cannot be opened; SQLite reads it only later.
    init(_ path: String, _ access: Access) throws(JournalError) {
        self.path = path
        Self.configure
        var handle: OpaquePointer?
        let flags =
            access == .create
            ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
        let result = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX, nil)
        guard let handle else {
            throw JournalError(.io, "\(path): no memory for a database connection")
        }
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        // Another process may be reading the log's index, or checkpointing.
        sqlite3_busy_timeout(handle, 5_000)
        guard result == SQLITE_OK else { throw error(result) }
    }

    deinit { sqlite3_close_v2(handle) }

    /// Runs statements that have no results or whose results do not matter.
    func run(_ sql: String) throws(JournalError) {
        let result = sqlite3_exec(handle, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw error(result) }
    }

    /// Compiles a statement that is used again and again.
    func prepare(_ sql: String) throws(JournalError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let result = sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard result == SQLITE_OK, let statement else { throw error(result) }
        return SQLiteStatement(statement, of: self)
    }

    /// The first column of a query's first row; nil where there is none or it is NULL.
    func integer(_ sql: String) throws(JournalError) -> Int64? {
        let statement = try prepare(sql)
        return try statement.step() && !statement.isNull(0) ? statement.integer(0) : nil
    }

    func text(_ sql: String) throws(JournalError) -> String? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.string(0) : nil
    }

    /// Ends statements of `body` with an error once `isCanceled` says so, which it is asked now and then.
    func interrupt(
        where isCanceled: @escaping () -> Bool, _ body: () throws(JournalError) -> Void
    ) throws(JournalError) {
        let question = Question(isYes: isCanceled)
        sqlite3_progress_handler(
            handle, 10_000,
            { Unmanaged<Question>.fromOpaque($0!).takeUnretainedValue().isYes() ? 1 : 0 },
            Unmanaged.passUnretained(question).toOpaque())
        defer {
            sqlite3_progress_handler(handle, 0, nil, nil)
            withExtendedLifetime(question) {}
        }
        try body()
    }

    private final class Question {
        let isYes: () -> Bool
        init(isYes: @escaping () -> Bool) { self.isYes = isYes }
    }

    /// Whether a transaction is open; some failures end it.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Moves the log into the database file and empties it.
    ///
    /// - Returns: false where a reader still needs some of the log.
    func truncateLog() throws(JournalError) -> Bool {
        sqlite3_busy_timeout(handle, 0)
        defer { sqlite3_busy_timeout(handle, 5_000) }
        let result = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        if result & 0xff == SQLITE_BUSY || result & 0xff == SQLITE_LOCKED { return false }
        guard result == SQLITE_OK else { throw error(result) }
        return true
    }

    /// What a result code comes to.
    ///
    /// - Parameter reason: nil for SQLite's own words.
    func error(_ result: Int32, because reason: String? = nil) -> JournalError {
        let reason = reason ?? String(cString: sqlite3_errmsg(handle))
        switch result & 0xff {
        case SQLITE_FULL:
            return JournalError(
                .full,
                "\(path): the disk is full, or the journal has its largest size (\(reason)); make room"
            )
        case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM:
            return JournalError(
                .readOnly,
                "\(path): cannot be opened or written (\(reason)); file and folder must be writable for the server's user"
            )
        case SQLITE_CORRUPT:
            return JournalError(
                .damaged,
                "\(path): the journal is damaged (\(reason)); restore it from a copy, or save what can be read with `sqlite3 FILE .recover`"
            )
        case SQLITE_NOTADB:
            return JournalError(.foreign, "\(path): is not an SQLite database (\(reason))")
        case SQLITE_BUSY, SQLITE_LOCKED:
            return JournalError(.inUse, "\(path): another program keeps it locked (\(reason))")
        default: return JournalError(.io, "\(path): SQLite failed with code \(result): \(reason)")
        }
    }
}

/// A compiled statement. Bound memory is read by ``step()`` and must last until then.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let connection: SQLiteConnection

    init(_ handle: OpaquePointer, of connection: SQLiteConnection) {
        (self.handle, self.connection) = (handle, connection)
    }

    deinit { sqlite3_finalize(handle) }

    func bind(_ place: Int32, _ value: Int64) { sqlite3_bind_int64(handle, place, value) }
    func bind(_ place: Int32, _ value: Double) { sqlite3_bind_double(handle, place, value) }
    func bindNull(_ place: Int32) { sqlite3_bind_null(handle, place) }

    func bind(_ place: Int32, text: UnsafeRawBufferPointer) {
        sqlite3_bind_text(
            handle, place, text.baseAddress?.assumingMemoryBound(to: CChar.self),
            Int32(text.count), nil)
    }

    func bind(_ place: Int32, blob: UnsafeRawBufferPointer) {
        sqlite3_bind_blob(handle, place, blob.baseAddress, Int32(blob.count), nil)
    }

    /// Goes to the next row; false after the last, from where the statement starts anew.
    func step() throws(JournalError) -> Bool {
        let result = sqlite3_step(handle)
        if result == SQLITE_ROW { return true }
        sqlite3_reset(handle)
        guard result == SQLITE_DONE else { throw connection.error(result) }
        return false
    }

    /// Runs a statement without rows.
    func run() throws(JournalError) { while try step() {} }

    /// Goes back to before the first row.
    func reset() { sqlite3_reset(handle) }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    func double(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
    func isBlob(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_BLOB }

    /// A text's or blob's bytes; valid until the next step.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(
            start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }

    func string(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }
}
