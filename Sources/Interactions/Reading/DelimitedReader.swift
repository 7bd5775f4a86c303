/// Reads CSV and its kin: RFC 4180 with any delimiter, LF or CRLF, and line ends within quotes.
///
/// Beyond the RFC, a quote within an unquoted field stands for itself, and blank lines are skipped.
/// A record with another number of fields than the header is a bad line, since its fields cannot be
/// told apart.
final class DelimitedReader: RecordReader {
    struct Layout {
        /// 1 to 4 bytes. A single blank stands for any run of blanks.
        var delimiter: [UInt8]
        var hasQuotes: Bool
        var hasHeader: Bool
        /// Whether records may have any number of fields, which then have no names.
        var isRagged = false
    }

    private struct Field {
        var start: Int32
        var count: Int32
        /// Holds doubled quotes that are still to be halved.
        var hasEscapes: Bool
    }

    private enum Scan {
        case field(next: Int)
        case record(next: Int)
        case incomplete
        case textAfterQuote(at: Int)
        case openQuote
    }

    let file: String
    private(set) var names: [String] = []
    private(set) var line = 1
    private let window: ByteWindow
    private let layout: Layout
    private var fields: UnsafeMutablePointer<Field>
    private var fieldCapacity = 64
    private(set) var fieldCount = 0
    /// Header lines met again, as in files that were put one behind the other.
    private(set) var repeatedHeaders: (count: Int, firstLine: Int)?
    private var headerBytes: [[UInt8]] = []
    /// Line ends within the quoted fields of the record being scanned.
    private var innerLineEnds = 0
    private var nextLine = 1

    /// Reads the header, where there is one.
    ///
    /// - Parameter linesBefore: of the file, before the window begins.
    init(
        _ window: ByteWindow, file: String, layout: Layout, linesBefore: Int = 0
    ) throws(ReadError) {
        self.window = window
        self.file = file
        self.layout = layout
        nextLine += linesBefore
        fields = .allocate(capacity: fieldCapacity)
        guard try window.skipByteOrderMark() else {
            throw ReadError(.options, file: file, "is UTF-16; convert it to UTF-8 first")
        }
        if layout.hasHeader {
            guard try next() else { throw ReadError(.missingColumn, file: file, "is empty") }
            names = (0..<fieldCount).map { trimmed(String(decoding: field($0), as: UTF8.self)) }
            headerBytes = names.map { Array($0.lowercased().utf8) }
        }
    }

    deinit { fields.deallocate() }

    var bytesRead: Int { window.bytesRead }
    var bytesTotal: Int? { window.bytesTotal }

    func position(of column: Int) -> ReadError.Column {
        ReadError.Column(number: column + 1, name: layout.hasHeader ? names[column] : nil)
    }

    func isNested(_ column: Int) -> Bool { false }

    @inline(__always)
    func field(_ column: Int) -> UnsafeBufferPointer<UInt8> {
        if fields[column].hasEscapes { halveQuotes(column) }
        let field = fields[column]
        return UnsafeBufferPointer(start: window.base + Int(field.start), count: Int(field.count))
    }

    func next() throws(ReadError) -> Bool {
        while true {
            if window.position == window.end, window.isAtEnd { return false }
            line = nextLine
            switch scan() {
            case .record(let next):
                window.position = next
                nextLine = line + innerLineEnds + 1
                if fieldCount == 0 || (fieldCount == 1 && fields[0].count == 0) { continue }
                try checkFieldCount()
                if isHeaderAgain {
                    repeatedHeaders = (
                        (repeatedHeaders?.count ?? 0) + 1, repeatedHeaders?.firstLine ?? line
                    )
                    continue
                }
                return true
            case .field, .incomplete:
                if try !window.refill() {
                    let bytes = window.end - window.position
                    throw try resume(afterLineOf: 0, "is not over after \(bytes) bytes")
                }
            case .textAfterQuote(let at):
                window.position = at
                throw try resume(
                    afterLineOf: innerLineEnds,
                    "text follows the closing quote of column \(fieldCount)")
            case .openQuote:
                throw try resume(
                    afterLineOf: 0, "the quote that opens column \(fieldCount + 1) is never closed")
            }
        }
    }

