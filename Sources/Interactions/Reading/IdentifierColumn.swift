/// Turns a column's texts into the numbers of a table, cleaning each distinct text only once.
///
/// A text is looked up as it is, which finds ids that are clean already, then among the texts that
/// were cleaned before; only then it is cleaned. Cleaning a clean id changes nothing, so this is no
/// shortcut.
struct IdentifierColumn {
    /// What a text is, where it is not an id with a number.
    static let missing: Int32 = -1
    static let excluded: Int32 = -2
    /// A good id that no kept event has had; `insert` gives it a number.
    static let unseen: Int32 = -3

    struct Problem: Error { let message: String }

    private let filter: ItemFilter?
    private let foldsCase: Bool
    private let composes: Bool
    private let missing: MissingValues
    var cutsFloats = false

    /// Texts that are not their id, and what they are instead.
    private var others = IdentifierTable()
    private var meanings: [Int32] = []
    /// What was found last, in the table of ids and among the others; lines of one order, which
    /// follow each other, mostly share basket and user.
    private var last: Int32 = -1
    private var lastOther: Int32 = -1
    /// Lower-case ids and their numbers, where case is folded.
    private var folded = IdentifierTable()
    private var foldedNumbers: [Int32] = []

    /// Distinct texts that became another id.
    private(set) var cleanedTexts = 0
    /// Distinct ids that another rule but trimming changed: `17850.0` and `85123a`.
    private(set) var cutTexts = 0
    private(set) var foldedTexts = 0
    private(set) var composedTexts = 0

    init(
        filter: ItemFilter? = nil, foldsCase: Bool = false, composes: Bool = false,
        missing: MissingValues
    ) {
        self.filter = filter
        self.foldsCase = foldsCase
        self.composes = composes
        self.missing = missing
    }

    /// What is held room for beside the table of ids, in bytes.
    var capacityBytes: Int {
        others.capacityBytes + folded.capacityBytes
            + 4 * (meanings.capacity + foldedNumbers.capacity)
    }

    /// The id's number, or one of the meanings above; changes no table of ids.
    @inline(__always)
    mutating func find(
        _ text: UnsafeBufferPointer<UInt8>, in table: IdentifierTable
    ) throws(Problem) -> Int32 {
        if text.count == 0 { return Self.missing }
        if last >= 0, table.matches(text, Int(last)) { return last }
        if lastOther >= 0, others.matches(text, Int(lastOther)) {
            return meanings[Int(lastOther)]
        }
        if let number = table.index(of: text) {
            last = number
            return number
        }
        if let index = others.index(of: text) {
            let meaning = meanings[Int(index)]
            if meaning == Self.missing {
                // Each is counted.
                _ = missing.take(trimmedBlanks(text))
            } else {
                lastOther = index
            }
            return meaning
        }
        return try clean(text, table).number
    }

    /// Gives a number to what `find` called unseen.
    mutating func insert(
        _ text: UnsafeBufferPointer<UInt8>, in table: inout IdentifierTable
    ) throws(Problem) -> Int32 {
        let cleaned = try clean(text, table)
        precondition(cleaned.number == Self.unseen, "the text is not new")
        return insert(cleaned.id, text: text, in: &table)
    }

    private mutating func insert(
        _ id: String, text: UnsafeBufferPointer<UInt8>, in table: inout IdentifierTable
    ) -> Int32 {
        let number = table.insert(id)
        if foldsCase {
            folded.insert(IdentifierFolding.lowercased(id))
            foldedNumbers.append(number)
        }
        if !id.utf8.elementsEqual(text) { remember(text, as: number) }
        return number
    }

    private mutating func clean(
        _ text: UnsafeBufferPointer<UInt8>, _ table: IdentifierTable
    ) throws(Problem) -> (number: Int32, id: String) {
        var bytes = trimmedOfUnseen(text)
        // `="00123"` keeps Excel from taking an id for a number.
        if bytes.count > 3, bytes[0] == 0x3d, bytes[1] == 0x22, bytes[bytes.count - 1] == 0x22 {
            bytes = UnsafeBufferPointer(rebasing: bytes[2..<bytes.count - 1])
        }
        if bytes.count == 0 { return (Self.missing, "") }
        if let fault = IdentifierRule.fault(in: UnsafeRawBufferPointer(bytes)) {
            throw Problem(message: "the id \(shown(bytes)) \(fault)")
        }
        let isCut = cutsFloats && isWholeFloat(bytes)
        if isCut { bytes = UnsafeBufferPointer(rebasing: bytes.dropLast(2)) }
        var id = String(decoding: bytes, as: UTF8.self)
        if composes { id = IdentifierFolding.composed(id) }
        if missing.take(bytes) {
            remember(text, as: Self.missing)
            return (Self.missing, id)
        }
        if let filter, filter.excludes(id) {
            remember(text, as: Self.excluded)
            return (Self.excluded, id)
        }
        let foldedNumber =
            foldsCase
            ? folded.index(of: IdentifierFolding.lowercased(id)).map { foldedNumbers[Int($0)] }
            : nil
        guard let number = table.index(of: id) ?? foldedNumber else { return (Self.unseen, id) }
        if table.index(of: id) == nil {
            foldedTexts += 1
        } else if composes, !id.utf8.elementsEqual(bytes) {
            composedTexts += 1
        }
        remember(text, as: number)
        return (number, id)
    }

    private mutating func remember(_ text: UnsafeBufferPointer<UInt8>, as meaning: Int32) {
        if meaning >= 0 {
            cleanedTexts += 1
            if cutsFloats, isWholeFloat(trimmedBlanks(text)) { cutTexts += 1 }
        }
        others.insert(text)
        meanings.append(meaning)
    }
}

/// Without blanks of any kind, byte-order marks and other marks that nobody sees at either end.
private func trimmedOfUnseen(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    var text = trimmedBlanks(text)
    while let first = unseen.first(where: { text.starts(with: $0) }) {
        text = trimmedBlanks(UnsafeBufferPointer(rebasing: text.dropFirst(first.count)))
    }
    while let last = unseen.first(where: { text.suffix($0.count).elementsEqual($0) }) {
        text = trimmedBlanks(UnsafeBufferPointer(rebasing: text.dropLast(last.count)))
    }
    return text
}

/// U+00A0, U+200B, U+200E, U+200F, U+202F, U+3000 and U+FEFF in UTF-8.
private let unseen = [
    "\u{a0}", "\u{200b}", "\u{200e}", "\u{200f}", "\u{202f}", "\u{3000}", "\u{feff}",
]
.map { Array($0.utf8) }

/// Digits and then `.0`.
func isWholeFloat(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard text.count > 2, text[text.count - 2] == 0x2e, text[text.count - 1] == 0x30 else {
        return false
    }
    for i in 0..<text.count - 2 where text[i] &- 0x30 >= 10 { return false }
    return true
}
