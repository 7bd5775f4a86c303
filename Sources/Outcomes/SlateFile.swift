internal import Glibc
internal import Interactions

/// What was shown and acted upon, in a file and the one before it: for the next life of a server, which ties
/// events to slates that this one showed.
///
/// It is written by the thread that counts, some times a second, and never synced: what a kill of the process
/// leaves out is the last of these moments, and what a power failure may. Two files of half the bytes each take
/// turns, so that the oldest slates go first.
///
/// A file is a sequence of portions: ``magic`` and how many words follow, their checksum, and the words (64 bits,
/// little-endian). They hold entries: the kind, with a number above it, and what the kind has; see ``Entry``. A
/// portion that is not whole ends the reading.
struct SlateFile {
    /// Where entries' kinds are in the first word: in the low byte.
    enum Entry: UInt64 {
        /// The seed of ids and hashes follows; the number is that of the next life's first lane. What a file
        /// begins with, and what each life writes first.
        case life = 1
        /// A rule set's number in this life; how many bytes its name has, and these, follow.
        case ruleSet = 2
        /// How many items; where it is (see ``SlatePlace``), its head and its items follow.
        case slate = 3
        /// An item's place on its slate; where that is and the mark follow.
        case mark = 4
    }

    /// "SCSLATES".
    private static let magic: UInt64 = 0x5345_5441_4c53_4353
    private static let checksum = IdentifierHash(seed: magic)

    let path: String
    private let bytesMax: Int
    private var descriptor: Int32 = -1
    private var bytes = 0
    /// Up to where the newer file could be read.
    private var wholeBytes = 0

    /// - Parameter bytesMax: of both files.
    init(_ path: String, bytesMax: Int) { (self.path, self.bytesMax) = (path, bytesMax) }

    // MARK: Reading

    /// Calls `body` with each whole portion, oldest first, until it says that one makes no sense.
    mutating func read(_ body: (ArraySlice<UInt64>) -> Bool) {
        _ = Self.read(path + ".old", body)
        wholeBytes = Self.read(path, body)
    }

