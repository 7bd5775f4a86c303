/// Calls the body with each line of a text file, plain or gzip, without its line end.
///
/// For files that are no tables, such as one basket a line; tables have ``DatasetReader``. A byte
/// order mark is skipped; empty lines are passed on.
/// - Parameters:
///   - path: the file; `-` is standard input.
///   - lineBytesMax: a longer line is an error.
///   - body: gets the line's number, counted from 1, and its bytes, lent until it returns.
/// - Throws: what reading or the body throws.
package func forEachLine(
    of path: String, lineBytesMax: Int = 1 << 26,
    _ body: (Int, borrowing Span<UInt8>) throws(ReadError) -> Void
) throws(ReadError) {
    try forEachLine(
        of: openSource(path: path), file: path, windowBytes: 1 << 20, lineBytesMax: lineBytesMax,
        body)
}

package func forEachLine(
    of source: any ByteSource, file: String, windowBytes: Int, lineBytesMax: Int,
    _ body: (Int, borrowing Span<UInt8>) throws(ReadError) -> Void
) throws(ReadError) {
    let window = ByteWindow(
        source, bytes: min(windowBytes, lineBytesMax), bytesMax: lineBytesMax)
    guard try window.skipByteOrderMark() else {
        throw ReadError(.options, file: file, "is UTF-16; convert it to UTF-8 first")
    }
    var number = 0
    while let ends = try window.nextLine() {
        number += 1
        guard ends.isWhole else {
            throw ReadError(
                .badLine, file: file, line: number, "is longer than \(lineBytesMax) bytes")
        }
        let bytes = UnsafeBufferPointer(
            start: UnsafePointer(window.base) + window.position,
            count: ends.end - window.position)
        window.position = ends.next
        try body(number, bytes.span)
    }
}

extension Span where Element == UInt8 {
    /// Calls the body with each field between separators, by its place in the line; runs of
    /// separators count as one.
    package func forEachField(
        separatedBy isSeparator: (UInt8) -> Bool = { $0 == 32 || $0 == 9 },
        _ body: (Range<Int>) -> Void
    ) {
        var start = 0
        for i in indices where isSeparator(self[i]) {
            if i > start { body(start..<i) }
            start = i + 1
        }
        if count > start { body(start..<count) }
    }

    /// The decimal integer that the bytes in the range are, or nil.
    package func integer(in range: Range<Int>) -> Int? {
        var start = range.lowerBound
        let isNegative = start < range.upperBound && self[start] == UInt8(ascii: "-")
        if isNegative { start += 1 }
        guard start < range.upperBound, range.upperBound - start <= 18 else { return nil }
        var number = 0
        for i in start..<range.upperBound {
            let digit = self[i] &- 0x30
            guard digit < 10 else { return nil }
            number = number * 10 + Int(digit)
        }
        return isNegative ? -number : number
    }
}
