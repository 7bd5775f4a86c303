import CSQLite
import Foundation

/// The same events written by SQLite alone: one table, one connection, one thread, nothing looked
/// up, a transaction for each batch.
struct PlainSQLite {
    let path: String

    /// - Returns: durable events a second.
    func eventsPerSecond(batch: Int, for duration: Duration) throws(Failure) -> Double {
        var database: OpaquePointer?
        defer { sqlite3_close(database) }
        try check(sqlite3_open(path, &database), database)
        try run(
            """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8192;
            CREATE TABLE events(
                sequence INTEGER PRIMARY KEY, id BLOB, user INTEGER, item INTEGER, kind INTEGER,
                value REAL, time INTEGER, basket TEXT)
            """, database)
        var insert: OpaquePointer?
        defer { sqlite3_finalize(insert) }
        try check(
            sqlite3_prepare_v2(
                database, "INSERT INTO events VALUES(?, ?, ?, ?, ?, 1, ?, NULL)", -1, &insert, nil),
            database)
        let start = LoadGenerator.now()
        var (written, elapsed) = (0, 0.0)
        while elapsed < duration.seconds {
            try run("BEGIN IMMEDIATE", database)
            for _ in 0..<batch {
                written += 1
                var id = (UInt64(written), UInt64(written) &* 0x9e37_79b9_7f4a_7c15)
                sqlite3_bind_int64(insert, 1, Int64(written))
                sqlite3_bind_int(insert, 3, Int32(id.1 >> 46))
                sqlite3_bind_int(insert, 4, Int32(written % 10_000))
                sqlite3_bind_int(insert, 5, Int32(written % 4))
                sqlite3_bind_int64(insert, 6, Int64(1_700_000_000 + written))
                let result = withUnsafeBytes(of: &id) { bytes in
                    sqlite3_bind_blob(insert, 2, bytes.baseAddress, 16, nil)
                    return sqlite3_step(insert)
                }
                guard result == SQLITE_DONE else { throw failure(database) }
                sqlite3_reset(insert)
            }
            try run("COMMIT", database)
            elapsed = Double(LoadGenerator.now() - start) * 1e-9
        }
        return Double(written) / elapsed
    }

    private func run(_ sql: String, _ database: OpaquePointer?) throws(Failure) {
        try check(sqlite3_exec(database, sql, nil, nil, nil), database)
    }

    private func check(_ result: Int32, _ database: OpaquePointer?) throws(Failure) {
        guard result == SQLITE_OK else { throw failure(database) }
    }

    private func failure(_ database: OpaquePointer?) -> Failure {
        Failure("\(path): \(String(cString: sqlite3_errmsg(database)))")
    }
}