    /// Whether the record's fields are the header's, in any case, with blanks around, and perhaps
    /// behind a byte-order mark, after which quotes are no quotes to the reader.
    private var isHeaderAgain: Bool {
        guard let first = headerBytes.first else { return false }
        // Nearly every record differs from it in this.
        guard 0...Self.headerSlack ~= Int(fields[0].count) - first.count else { return false }
        for column in headerBytes.indices {
            var text = trimmedBlanks(field(column))
            if column == 0, text.starts(with: [0xef, 0xbb, 0xbf]) {
                text = trimmedBlanks(UnsafeBufferPointer(rebasing: text.dropFirst(3)))
                let quote = UInt8(ascii: "\"")
                if text.count >= 2, text.first == quote, text.last == quote {
                    text = UnsafeBufferPointer(rebasing: text.dropFirst().dropLast())
                }
            }
            guard text.count == headerBytes[column].count,
                zip(text, headerBytes[column]).allSatisfy({ asciiLowercased($0) == $1 })
            else { return false }
        }
        return true
    }

    /// Bytes by which a name may be longer where it comes again: a mark, quotes, some blanks.
    private static let headerSlack = 8

    /// Gives up the record: reading goes on behind the line end after the window's position.
    private func resume(afterLineOf innerLines: Int, _ message: String) throws(ReadError)
        -> ReadError
    {
        let error = ReadError(.badLine, file: file, line: line + innerLines, message)
        try window.skipLine()
        nextLine = line + innerLines + 1
        return error
    }

    private func checkFieldCount() throws(ReadError) {
        if layout.isRagged { return }
        if names.isEmpty {
            if !layout.hasHeader { names = (1...fieldCount).map(String.init) }
        } else if fieldCount != names.count {
            let model = layout.hasHeader ? "the header" : "the first line"
            throw badLine(
                "has \(fieldCount) fields, where \(model) has \(names.count)"
                    + (layout.hasHeader
                        ? "" : "; where a line is one basket, --format baskets reads it"))
        }
    }

    /// Finds the fields of the record at the window's position, and changes nothing else.
    private func scan() -> Scan {
        let base = UnsafePointer(window.base)
        let end = window.end
        let isAtEnd = window.isAtEnd
        let delimiter = layout.delimiter[0]
        let isLong = layout.delimiter.count > 1
        let skipsRuns = layout.delimiter == [0x20]
        let hasQuotes = layout.hasQuotes
        var at = window.position
        fieldCount = 0
        innerLineEnds = 0
        while true {
            if skipsRuns {
                while at < end, base[at] == delimiter { at += 1 }
                if at < end, base[at] == 10, fieldCount > 0 { return .record(next: at + 1) }
                if at == end, isAtEnd, fieldCount > 0 { return .record(next: at) }
            }
            if hasQuotes, at < end, base[at] == 0x22 {
                let scan = scanQuoted(from: at)
                guard case .field(let next) = scan else { return scan }
                at = next
                continue
            }
            let start = at
            while true {
                at = Self.firstOf(delimiter, in: base, at, end)
                guard isLong, at < end, base[at] == delimiter, !hasDelimiter(at: at) else { break }
                if at + layout.delimiter.count > end, !isAtEnd { return .incomplete }
                at += 1
            }
            if at == end, !isAtEnd { return .incomplete }
            if at == end || base[at] == 10 {
                let stop = at > start && base[at - 1] == 13 ? at - 1 : at
                append(start, stop, hasEscapes: false)
                return .record(next: min(at + 1, end))
            }
            append(start, at, hasEscapes: false)
            at += layout.delimiter.count
        }
    }

