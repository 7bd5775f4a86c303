internal import Interactions

/// Brings the table `user_index` up to date in large sorted portions, and knows the events that are
/// not in it yet.
///
/// An index by user is written at random places: one page an event once it is large. Portions of a
/// million events, sorted by user, write each page once for many events, and a little of a portion
/// goes with each transaction. Until then the users of the newest events are kept in memory, 4 bytes
/// an event, and are searched. Nothing is lost with it: it is read again from `events`.
struct UserIndex {
    /// Events that wait before a portion is begun.
    static let portionEvents = 1 << 20
    /// How many of a portion go with one transaction, at least.
    static let sliceEvents = 4_096

    /// By event from `first` on, its user or `EventTable.none`.
    private var users: [Int32] = []
    private var first: Int64 = 1
    /// Entries of `users` that were there at the last commit.
    private var committed = 0
    /// The portion that is being written, sorted, as user above sequence's place; and how far it is.
    private var portion: [UInt64] = []
    private var isWriting = false
    private var written = 0
    private var writtenAtCommit = 0
    private let insert: SQLiteStatement
    private let mark: SQLiteStatement

    /// - Parameter indexed: all events up to it are in the table.
    init(_ database: SQLiteConnection, indexed: Int64) throws(JournalError) {
        first = indexed + 1
        insert = try database.prepare("INSERT OR IGNORE INTO user_index VALUES(?, ?)")
        mark = try database.prepare("UPDATE marks SET sequence = ? WHERE name = 'indexed'")
    }

    /// All events up to it are in the table.
    var indexed: Int64 { first - 1 }

    /// Whether a portion is written or waits.
    var isBusy: Bool { isWriting || committed >= Self.portionEvents }

    /// Notes the newest event.
    mutating func append(user: Int32, _ sequence: Int64) {
        // Sequences have gaps where events were erased and the journal was opened anew.
        while first + Int64(users.count) < sequence { users.append(EventTable.none) }
        users.append(user)
    }

    /// Forgets an event.
    mutating func erase(_ sequence: Int64) {
        let place = sequence - first
        if users.indices.contains(Int(place)) { users[Int(place)] = EventTable.none }
    }

    /// The newest events of a user that may not be in the table, newest first.
    func newest(of user: Int32, _ body: (Int64) throws(JournalError) -> Bool) throws(JournalError) {
        for place in users.indices.reversed() where users[place] == user {
            guard try body(first + Int64(place)) else { return }
        }
    }

    /// Writes the next of a portion, within the open transaction.
    mutating func advance(_ count: Int) throws(JournalError) {
        if !isWriting {
            guard committed >= Self.portionEvents else { return }
            portion = users[..<Self.portionEvents].enumerated()
                .filter { $0.element != EventTable.none }
                .map { UInt64($0.element) << 32 | UInt64($0.offset) }
            portion.sort()
            (isWriting, written, writtenAtCommit) = (true, 0, 0)
        }
        let end = min(portion.count, written + max(count, Self.sliceEvents))
        while written < end {
            let user = Int64(portion[written] >> 32)
            let place = Int(portion[written] & 0xffff_ffff)
            written += 1
            guard users[place] == Int32(user) else { continue }  // erased meanwhile
            insert.bind(1, user)
            insert.bind(2, first + Int64(place))
            try insert.run()
        }
        if written == portion.count {
            mark.bind(1, first + Int64(Self.portionEvents) - 1)
            try mark.run()
        }
    }

    mutating func commit() {
        (committed, writtenAtCommit) = (users.count, written)
        if isWriting, written == portion.count {
            users.removeFirst(Self.portionEvents)
            first += Int64(Self.portionEvents)
            (portion, isWriting, written, writtenAtCommit) = ([], false, 0, 0)
            committed = users.count
        }
    }

    mutating func rollBack() {
        users.removeLast(users.count - committed)
        written = writtenAtCommit
    }
}
