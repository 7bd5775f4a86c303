/// The tables of a journal, for whoever opens one with `sqlite3`: the views `event` and
/// `catalog_item` show everything plainly; the tables behind them are short for speed and size.
///
/// An event's ids of user and item are numbers of `users` and `items`. Its own id is stored as sent,
/// or as a blob of 16 bytes where it has the form of a UUID in lower case, or not at all where the
/// server made it. Nothing but `events` is written for an event before it is acknowledged: an index
/// by user would be written at random places, which makes durable writes ten times slower.
/// `user_index` is brought up to date later, in order (see `UserIndex`).
enum JournalSchema {
    /// The first four bytes of an SQLite file's own id, `Scrt`.
    static let applicationID: Int64 = 0x5363_7274
    static let version: Int64 = 1

    static let create = """
        CREATE TABLE kinds(number INTEGER PRIMARY KEY, name TEXT NOT NULL);
        INSERT INTO kinds VALUES(0,'view'),(1,'click'),(2,'cart'),(3,'purchase'),(4,'rating'),(5,'return');
        CREATE TABLE users(number INTEGER PRIMARY KEY, id TEXT NOT NULL);
        CREATE TABLE items(number INTEGER PRIMARY KEY, id TEXT NOT NULL);
        CREATE TABLE events(
            sequence INTEGER PRIMARY KEY, id, user INTEGER, item INTEGER NOT NULL,
            kind INTEGER NOT NULL, value REAL NOT NULL, time INTEGER NOT NULL, basket TEXT);
        CREATE TABLE user_index(user INTEGER, sequence INTEGER, PRIMARY KEY(user, sequence))
            WITHOUT ROWID;
        CREATE TABLE catalog(
            item INTEGER PRIMARY KEY, title TEXT, category TEXT, price REAL, stock INTEGER,
            "group" TEXT, available_from INTEGER, discontinued INTEGER, attributes TEXT);
        CREATE TABLE marks(name TEXT PRIMARY KEY, sequence INTEGER NOT NULL);
        INSERT INTO marks VALUES('last',0),('indexed',0);
        CREATE VIEW event AS SELECT sequence,
            CASE typeof(events.id) WHEN 'null' THEN 'server-' || sequence WHEN 'text' THEN events.id
            ELSE lower(substr(hex(events.id),1,8) || '-' || substr(hex(events.id),9,4) || '-' ||
                substr(hex(events.id),13,4) || '-' || substr(hex(events.id),17,4) || '-' ||
                substr(hex(events.id),21)) END AS event_id,
            users.id AS user, items.id AS item, kinds.name AS kind, value,
            datetime(time, 'unixepoch') AS time, basket
            FROM events LEFT JOIN users ON users.number = user
            JOIN items ON items.number = item JOIN kinds ON kinds.number = kind;
        CREATE VIEW catalog_item AS SELECT items.id AS item, title, category, price, stock, "group",
            datetime(available_from, 'unixepoch') AS available_from, discontinued, attributes
            FROM catalog JOIN items ON items.number = catalog.item;
        PRAGMA user_version = \(version);
        """

    /// Checks that the file is a journal that this program can read.
    static func check(_ database: SQLiteConnection) throws(JournalError) {
        guard try database.integer("PRAGMA application_id") == applicationID else {
            throw JournalError(
                .foreign, "\(database.path): is an SQLite database, but no journal of events")
        }
        let found = try database.integer("PRAGMA user_version") ?? 0
        guard found <= version else {
            throw JournalError(
                .newer,
                "\(database.path): has version \(found) of the journal's form; this program knows versions up to \(version): use a newer Sidecart"
            )
        }
    }
}
