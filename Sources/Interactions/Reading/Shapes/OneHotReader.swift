/// Reads a table with a column for each item as one record for each cell that says "taken".
///
/// Columns called as users, baskets and times usually are, and those that are mapped to them, say
/// whose row it is; all others are items. Where none says the basket or the user, a row is a basket
/// of its own.
final class OneHotReader: RecordReader {
    let names: [String]
    private let base: DelimitedReader
    /// Columns of the file that are columns here, in the order of `names`.
    private let facts: [Int]
    private let items: [Int]
    private let hasOwnBasket: Bool
    private let basket: LineName
    private let titles: UnsafeMutableBufferPointer<UInt8>
    private let starts: [Int]
    /// Of the cell at hand, in `items`; -1 before the first row.
    private var current = -1
    private var isSameRow = false

    /// - Parameter facts: the columns that are no items, by number.
    /// - Throws: where no column is left for items.
    init(_ base: DelimitedReader, facts: [Int], namesOwner: Bool) throws(ReadError) {
        self.base = base
        self.facts = facts
        hasOwnBasket = !namesOwner
        items = base.names.indices.filter { !facts.contains($0) && !base.names[$0].isEmpty }
        guard !items.isEmpty else {
            throw ReadError(.missingColumn, file: base.file, "has no column for an item")
        }
        names =
            facts.map { base.names[$0] } + ["item", "quantity"]
            + (hasOwnBasket ? ["basket"] : [])
        basket = LineName(file: base.file)
        var starts = [0]
        var bytes: [UInt8] = []
        for item in items {
            bytes.append(contentsOf: base.names[item].utf8)
            starts.append(bytes.count)
        }
        self.starts = starts
        titles = .allocate(capacity: bytes.count)
        _ = titles.initialize(from: bytes)
    }

    deinit { titles.deallocate() }

    var file: String { base.file }
    var line: Int { base.line }
    var repeatedHeaders: (count: Int, firstLine: Int)? { base.repeatedHeaders }
    var bytesRead: Int { base.bytesRead }
    var bytesTotal: Int? { base.bytesTotal }
    var isContinuation: Bool { isSameRow }

    func field(_ column: Int) -> UnsafeBufferPointer<UInt8> {
        if column < facts.count { return base.field(facts[column]) }
        switch column - facts.count {
        case 0: return UnsafeBufferPointer(rebasing: titles[starts[current]..<starts[current + 1]])
        case 1:
            let cell = trimmedBlanks(base.field(items[current]))
            // A flag is one piece.
            return Self.flag(cell) == nil ? cell : UnsafeBufferPointer(start: nil, count: 0)
        default: return basket.text
        }
    }

    func isNested(_ column: Int) -> Bool { false }

    func position(of column: Int) -> ReadError.Column {
        if column < facts.count { return base.position(of: facts[column]) }
        return base.position(of: items[max(0, current)])
    }

    func next() throws(ReadError) -> Bool {
        isSameRow = current >= 0
        while true {
            if current >= 0 {
                current += 1
                while current < items.count {
                    if Self.flag(trimmedBlanks(base.field(items[current]))) != false { return true }
                    current += 1
                }
            }
            isSameRow = false
            current = -1
            guard try base.next() else { return false }
            basket.line = base.line
            current = -1
            if let first = items.indices.first(where: {
                Self.flag(trimmedBlanks(base.field(items[$0]))) != false
            }) {
                current = first
                return true
            }
        }
    }

    /// Whether a cell says "taken" or "not taken"; nil for anything else, such as a quantity.
    static func flag(_ cell: UnsafeBufferPointer<UInt8>) -> Bool? {
        guard cell.count <= 5 else { return nil }
        var word = cell.map(asciiLowercased)
        if word.count == 3, word.suffix(2) == [0x2e, 0x30] { word.removeLast(2) }  // 1.0
        if word.isEmpty || no.contains(word) { return false }
        return yes.contains(word) ? true : nil
    }

    private static let yes = Set(["1", "t", "true", "y", "yes", "x"].map { Array($0.utf8) })
    private static let no = Set(
        ["0", "f", "false", "n", "no", "?", "-", "na", "nan", "null", "none"].map {
            Array($0.utf8)
        })
}
