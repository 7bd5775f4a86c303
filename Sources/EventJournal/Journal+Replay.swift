package import Interactions

/// One event of the journal with its ids, which are valid until the next one; nil where it has none.
package struct KeptEvent {
    package let user: UnsafeRawBufferPointer?
    package let item: UnsafeRawBufferPointer
    package let kind: EventKind
    package let value: Float
    /// Seconds since 1970 UTC.
    package let time: Int64
    package let basket: UnsafeRawBufferPointer?
}

extension Journal {
    /// The sequence before the newest events of some kinds and after some time.
    ///
    /// - Parameters:
    ///   - count: how many of them come after it; 1 or more.
    ///   - since: seconds since 1970 UTC, of their own times.
    /// - Returns: 0 where there are no more than so many.
    /// - Complexity: O(events after it).
    package func sequence(
        beforeNewest count: Int, of kinds: [EventKind], since: Int64
    ) throws(JournalError) -> Int64 {
        try noteFailure { () throws(JournalError) in
            let numbers = kinds.map { "\($0.rawValue)" }.joined(separator: ",")
            let rows = try database.prepare(
                """
                SELECT sequence FROM events WHERE kind IN (\(numbers)) AND time > ?
                ORDER BY sequence DESC LIMIT 1 OFFSET ?
                """)
            rows.bind(1, since)
            rows.bind(2, Int64(count))
            return try rows.step() ? rows.integer(0) : 0
        }
    }

    /// Calls `body` with each event after a sequence, oldest first.
    ///
    /// - Complexity: O(events after it).
    package func replay(
        after sequence: Int64 = 0, _ body: (KeptEvent) -> Void
    ) throws(JournalError) {
        try noteFailure { () throws(JournalError) in
            let rows = try database.prepare(
                """
                SELECT user, item, kind, value, time, basket FROM events
                WHERE sequence > ? ORDER BY sequence
                """)
            rows.bind(1, sequence)
            while try rows.step() {
                guard let kind = EventKind(rawValue: UInt8(clamping: rows.integer(2))) else {
                    continue
                }
                items.withBytes(of: Int(rows.integer(1))) { item in
                    func tell(_ user: UnsafeRawBufferPointer?) {
                        body(
                            KeptEvent(
                                user: user, item: UnsafeRawBufferPointer(item), kind: kind,
                                value: Float(rows.double(3)), time: rows.integer(4),
                                basket: rows.isNull(5) ? nil : rows.bytes(5)))
                    }
                    guard !rows.isNull(0) else { return tell(nil) }
                    users.withBytes(of: Int(rows.integer(0))) { tell(UnsafeRawBufferPointer($0)) }
                }
            }
        }
    }
}