    /// - Returns: the bytes of the portions that make sense.
    private static func read(_ path: String, _ body: (ArraySlice<UInt64>) -> Bool) -> Int {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return 0 }
        defer { Glibc.close(file) }
        var head = [UInt64](repeating: 0, count: 3)
        var words: [UInt64] = []
        var bytes = 0
        while fill(&head, from: file), head[0] == magic, head[1] <= portionWordsMax {
            words = [UInt64](repeating: 0, count: Int(head[1]))
            guard fill(&words, from: file), checksum(of: words) == head[2], body(words[...]) else {
                break
            }
            bytes += 8 * (head.count + words.count)
        }
        return bytes
    }

    /// 256 MiB: a longer one is none of ours.
    private static let portionWordsMax: UInt64 = 32 << 20

    private static func fill(_ words: inout [UInt64], from file: Int32) -> Bool {
        words.withUnsafeMutableBytes { buffer in
            var filled = 0
            while filled < buffer.count {
                let count = Glibc.read(file, buffer.baseAddress! + filled, buffer.count - filled)
                guard count > 0 else { return false }
                filled += count
            }
            return true
        }
    }

    private static func checksum(of words: [UInt64]) -> UInt64 {
        words.withUnsafeBytes { $0.isEmpty ? 0 : checksum($0.baseAddress!, count: $0.count) }
    }

    /// Of the life that wrote last; nil where there is none.
    var lastLife: (seed: UInt64, nextLane: Int)? {
        var file = self
        var found: (seed: UInt64, nextLane: Int)?
        file.read { words in
            Self.forEachEntry(of: words) { entry, number, rest in
                if entry == .life { found = (rest[rest.startIndex], number) }
                return true
            }
        }
        return found
    }

    // MARK: Entries

    static func life(_ seed: UInt64, nextLane: Int) -> [UInt64] {
        [Entry.life.rawValue | UInt64(nextLane) << 8, seed]
    }

    static func ruleSet(_ number: Int, _ name: String) -> [UInt64] {
        let bytes = Array(name.utf8)
        var words = [Entry.ruleSet.rawValue | UInt64(number) << 8, UInt64(bytes.count)]
        // One word more than there are whole ones.
        for start in stride(from: 0, through: bytes.count, by: 8) {
            words.append(
                bytes[start..<min(bytes.count, start + 8)].reversed().reduce(0) {
                    $0 << 8 | UInt64($1)
                })
        }
        return words
    }

    static func slate(_ place: SlatePlace, _ head: SlateHead, _ items: [ShownItem]) -> [UInt64] {
        [Entry.slate.rawValue | UInt64(items.count) << 8, place.word, head.word] + items.map(\.word)
    }

    static func mark(_ place: SlatePlace, _ item: Int, _ mark: UInt64) -> [UInt64] {
        [Entry.mark.rawValue | UInt64(item) << 8, place.word, mark]
    }

    /// A rule set's name, of what follows its entry's first word.
    static func text(_ words: ArraySlice<UInt64>) -> String {
        var bytes: [UInt8] = []
        for word in words.dropFirst() {
            for place in 0..<8 {
                bytes.append(UInt8(truncatingIfNeeded: word >> (8 * UInt64(place))))
            }
        }
        return String(decoding: bytes.prefix(Int(words.first ?? 0)), as: UTF8.self)
    }

    /// Calls `body` with each entry of a portion: its kind, its number and the words that follow, as many as
    /// belong to it.
    ///
    /// - Returns: false once an entry makes no sense, or `body` says so of one.
    static func forEachEntry(
        of words: ArraySlice<UInt64>, _ body: (Entry, Int, ArraySlice<UInt64>) -> Bool
    ) -> Bool {
        var rest = words
        while let first = rest.popFirst() {
            guard let entry = Entry(rawValue: first & 255) else { return false }
            let number = Int(first >> 8)
            let count =
                switch entry {
                case .life: 1
                case .ruleSet: 1 + (Int(clamping: rest.first ?? 0) / 8 + 1)
                case .slate: 2 + number
                case .mark: 2
                }
            guard count <= rest.count, body(entry, number, rest.prefix(count)) else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    // MARK: Writing

    /// Opens it for writing, after what could be read.
    mutating func begin() -> Bool {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        bytes = wholeBytes
        return descriptor >= 0 && ftruncate(descriptor, off_t(wholeBytes)) == 0
    }

    /// Whether so many words go into a new file, which is then to begin as the first one did.
    func isFull(with words: Int) -> Bool {
        bytes > 0 && bytes + 8 * (words + Self.beginningWordsMax) > bytesMax / 2
    }

    /// What a file begins with, and a portion: names of rule sets, mostly.
    private static let beginningWordsMax = 4_096

    /// Puts this file in place of the one before, and begins the next.
    mutating func turn() -> Bool {
        close()
        guard rename(path, path + ".old") == 0 else { return false }
        wholeBytes = 0
        return begin()
    }

    mutating func append(_ words: [UInt64]) -> Bool {
        let portion = [Self.magic, UInt64(words.count), Self.checksum(of: words)] + words
        let file = descriptor
        let isWritten = portion.withUnsafeBytes {
            write(file, $0.baseAddress, $0.count) == $0.count
        }
        bytes += 8 * portion.count
        return isWritten
    }

    mutating func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

/// Where a slate is, in one word: a lane's number, different in every life, and the slate's on that lane.
struct SlatePlace {
    static let lanesMax = 1 << 16

    let word: UInt64

    init(word: UInt64) { self.word = word }

    init(lane: Int, number: UInt64) {
        word = UInt64(lane) << 48 | number
    }

    var lane: Int { Int(word >> 48) }
    var number: UInt64 { word & (SlateCipher.numbersMax - 1) }
}