    /// Where the first delimiter or line end from `start` on is; `end` where there is none. Eight
    /// bytes are looked at together.
    @inline(__always)
    private static func firstOf(
        _ delimiter: UInt8, in base: UnsafePointer<UInt8>, _ start: Int, _ end: Int
    ) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let (delimiters, lineEnds) = (ones &* UInt64(delimiter), ones &* 10)
        var at = start
        while at + 8 <= end {
            let word = UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self)
            let (a, b) = (word ^ delimiters, word ^ lineEnds)
            // The lowest byte whose top bit is set is 0 in `a` or `b`; higher ones need not be.
            let found = ((a &- ones) & ~a | (b &- ones) & ~b) & (ones << 7)
            if found != 0 { return at + found.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < end, base[at] != delimiter, base[at] != 10 { at += 1 }
        return at
    }

    /// Appends the field whose opening quote is at `open`; `.field` and `.record` tell where the
    /// next begins.
    private func scanQuoted(from open: Int) -> Scan {
        let base = UnsafePointer(window.base)
        let end = window.end
        var at = open + 1
        var hasEscapes = false
        var lineEnds = 0
        while at < end {
            let byte = base[at]
            if byte == 0x22 {
                if at + 1 == end, !window.isAtEnd { return .incomplete }
                guard at + 1 < end, base[at + 1] == 0x22 else {
                    innerLineEnds += lineEnds
                    append(open + 1, at, hasEscapes: hasEscapes)
                    return scanBehindQuote(at + 1)
                }
                hasEscapes = true
                at += 1
            } else if byte == 10 {
                lineEnds += 1
            }
            at += 1
        }
        return window.isAtEnd ? .openQuote : .incomplete
    }

    /// What follows a closing quote: a delimiter, a line end, or the end.
    private func scanBehindQuote(_ at: Int) -> Scan {
        let base = UnsafePointer(window.base)
        let left = window.end - at
        if left == 0 { return window.isAtEnd ? .record(next: at) : .incomplete }
        if base[at] == 10 { return .record(next: at + 1) }
        if hasDelimiter(at: at) { return .field(next: at + layout.delimiter.count) }
        if base[at] == 13, left > 1, base[at + 1] == 10 { return .record(next: at + 2) }
        if base[at] == 13, left == 1, window.isAtEnd { return .record(next: at + 1) }
        let isCut = left < max(2, layout.delimiter.count) && !window.isAtEnd
        return isCut ? .incomplete : .textAfterQuote(at: at)
    }

    private func hasDelimiter(at position: Int) -> Bool {
        guard position + layout.delimiter.count <= window.end else { return false }
        for i in layout.delimiter.indices
        where window.base[position + i] != layout.delimiter[i] { return false }
        return true
    }

    @inline(__always)
    private func append(_ start: Int, _ end: Int, hasEscapes: Bool) {
        if fieldCount == fieldCapacity { growFields() }
        fields[fieldCount] = Field(
            start: Int32(truncatingIfNeeded: start), count: Int32(truncatingIfNeeded: end - start),
            hasEscapes: hasEscapes)
        fieldCount += 1
    }

    private func growFields() {
        let larger = UnsafeMutablePointer<Field>.allocate(capacity: fieldCapacity * 2)
        larger.moveInitialize(from: fields, count: fieldCount)
        fields.deallocate()
        fields = larger
        fieldCapacity *= 2
    }

    /// Within the window, since the text only gets shorter and its record is complete.
    private func halveQuotes(_ column: Int) {
        let text = window.base + Int(fields[column].start)
        var from = 0
        var to = 0
        while from < Int(fields[column].count) {
            text[to] = text[from]
            from += text[from] == 0x22 ? 2 : 1
            to += 1
        }
        fields[column].count = Int32(to)
        fields[column].hasEscapes = false
    }
}

/// Without blanks at either end.
func trimmed(_ text: some StringProtocol) -> String {
    let start = text.firstIndex { !$0.isWhitespace } ?? text.endIndex
    let end = text.lastIndex { !$0.isWhitespace }.map { text.index(after: $0) } ?? start
    return String(text[start..<end])
}
