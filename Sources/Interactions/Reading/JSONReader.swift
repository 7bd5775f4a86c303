/// Reads JSON objects, one a line or one behind the other; their keys are the columns, and a key
/// may be missing or null.
///
/// The members of an object within an object are columns too, as `customer.id`.
final class JSONReader: RecordReader {
    /// How objects follow each other.
    enum Layout {
        /// One a line, so that reading goes on behind a line that is none.
        case lines
        /// Elements of one array, or objects over several lines each.
        case stream
    }

    /// Beyond so many columns new keys are not learnt: an object per item keyed by ids is not a
    /// table.
    static let columnsMax = 1000

    let file: String
    private(set) var names: [String] = []
    private(set) var line = 0
    private let window: ByteWindow
    private let layout: Layout
    private let learnsKeys: Bool
    /// Whether objects within objects are taken apart; a catalog keeps them as attributes.
    private let flattens: Bool
    private var columns = IdentifierTable()
    private var fields: [Field] = []
    /// What stands before a dot in a column's name.
    private var parents = IdentifierTable()
    private var path: [UInt8] = []
    private var nextLine = 1
    /// Whether the array's opening bracket was met, and its closing one.
    private var (isOpen, isOver) = (false, false)

    struct Field {
        var text: UnsafeBufferPointer<UInt8>
        var isNested: Bool
        static var missing: Field { Field(text: .init(start: nil, count: 0), isNested: false) }

        init(text: UnsafeBufferPointer<UInt8>, isNested: Bool) {
            (self.text, self.isNested) = (text, isNested)
        }

        init(_ value: JSONCursor.Value) {
            switch value {
            case .string(let text), .literal(let text): self.init(text: text, isNested: false)
            case .nested(let text): self.init(text: UnsafeBufferPointer(text), isNested: true)
            case .null: self = .missing
            }
        }
    }

    /// - Parameters:
    ///   - keys: the columns that are known beforehand.
    ///   - learnsKeys: whether other keys become columns when they are first met; else they are
    ///     skipped.
    init(
        _ window: ByteWindow, file: String, layout: Layout, keys: [String], learnsKeys: Bool,
        flattens: Bool
    ) throws(ReadError) {
        self.window = window
        self.file = file
        self.layout = layout
        self.learnsKeys = learnsKeys
        self.flattens = flattens
        for key in keys where columns.index(of: key) == nil { addColumn(key) }
        guard try window.skipByteOrderMark() else {
            throw ReadError(.options, file: file, "is UTF-16; convert it to UTF-8 first")
        }
    }

    var repeatedHeaders: (count: Int, firstLine: Int)? { nil }
    var bytesRead: Int { window.bytesRead }
    var bytesTotal: Int? { window.bytesTotal }

    func field(_ column: Int) -> UnsafeBufferPointer<UInt8> { fields[column].text }
    func isNested(_ column: Int) -> Bool { fields[column].isNested }

    func position(of column: Int) -> ReadError.Column {
        ReadError.Column(number: nil, name: names[column])
    }

    func next() throws(ReadError) -> Bool {
        guard let text = try layout == .lines ? nextOfLines() : nextOfStream() else { return false }
        for column in fields.indices { fields[column] = .missing }
        var cursor = JSONCursor(text)
        do throws(JSONCursor.Failure) {
            try cursor.forEachMember { (key, value) throws(JSONCursor.Failure) in
                try keep(value, for: key)
            }
        } catch {
            let what = layout == .lines ? "line" : "object"
            throw badLine("\(error.message) at byte \(error.offset + 1) of the \(what)")
        }
        return true
    }

    private func nextOfLines() throws(ReadError) -> UnsafeMutableBufferPointer<UInt8>? {
        while let ends = try window.nextLine() {
            line += 1
            let start = window.position
            guard ends.isWhole else {
                try window.skipLine()
                throw badLine("is not over after \(ends.end - start) bytes")
            }
            window.position = ends.next
            let text = UnsafeMutableBufferPointer(
                start: window.base + start, count: ends.end - start)
            if !text.allSatisfy({ $0 == 32 || $0 == 9 }) { return text }
        }
        return nil
    }

