internal import Interactions

/// What was derived of a journal's events up to one of them, in a file beside it (`PATH.live`): a start takes
/// it in, and then the newer events alone.
///
/// It is no part of what is durable: where it is missing, torn, older than a removal of events, or another
/// journal's, the events say the same. So it is written without a sync, in place and with its mark of being
/// whole last; but that mark is gone from the disk before events are removed for good.
///
/// Layout, in words: ``magic``, the seed, how many words follow the header, their digest, or 0 where they are not whole, the
/// sequence of the last event in them, a digest of some events up to it, 0, a checksum of these; then
/// portions, each after its length.
final class StateFile {
    private static let headerWords = 8
    /// "SCLIVE_1".
    private static let magic: UInt64 = 0x315f_4556_494c_4353
    private static let portionMax = 1 << 20

    private enum Place {
        static let magic = 0, seed = 1, count = 2, digest = 3, sequence = 4, events = 5,
            checksum = 7
    }

    private let file: WordFile
    private var header = [UInt64](repeating: 0, count: StateFile.headerWords)

    /// Opens the file, or makes one.
    init(_ path: String) {
        file = WordFile(path)
        if !file.read(&header, at: 0) || !Self.isHeader(header) {
            header = [UInt64](repeating: 0, count: Self.headerWords)
        }
    }

    /// The seed in a file that may be another server's; nil where there is none.
    static func seed(at path: String) -> UInt64? {
        var words = [UInt64](repeating: 0, count: headerWords)
        return WordFile.peek(path, &words) && isHeader(words) ? words[Place.seed] : nil
    }

    private static func isHeader(_ words: [UInt64]) -> Bool {
        words[Place.magic] == magic && words[Place.checksum] == digest(of: words.dropLast(), 0)
    }

    /// False where it could not be had or written; nothing is kept then.
    var isKept: Bool { file.isKept }
    /// Whether there is a state that nothing was removed from since.
    var isWhole: Bool { header[Place.digest] != 0 }
    /// Of the last event in it.
    var sequence: Int64 { Int64(bitPattern: header[Place.sequence]) }
    /// The digest of events that it was written with.
    var eventsDigest: UInt64 { header[Place.events] }
    /// Of the hashes in it.
    var seed: UInt64 { header[Place.seed] }

    /// Empties it for hashes with a seed.
    func reset(seed: UInt64) {
        header = [UInt64](repeating: 0, count: Self.headerWords)
        (header[Place.magic], header[Place.seed]) = (Self.magic, seed)
        file.truncate(to: 0)
        writeHeader()
    }

    /// Has no start take it in any more, a start after a loss of power neither.
    func invalidate() {
        guard isWhole else { return }
        header[Place.digest] = 0
        writeHeader()
        file.sync()
    }

    /// Replaces the state.
    ///
    /// - Parameter body: appends it, in portions of up to a million words, none of them empty.
    func write(
        upTo sequence: Int64, eventsDigest: UInt64, _ body: (_ append: ([UInt64]) -> Void) -> Void
    ) {
        header[Place.digest] = 0
        writeHeader()
        var end = Int64(Self.headerWords)
        var digest = seed
        body { portion in
            precondition(1...Self.portionMax ~= portion.count, "\(portion.count) words at once")
            file.write([UInt64(portion.count)], at: end)
            file.write(portion, at: end + 1)
            digest = Self.digest(of: portion[...], digest)
            end += 1 + Int64(portion.count)
        }
        file.truncate(to: end)
        header[Place.count] = UInt64(end) - UInt64(Self.headerWords)
        header[Place.digest] = digest
        header[Place.sequence] = UInt64(bitPattern: sequence)
        header[Place.events] = eventsDigest
        writeHeader()
    }

    /// Calls `body` with each portion, once all of them are known to be as they were written.
    ///
    /// - Parameter body: false where it has no use for what it was given, and is to be given no more.
    /// - Returns: whether it was given all of them.
    func read(_ body: (ArraySlice<UInt64>) -> Bool) -> Bool {
        guard isWhole else { return false }
        var digest = seed
        let isThere = readPortions {
            digest = Self.digest(of: $0, digest)
            return true
        }
        guard isThere, digest == header[Place.digest] else { return false }
        return readPortions(body)
    }

    private func readPortions(_ body: (ArraySlice<UInt64>) -> Bool) -> Bool {
        var place = Int64(Self.headerWords)
        let end = place + Int64(clamping: header[Place.count])
        var length: [UInt64] = [0]
        var portion: [UInt64] = []
        while place < end {
            guard file.read(&length, at: place), 1...UInt64(Self.portionMax) ~= length[0] else {
                return false
            }
            let count = Int(length[0])
            if portion.count != count { portion = [UInt64](repeating: 0, count: count) }
            guard file.read(&portion, at: place + 1), body(portion[...]) else { return false }
            place += 1 + Int64(count)
        }
        return place == end
    }

    private func writeHeader() {
        header[Place.checksum] = Self.digest(of: header.dropLast(), 0)
        file.write(header, at: 0)
    }

    /// Never 0.
    private static func digest(of words: ArraySlice<UInt64>, _ before: UInt64) -> UInt64 {
        max(1, IdentifierHash(seed: before)(words))
    }
}
