package import Interactions

/// Reads a journal, also while a server writes it: as of the moment it was opened.
package final class JournalReader {
    private let database: SQLiteConnection
    /// The newest event's sequence.
    package let watermark: Int64

    /// - Throws: ``JournalError``, where there is no journal that this program can read.
    /// - Complexity: O(1).
    package init(_ path: String) throws(JournalError) {
        database = try SQLiteConnection(path, .read)
        // The first read fixes what this transaction sees.
        try database.run("BEGIN")
        try JournalSchema.check(database)
        watermark = try database.integer("SELECT max(sequence) FROM events") ?? 0
    }

    /// Calls `body` with each event after `watermark`, oldest first, with user and item by their
    /// numbers, `EventTable.none` for no user.
    ///
    /// - Complexity: O(events read).
    package func replay(
        after watermark: Int64 = 0, _ body: (ReplayedEvent) throws(JournalError) -> Void
    ) throws(JournalError) {
        let rows = try database.prepare(
            """
            SELECT sequence, user, item, kind, value, time, basket FROM events
            WHERE sequence > ? ORDER BY sequence
            """)
        rows.bind(1, watermark)
        while try rows.step() {
            guard let kind = EventKind(rawValue: UInt8(clamping: rows.integer(3))) else {
                throw JournalError(
                    .damaged, "\(database.path): event \(rows.integer(0)) has no known kind")
            }
            try body(
                ReplayedEvent(
                    sequence: rows.integer(0),
                    user: rows.isNull(1) ? EventTable.none : Int32(rows.integer(1)),
                    item: Int32(rows.integer(2)), kind: kind, value: Float(rows.double(4)),
                    time: rows.integer(5), basket: rows.bytes(6)))
        }
    }

    /// How ``eventSource()`` is laid out.
    package static var eventLayout: ReadOptions {
        var layout = ReadOptions()
        (layout.table.format, layout.timeFormat) = (.csv, .unixSeconds)
        return layout
    }

    /// How ``catalogSource()`` is laid out.
    package static var catalogLayout: CatalogOptions {
        var layout = CatalogOptions()
        (layout.table.format, layout.categorySeparator) = (.csv, ">")
        return layout
    }

    /// The events as CSV, as every reader of event files takes them.
    package func eventSource() throws(JournalError) -> some ByteSource {
        TextSource(
            try database.prepare(
                """
                SELECT users.id, items.id, kinds.name, value, time, basket
                FROM events LEFT JOIN users ON users.number = user
                JOIN items ON items.number = item JOIN kinds ON kinds.number = kind
                ORDER BY sequence
                """),
            header: "user,item,kind,value,time,basket", path: database.path)
    }

    /// The catalog as CSV.
    package func catalogSource() throws(JournalError) -> some ByteSource {
        TextSource(
            try database.prepare(
                """
                SELECT items.id, title, category, price, stock, "group", available_from,
                    CASE discontinued WHEN 1 THEN 'true' WHEN 0 THEN 'false' END, attributes
                FROM catalog JOIN items ON items.number = catalog.item ORDER BY catalog.item
                """),
            header: "item,title,category,price,stock,group,available_from,discontinued,attributes",
            path: database.path)
    }

}

/// One event of a replay.
package struct ReplayedEvent {
    package let sequence: Int64
    package let user: Int32
    package let item: Int32
    package let kind: EventKind
    package let value: Float
    package let time: Int64
    /// Valid until the next event; empty for none.
    package let basket: UnsafeRawBufferPointer
}

/// Rows as lines of CSV.
private final class TextSource: ByteSource {
    private let rows: SQLiteStatement
    private let columns: Int32
    private let path: String
    private var waiting: [UInt8]
    private var isDone = false
    private(set) var bytesRead = 0
    let bytesTotal: Int? = nil

    init(_ rows: SQLiteStatement, header: String, path: String) {
        (self.rows, self.path) = (rows, path)
        columns = Int32(header.split(separator: ",").count)
        waiting = Array((header + "\n").utf8)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int {
        do throws(JournalError) {
            while !isDone, waiting.count < buffer.count {
                guard try rows.step() else {
                    isDone = true
                    break
                }
                for column in 0..<columns {
                    if column > 0 { waiting.append(UInt8(ascii: ",")) }
                    append(rows.bytes(column))
                }
                waiting.append(UInt8(ascii: "\n"))
            }
        } catch {
            throw ReadError(.inputOutput, file: path, error.message)
        }
        let count = min(waiting.count, buffer.count)
        buffer.copyBytes(from: waiting[..<count])
        waiting.removeFirst(count)
        bytesRead += count
        return count
    }

    private func append(_ text: UnsafeRawBufferPointer) {
        let quote = UInt8(ascii: "\"")
        guard text.contains(where: { $0 == quote || $0 == UInt8(ascii: ",") || $0 < 0x20 }) else {
            return waiting.append(contentsOf: text)
        }
        waiting.append(quote)
        for byte in text {
            if byte == quote { waiting.append(quote) }
            waiting.append(byte)
        }
        waiting.append(quote)
    }
}