    private func nextOfStream() throws(ReadError) -> UnsafeMutableBufferPointer<UInt8>? {
        guard !isOver, let first = try firstOfValue() else { return nil }
        line = nextLine
        guard first == UInt8(ascii: "{") else {
            isOver = true
            throw ReadError(
                .options, file: file, line: line,
                "holds \(first == UInt8(ascii: "[") ? "arrays" : "values") where objects are meant, "
                    + "such as [{\"user\": …, \"item\": …}, …]; write one object for each event or "
                    + "order")
        }
        while true {
            let rest = UnsafeBufferPointer(
                start: UnsafePointer(window.base) + window.position,
                count: window.end - window.position)
            if let end = JSONCursor.endOfValue(rest) {
                let text = UnsafeMutableBufferPointer(
                    start: window.base + window.position, count: end)
                for byte in text where byte == 10 { nextLine += 1 }
                window.position += end
                return text
            }
            let hasMore = window.isAtEnd ? false : try window.refill()
            guard hasMore else {
                isOver = true
                throw ReadError(
                    .options, file: file, line: line,
                    window.isAtEnd
                        ? "the object that begins here is never closed"
                        : "the object that begins here is not over after \(rest.count) bytes; where "
                            + "it holds all records in an array, write that array alone")
            }
        }
    }

    /// Goes to the next value of the stream and gives its first byte; nil at the end.
    private func firstOfValue() throws(ReadError) -> UInt8? {
        while true {
            while window.position < window.end {
                let byte = window.base[window.position]
                switch byte {
                case 10: nextLine += 1
                case 9, 13, 32, UInt8(ascii: ","): break
                case UInt8(ascii: "[") where !isOpen: isOpen = true
                case UInt8(ascii: "]") where isOpen:
                    isOver = true
                    return nil
                default: return byte
                }
                window.position += 1
            }
            if window.isAtEnd {
                // An array without its end was cut off.
                guard !isOpen else {
                    isOver = true
                    throw ReadError(
                        .options, file: file, line: nextLine, "the array is never closed")
                }
                return nil
            }
            guard try window.refill() else { return nil }
        }
    }

    /// The last one counts where a key is repeated.
    private func keep(_ value: JSONCursor.Value, for key: UnsafeBufferPointer<UInt8>)
        throws(JSONCursor.Failure)
    {
        if flattens, case .nested(let text) = value, text.first == UInt8(ascii: "{"),
            learnsKeys || parents.index(of: key) != nil
        {
            path.removeAll(keepingCapacity: true)
            path.append(contentsOf: key)
            path.append(UInt8(ascii: "."))
            let count = path.count
            var cursor = JSONCursor(text)
            try cursor.forEachMember { (key, value) throws(JSONCursor.Failure) in
                path.removeLast(path.count - count)
                path.append(contentsOf: key)
                let own = Field(value)
                path.withUnsafeBufferPointer { set(own, of: $0) }
            }
            // The object itself is no column that could be mapped.
            if learnsKeys { return }
        }
        set(Field(value), of: key)
    }

    private func set(_ field: Field, of key: UnsafeBufferPointer<UInt8>) {
        var column = columns.index(of: key).map(Int.init)
        if column == nil, learnsKeys, names.count < Self.columnsMax {
            addColumn(String(decoding: key, as: UTF8.self))
            column = names.count - 1
        }
        guard let column else { return }
        fields[column] = field
    }

    private func addColumn(_ name: String) {
        columns.insert(name)
        names.append(name)
        fields.append(.missing)
        if let dot = name.firstIndex(of: ".") { parents.insert(String(name[..<dot])) }
    }
}
