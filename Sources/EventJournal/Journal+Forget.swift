/// What forgetting a user removed.
package struct ForgetReceipt: Equatable, Sendable {
    package var events = 0
    /// Of the oldest and the newest of them, in seconds since 1970 UTC; 0 where there were none.
    package var (oldest, newest): (Int64, Int64) = (0, 0)
    /// Whether nothing of her is left in the log beside the file either; false while a reader, such
    /// as a training run, still needs the log. It is tried again then.
    package var isLogEmpty = false

    package init() {}
}

extension Journal {
    /// Removes all events of a user and her id, within a transaction. What they took in the file is
    /// overwritten with zeros (`secure_delete`); ``emptyLog()`` does so with the log after the commit.
    ///
    /// - Complexity: O(her events x log events).
    package func forget(user id: UnsafeRawBufferPointer) throws(JournalError) -> ForgetReceipt {
        var receipt = ForgetReceipt()
        guard let user = users.index(of: id.assumingMemoryBound(to: UInt8.self)) else {
            return receipt
        }
        return try noteFailure { () throws(JournalError) in
            try noteLast()
            for sequence in try sequences(ofUser: user, count: .max) {
                guard let time = try time(of: sequence) else { continue }
                receipt.oldest = receipt.events == 0 ? time : min(receipt.oldest, time)
                receipt.newest = receipt.events == 0 ? time : max(receipt.newest, time)
                receipt.events += 1
                try erase(sequence)
            }
            let delete = statements.deleteUser
            delete.bind(1, Int64(user))
            try delete.run()
            erasedUsers.append(user)
            return receipt
        }
    }

    /// Empties the log into the file.
    ///
    /// - Returns: false where a reader still needs it.
    package func emptyLog() throws(JournalError) -> Bool {
        try noteFailure { () throws(JournalError) in try database.truncateLog() }
    }

    /// Removes one event, within a transaction.
    func erase(_ sequence: Int64) throws(JournalError) {
        let row = statements.eventByClient
        row.bind(1, sequence)
        guard try row.step() else { return }
        if !row.isNull(0) {
            erasedIDs.append((eventIDs.hash(row.bytes(0)), sequence))
        }
        let user: Int64? = row.isNull(1) ? nil : row.integer(1)
        row.reset()
        let delete = statements.deleteEvent
        delete.bind(1, sequence)
        try delete.run()
        removesEvents = true
        guard let user else { return }
        erasedSequences.append(sequence)
        let deleteIndexed = statements.deleteIndexed
        deleteIndexed.bind(1, user)
        deleteIndexed.bind(2, sequence)
        try deleteIndexed.run()
    }

    /// Keeps the newest sequence from being given again, should its event be removed.
    func noteLast() throws(JournalError) {
        let mark = statements.markLast
        mark.bind(1, watermark)
        try mark.run()
    }

    private func time(of sequence: Int64) throws(JournalError) -> Int64? {
        let row = statements.event
        row.bind(1, sequence)
        defer { row.reset() }
        return try row.step() ? row.integer(4) : nil
    }
}
