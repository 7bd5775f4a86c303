/// Reads records with a list of items in one column as one record for each item.
///
/// An element is an id or, in JSON, an object such as `{"sku": "kettle", "quantity": 2}`, whose
/// members are columns called `items.sku` and so on. All other columns are the same for all items
/// of a record. A record whose list is empty gives none.
final class ListReader: RecordReader {
    /// How the elements of a list stand in its column.
    enum Layout: Equatable {
        /// A JSON array, or one as Python writes it: `['kettle', 'mug']`.
        case array
        /// Ids between separators.
        case separated(UInt8)
    }

    private let base: any RecordReader
    private let list: Int
    private let layout: Layout
    private let learnsKeys: Bool
    private(set) var names: [String]
    private let ownNames: Int
    private var keys = IdentifierTable()
    private typealias Field = JSONReader.Field
    /// The current record's elements; their members follow each other in `members`, as many for
    /// each as there are keys.
    private var elements: [Field] = []
    private var members: [Field] = []
    private var current = 0

    /// - Parameters:
    ///   - list: the column with the list.
    ///   - keys: the members that are columns; nil to learn them.
    init(_ base: any RecordReader, list: Int, layout: Layout, keys: [String]?) {
        (self.base, self.list, self.layout) = (base, list, layout)
        learnsKeys = keys == nil
        names = base.names
        ownNames = names.count
        for key in keys ?? [] { addKey(key) }
    }

    var file: String { base.file }
    var line: Int { base.line }
    var repeatedHeaders: (count: Int, firstLine: Int)? { base.repeatedHeaders }
    var bytesRead: Int { base.bytesRead }
    var bytesTotal: Int? { base.bytesTotal }
    var isContinuation: Bool { current > 0 }

    func field(_ column: Int) -> UnsafeBufferPointer<UInt8> {
        if column == list { return elements[current].text }
        return column < ownNames ? base.field(column) : member(column).text
    }

    func isNested(_ column: Int) -> Bool {
        if column == list { return elements[current].isNested }
        return column < ownNames ? base.isNested(column) : member(column).isNested
    }

    private func member(_ column: Int) -> Field {
        members[current * keys.count + column - ownNames]
    }

    func position(of column: Int) -> ReadError.Column {
        column < ownNames
            ? base.position(of: column) : ReadError.Column(number: nil, name: names[column])
    }

    func next() throws(ReadError) -> Bool {
        current += 1
        while current >= elements.count {
            current = 0
            elements.removeAll(keepingCapacity: true)
            members.removeAll(keepingCapacity: true)
            guard try base.next() else { return false }
            try takeApart()
        }
        return true
    }

    private func takeApart() throws(ReadError) {
        let text = trimmedBlanks(base.field(list))
        if text.isEmpty { return }
        switch layout {
        case .separated(let separator):
            for part in text.split(separator: separator) {
                append(trimmedBlanks(UnsafeBufferPointer(rebasing: part)))
            }
        case .array where Self.isEnclosed(text):
            // The text is the reader's own, and is read once.
            let own = UnsafeMutableBufferPointer(mutating: text)
            if base.isNested(list) || !text.contains(UInt8(ascii: "'")) {
                try takeJSON(own)
            } else if !takePython(own) {
                throw base.badField(list, "\(shown(text)) is not a list of ids")
            }
        case .array: append(text)
        }
    }

    /// Whether the text stands between square brackets or braces.
    static func isEnclosed(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count >= 2 else { return false }
        let ends = (text[0], text[text.count - 1])
        return ends == (UInt8(ascii: "["), UInt8(ascii: "]"))
            || ends == (UInt8(ascii: "{"), UInt8(ascii: "}"))
    }

    private func append(_ id: UnsafeBufferPointer<UInt8>) {
        guard !id.isEmpty else { return }
        append(Field(text: id, isNested: false))
    }

    private func append(_ element: Field) {
        elements.append(element)
        members.append(contentsOf: repeatElement(.missing, count: keys.count))
    }

    private func takeJSON(_ text: UnsafeMutableBufferPointer<UInt8>) throws(ReadError) {
        do throws(JSONCursor.Failure) {
            if text[0] == UInt8(ascii: "{") { return try takeObject(text) }
            var cursor = JSONCursor(text)
            try cursor.forEachElement { (value) throws(JSONCursor.Failure) in
                if case .nested(let object) = value, object[0] == UInt8(ascii: "{") {
                    try takeObject(object)
                } else if case .null = value {
                    return
                } else {
                    append(Field(value))
                }
            }
        } catch {
            throw base.badField(list, "\(error.message) at byte \(error.offset + 1) of the list")
        }
    }

    private func takeObject(_ text: UnsafeMutableBufferPointer<UInt8>) throws(JSONCursor.Failure) {
        append(.missing)
        var cursor = JSONCursor(text)
        try cursor.forEachMember { (key, value) throws(JSONCursor.Failure) in
            var column = keys.index(of: key).map(Int.init)
            if column == nil, learnsKeys, keys.count < JSONReader.columnsMax {
                column = keys.count
                addKey(String(decoding: key, as: UTF8.self))
            }
            if let column { members[(elements.count - 1) * keys.count + column] = Field(value) }
        }
    }

    private func addKey(_ key: String) {
        guard keys.insert(key) == Int32(keys.count - 1) else { return }
        names.append("\(names[list]).\(key)")
        // Room for it in each element so far.
        let width = keys.count
        var wider: [Field] = []
        for element in elements.indices {
            wider += members[element * (width - 1)..<(element + 1) * (width - 1)] + [.missing]
        }
        members = wider
    }

    /// Elements as Python writes them: in either quote, or bare, between commas.
    ///
    /// - Returns: whether the text is such a list.
    private func takePython(_ text: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        var at = 1
        let end = text.count - 1
        while at < end {
            while at < end, [9, 10, 13, 32].contains(text[at]) { at += 1 }
            guard at < end else { break }
            let quote = text[at]
            var start = at
            var to = at
            if quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") {
                at += 1
                (start, to) = (at, at)
                while at < end, text[at] != quote {
                    if text[at] == UInt8(ascii: "\\") { at += 1 }
                    text[to] = text[at]
                    to += 1
                    at += 1
                }
                guard at < end else { return false }
                at += 1
            } else {
                while at < end, text[at] != UInt8(ascii: ",") { at += 1 }
                to = at
            }
            append(trimmedBlanks(UnsafeBufferPointer(rebasing: text[start..<to])))
            while at < end, [9, 10, 13, 32].contains(text[at]) { at += 1 }
            guard at == end || text[at] == UInt8(ascii: ",") else { return false }
            at += 1
        }
        return true
    }
}
