/// Why a file cannot be read, or a line of it cannot be used, and where.
package struct ReadError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The file is not there, is a folder, or may not be read.
        case cannotOpen = "cannot-open"
        /// The system failed while reading.
        case inputOutput = "input-output"
        /// The gzip data is damaged or ends early.
        case damagedGzip = "damaged-gzip"
        /// The file is a workbook, an archive, a database or the like.
        case notText = "not-text"
        /// A mapped column does not exist, or a needed one is not mapped.
        case missingColumn = "missing-column"
        /// The options contradict each other or the file.
        case options
        /// One line cannot be understood; so many may be tolerated.
        case badLine = "bad-line"
        /// What was read needs more memory than reading may take.
        case tooLarge = "too-large"
        /// More lines are bad than are tolerated; the message has the first.
        case tooManyBadLines = "too-many-bad-lines"
    }

    /// A column by number, counted from 1 (nil for JSON), and name (nil without a header).
    package struct Column: Equatable, Sendable, CustomStringConvertible {
        package let number: Int?
        package let name: String?

        package init(number: Int?, name: String?) {
            self.number = number
            self.name = name
        }

        package var description: String {
            switch (number, name) {
            case (let number?, let name?): "column \(number) (\(name))"
            case (let number?, nil): "column \(number)"
            case (nil, let name?): "field \(name)"
            case (nil, nil): "column"
            }
        }
    }

    package let code: Code
    /// The path as given; `-` is standard input.
    package let file: String
    /// Counted from 1 over line ends as an editor does, also within quoted fields; nil for the
    /// whole file.
    package let line: Int?
    package let column: Column?
    package let message: String

    package init(
        _ code: Code, file: String, line: Int? = nil, column: Column? = nil, _ message: String
    ) {
        self.code = code
        self.file = file
        self.line = line
        self.column = column
        self.message = Self.legible(message)
    }

    /// What a file holds may be in a message: control characters are replaced, and the middle of
    /// a long message is cut out.
    private static func legible(_ message: String) -> String {
        if message.utf8.count <= messageLengthMax, message.utf8.allSatisfy({ 0x20..<0x7f ~= $0 }) {
            return message
        }
        let clean = withoutControls(message).unicodeScalars
        guard clean.count > messageLengthMax else { return String(clean) }
        let half = messageLengthMax / 2
        return String(String.UnicodeScalarView(clean.prefix(half))) + " … "
            + String(String.UnicodeScalarView(clean.suffix(half)))
    }

    /// The text with a dot for each control character, since terminals obey these.
    static func withoutControls(_ text: String) -> String {
        if text.utf8.allSatisfy({ 0x20..<0x7f ~= $0 }) { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.lazy.map { scalar -> Unicode.Scalar in
                    scalar.properties.generalCategory == .control ? "·" : scalar
                }))
    }

    private static let messageLengthMax = 1_000

    package var description: String {
        let place = (file == "-" ? "standard input" : file) + (line.map { ":\($0)" } ?? "")
        return place + ": " + (column.map { "\($0): " } ?? "") + message
    }
}

/// The text as shown in a message: quoted, cut at 60 bytes, control characters replaced.
func shown(_ text: UnsafeBufferPointer<UInt8>) -> String {
    let head = String(decoding: text.prefix(60), as: UTF8.self)
    let clean = String(head.map { $0.isNewline ? "⏎" : $0 })
    return "\"\(clean)\(text.count > 60 ? "…" : "")\""
}
