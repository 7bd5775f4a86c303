/// The statements that a journal runs again and again.
final class JournalStatements {
    let insertUser, insertItem, insertEvent: SQLiteStatement
    let eventID, eventByClient, event: SQLiteStatement
    let indexedOfUser: SQLiteStatement
    let deleteEvent, deleteIndexed, deleteUser, markLast: SQLiteStatement
    let getItem, putItem, removeItem: SQLiteStatement
    let oldest: SQLiteStatement

    init(_ database: SQLiteConnection) throws(JournalError) {
        func make(_ sql: String) throws(JournalError) -> SQLiteStatement {
            try database.prepare(sql)
        }
        insertUser = try make("INSERT INTO users VALUES(?, ?)")
        insertItem = try make("INSERT INTO items VALUES(?, ?)")
        insertEvent = try make("INSERT INTO events VALUES(?, ?, ?, ?, ?, ?, ?, ?)")
        eventID = try make("SELECT id FROM events WHERE sequence = ?")
        event = try make(
            "SELECT id, item, kind, value, time, basket FROM events WHERE sequence = ?")
        eventByClient = try make("SELECT id, user FROM events WHERE sequence = ?")
        indexedOfUser = try make(
            "SELECT sequence FROM user_index WHERE user = ? ORDER BY sequence DESC")
        deleteEvent = try make("DELETE FROM events WHERE sequence = ?")
        deleteIndexed = try make("DELETE FROM user_index WHERE user = ? AND sequence = ?")
        deleteUser = try make("DELETE FROM users WHERE number = ?")
        markLast = try make("UPDATE marks SET sequence = ? WHERE name = 'last'")
        getItem = try make(
            """
            SELECT title, category, price, stock, "group", available_from, discontinued, attributes
            FROM catalog WHERE item = ?
            """)
        putItem = try make("INSERT OR REPLACE INTO catalog VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)")
        removeItem = try make("DELETE FROM catalog WHERE item = ?")
        oldest = try make(
            "SELECT sequence, id, user, kind, time FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?"
        )
    }
}
