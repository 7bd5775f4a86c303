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
    /// Calls `body` with each event, oldest first.
    ///
    /// - Complexity: O(events).
    package func replay(_ body: (KeptEvent) -> Void) throws(JournalError) {
        try noteFailure { () throws(JournalError) in
            let rows = try database.prepare(
                "SELECT user, item, kind, value, time, basket FROM events ORDER BY sequence")
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
