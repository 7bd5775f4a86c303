internal import Interactions

extension Journal {
    /// The seed with which hashes are to be made that ``keepState(_:)`` gets; nil where none was kept yet.
    ///
    /// - Parameter path: of a journal, which another server may have.
    package static func stateSeed(_ path: String) -> UInt64? { StateFile.seed(at: path + ".live") }

    /// Keeps what was derived of all events that are durable, for the next start.
    ///
    /// - Parameters:
    ///   - seed: of the hashes in it.
    ///   - body: appends it, in portions of up to a million words, none of them empty.
    /// - Complexity: O(it). The disk is not waited for.
    package func keepState(
        seed: UInt64, _ body: (_ append: ([UInt64]) -> Void) -> Void
    ) throws(JournalError) {
        guard state.isKept else { return }
        if state.seed != seed { state.reset(seed: seed) }
        let digest = try digest(upTo: watermark)
        state.write(upTo: watermark, eventsDigest: digest, body)
    }

    /// The sequence of the last event in the state that was kept; nil where there is none that holds.
    package var keptSequence: Int64? { state.isWhole ? state.sequence : nil }

    /// Calls `body` with each portion that was kept.
    ///
    /// - Parameters:
    ///   - seed: with other hashes than those of this seed nothing is read.
    ///   - body: false where it has no use for what it was given, and is to be given no more.
    /// - Returns: the sequence of the last event in it; nil where `body` was not given all of it.
    package func readState(
        seed: UInt64, _ body: (ArraySlice<UInt64>) -> Bool
    ) throws(JournalError) -> Int64? {
        guard let sequence = keptSequence, state.seed == seed, 0...watermark ~= sequence,
            try digest(upTo: sequence) == state.eventsDigest
        else { return nil }
        return state.read(body) ? sequence : nil
    }

    /// Of some events, drawn evenly: two journals hardly ever have the same.
    private func digest(upTo last: Int64) throws(JournalError) -> UInt64 {
        try noteFailure { () throws(JournalError) in
            var words: [UInt64] = []
            let row = statements.event
            for draw in 1...Self.stateDraws {
                let sequence = last * draw / Self.stateDraws
                row.bind(1, sequence)
                defer { row.reset() }
                let isThere = try row.step()
                words.append(UInt64(bitPattern: sequence))
                guard isThere else { continue }
                words.append(UInt64(bitPattern: row.integer(1) << 8 | row.integer(2)))
                words.append(row.double(3).bitPattern)
                words.append(UInt64(bitPattern: row.integer(4)))
            }
            return IdentifierHash(seed: 0)(words[...])
        }
    }

    private static let stateDraws: Int64 = 64
}
