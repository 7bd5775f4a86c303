package import Interactions

/// One event as the journal has it.
package struct JournalEvent: Equatable, Sendable {
    package var sequence: Int64
    package var id: String
    package var item: String
    package var kind: EventKind
    package var value: Float
    /// Seconds since 1970 UTC.
    package var time: Int64
    package var basket: String

    package init(
        sequence: Int64, id: String, item: String, kind: EventKind, value: Float, time: Int64,
        basket: String
    ) {
        (self.sequence, self.id, self.item, self.kind) = (sequence, id, item, kind)
        (self.value, self.time, self.basket) = (value, time, basket)
    }
}

extension Journal {
    /// The newest events of a user as of the last change, newest first.
    ///
    /// - Returns: nil for a user who has never had an event here, or was forgotten.
    /// - Complexity: O(count x log events), and a look at up to two million users that are not
    ///   indexed yet.
    package func history(
        ofUser id: UnsafeRawBufferPointer, count: Int
    ) throws(JournalError) -> [JournalEvent]? {
        guard let user = users.index(of: id.assumingMemoryBound(to: UInt8.self)) else { return nil }
        return try noteFailure { () throws(JournalError) in
            var events: [JournalEvent] = []
            for sequence in try sequences(ofUser: user, count: count) {
                if let event = try event(sequence) { events.append(event) }
            }
            return events
        }
    }

    /// The sequences of a user's newest events, newest first.
    func sequences(ofUser user: Int32, count: Int) throws(JournalError) -> [Int64] {
        var found: [Int64] = []
        guard count > 0 else { return found }
        try userIndex.newest(of: user) { (sequence) throws(JournalError) in
            found.append(sequence)
            return found.count < count
        }
        let rows = statements.indexedOfUser
        rows.bind(1, Int64(user))
        defer { rows.reset() }
        let oldest = found.last ?? .max
        while found.count < count, try rows.step() {
            // A portion that is being written is in both places.
            if rows.integer(0) < oldest { found.append(rows.integer(0)) }
        }
        return found
    }

    private func event(_ sequence: Int64) throws(JournalError) -> JournalEvent? {
        let row = statements.event
        row.bind(1, sequence)
        defer { row.reset() }
        guard try row.step(), let kind = EventKind(rawValue: UInt8(clamping: row.integer(2))) else {
            return nil
        }
        let id =
            row.isNull(0)
            ? "\(EventID.serverPrefix)\(sequence)"
            : EventID.text(row.bytes(0), isUUID: row.isBlob(0))
        return JournalEvent(
            sequence: sequence, id: id, item: items[Int(row.integer(1))], kind: kind,
            value: Float(row.double(3)), time: row.integer(4), basket: row.string(5))
    }
}
