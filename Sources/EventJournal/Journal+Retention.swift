package import Interactions

/// For how long events are kept, by kind.
package struct Retention: Equatable, Sendable {
    /// Seconds; kinds that are not in it are kept for good.
    package var seconds: [EventKind: Int64] = [:]

    package init() {}

    /// Whether an event of a kind and time is too old.
    package func isOver(_ kind: EventKind, _ time: Int64, now: Int64) -> Bool {
        cutoff(kind, now: now).map { time < $0 } ?? false
    }

    /// The time before which an event of a kind is too old; nil where none ever is.
    func cutoff(_ kind: EventKind, now: Int64) -> Int64? { seconds[kind].map { now - $0 } }
}

extension Journal {
    /// Events that one slice of a sweep looks at.
    package static let retentionSlice = 4_096

    /// Removes what is too old among the next events after `sequence`, within a transaction.
    ///
    /// - Parameter now: seconds since 1970 UTC; an event's own time counts.
    /// - Returns: where the next slice goes on, nil at the end; and how many were removed.
    package func removeOld(
        _ retention: Retention, after sequence: Int64, now: Int64
    ) throws(JournalError) -> (next: Int64?, removed: Int) {
        try noteFailure { () throws(JournalError) in
            let rows = statements.oldest
            rows.bind(1, sequence)
            rows.bind(2, Int64(Self.retentionSlice))
            var old: [Int64] = []
            var (seen, last) = (0, sequence)
            while try rows.step() {
                (seen, last) = (seen + 1, rows.integer(0))
                guard let kind = EventKind(rawValue: UInt8(clamping: rows.integer(3))),
                    let cutoff = retention.cutoff(kind, now: now), rows.integer(4) < cutoff
                else { continue }
                old.append(last)
            }
            if !old.isEmpty { try noteLast() }
            for sequence in old { try erase(sequence) }
            return (seen == Self.retentionSlice ? last : nil, old.count)
        }
    }
}
