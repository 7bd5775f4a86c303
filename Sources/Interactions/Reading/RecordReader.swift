/// Records one after the other, each with the same named columns.
///
/// A field is lent until the next call of `next()`.
protocol RecordReader: AnyObject {
    var file: String { get }
    /// The columns' names: a header, keys, or `1`, `2` and so on.
    var names: [String] { get }
    /// The line, counted from 1, on which the current record begins.
    var line: Int { get }
    /// Moves on; false at the end.
    /// - Throws: code `badLine` where the record cannot be understood; the next call goes on behind
    ///   it.
    func next() throws(ReadError) -> Bool
    /// The current record's field, with quotes and escapes resolved; empty where it is missing.
    func field(_ column: Int) -> UnsafeBufferPointer<UInt8>
    /// Whether the field is the text of a JSON array or object.
    func isNested(_ column: Int) -> Bool
    func position(of column: Int) -> ReadError.Column
    /// Whether the current record comes from the same one of the file as the record before, as one
    /// of several items does.
    var isContinuation: Bool { get }
    /// Lines left out since they were the header again; nil where there were none.
    var repeatedHeaders: (count: Int, firstLine: Int)? { get }
    var bytesRead: Int { get }
    var bytesTotal: Int? { get }
}

extension RecordReader {
    var isContinuation: Bool { false }

    func badField(_ column: Int, _ message: String) -> ReadError {
        ReadError(.badLine, file: file, line: line, column: position(of: column), message)
    }

    func badLine(_ message: String) -> ReadError {
        ReadError(.badLine, file: file, line: line, message)
    }
}
