/// Reads one JSON object a line; its keys are the columns, and a key may be missing or null.
final class JSONLinesReader: RecordReader {
    /// Beyond so many columns new keys are not learnt: an object per item keyed by ids is not a
    /// table.
    static let columnsMax = 1000

    let file: String
    private(set) var names: [String] = []
    private(set) var line = 0
    private let window: ByteWindow
    private let learnsKeys: Bool
    private var columns = IdentifierTable()
    private var fields: [Field] = []

    private struct Field {
        var text: UnsafeBufferPointer<UInt8>
        var isNested: Bool
        static var missing: Field { Field(text: .init(start: nil, count: 0), isNested: false) }
    }

    /// - Parameters:
    ///   - keys: the columns that are known beforehand.
    ///   - learnsKeys: whether other keys become columns when they are first met; else they are
    ///     skipped.
    init(_ window: ByteWindow, file: String, keys: [String], learnsKeys: Bool) throws(ReadError) {
        self.window = window
        self.file = file
        self.learnsKeys = learnsKeys
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
            if text.allSatisfy({ $0 == 32 || $0 == 9 }) { continue }
            for column in fields.indices { fields[column] = .missing }
            var cursor = JSONCursor(text)
            do throws(JSONCursor.Failure) {
                try cursor.forEachMember { (key, value) throws(JSONCursor.Failure) in
                    keep(value, for: key)
                }
            } catch {
                throw badLine("\(error.message) at byte \(error.offset + 1) of the line")
            }
            return true
        }
        return false
    }

    /// The last one counts where a key is repeated.
    private func keep(_ value: JSONCursor.Value, for key: UnsafeBufferPointer<UInt8>) {
        var column = columns.index(of: key).map(Int.init)
        if column == nil, learnsKeys, names.count < Self.columnsMax {
            addColumn(String(decoding: key, as: UTF8.self))
            column = names.count - 1
        }
        guard let column else { return }
        switch value {
        case .string(let text), .literal(let text):
            fields[column] = Field(text: text, isNested: false)
        case .nested(let text):
            fields[column] = Field(text: UnsafeBufferPointer(text), isNested: true)
        case .null: fields[column] = .missing
        }
    }

    private func addColumn(_ name: String) {
        columns.insert(name)
        names.append(name)
        fields.append(.missing)
    }
}
