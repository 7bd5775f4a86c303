/// Reads lines that are nothing but items, as one record for each item.
///
/// A line is a basket, named by its file and line number; or its first field is a user and the rest
/// are her items, as in the files that LightGCN published. Empty fields, with which some programs
/// fill up short lines, are no items. A first line such as `Item(s),Item 1,Item 2` is a header: only
/// the numbered columns hold items.
final class BasketLineReader: RecordReader {
    let names: [String]
    private let base: DelimitedReader
    private let hasUser: Bool
    private let basket: LineName
    private var current = 0
    private var isWithinLine = false
    private var isSameLine = false
    /// Where items begin: a count may stand before them.
    private var first: Int
    private var isFirstLine = true

    init(_ base: DelimitedReader, hasUser: Bool) {
        self.base = base
        self.hasUser = hasUser
        names = [hasUser ? "user" : "basket", "item"]
        first = hasUser ? 1 : 0
        basket = LineName(file: base.file)
    }

    var file: String { base.file }
    var line: Int { base.line }
    var repeatedHeaders: (count: Int, firstLine: Int)? { nil }
    var bytesRead: Int { base.bytesRead }
    var bytesTotal: Int? { base.bytesTotal }
    var isContinuation: Bool { isSameLine }

    func field(_ column: Int) -> UnsafeBufferPointer<UInt8> {
        if column == 1 { return base.field(current) }
        return hasUser ? base.field(0) : basket.text
    }

    func isNested(_ column: Int) -> Bool { false }

    func position(of column: Int) -> ReadError.Column {
        ReadError.Column(number: column == 1 ? current + 1 : 1, name: nil)
    }

    func next() throws(ReadError) -> Bool {
        isSameLine = isWithinLine
        while true {
            if isWithinLine {
                current += 1
                while current < base.fieldCount {
                    if !trimmedBlanks(base.field(current)).isEmpty { return true }
                    current += 1
                }
            }
            (isSameLine, isWithinLine) = (false, false)
            guard try base.next() else { return false }
            if isFirstLine, takeHeader() { continue }
            basket.line = base.line
            (current, isWithinLine) = (first - 1, true)
        }
    }

    private func takeHeader() -> Bool {
        isFirstLine = false
        guard base.fieldCount > 1 else { return false }
        let titles = (0..<base.fieldCount).map {
            String(decoding: base.field($0), as: UTF8.self).lowercased()
                .filter { $0.isLetter || $0.isNumber }
        }
        func isNumbered(_ title: String) -> Bool {
            guard let noun = ["item", "product", "article"].first(where: title.hasPrefix) else {
                return false
            }
            let rest = title.dropFirst(noun.count)
            return !rest.isEmpty && rest.allSatisfy(\.isNumber)
        }
        guard let begin = titles.firstIndex(where: isNumbered),
            titles[begin...].allSatisfy(isNumbered), begin <= 1
        else { return false }
        first = max(first, begin)
        return true
    }
}

/// The id of a basket that is a line of a file, such as `baskets.csv:17`.
final class LineName {
    private var bytes: [UInt8]
    private let prefixCount: Int
    private var held = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 256)
    private var count = 0

    init(file: String) {
        // Two files of one name in two folders differ in what comes before.
        bytes = Array(String(decoding: file.utf8.suffix(200), as: UTF8.self).utf8.suffix(200))
        bytes.append(UInt8(ascii: ":"))
        bytes.removeAll { $0 == 0 }
        prefixCount = bytes.count
    }

    deinit { held.deallocate() }

    var line = 0 {
        didSet {
            bytes.removeLast(bytes.count - prefixCount)
            bytes.append(contentsOf: String(line).utf8)
            count = bytes.count
            _ = held.update(from: bytes)
        }
    }

    /// Lent until the line changes.
    var text: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: held[..<count]) }
}
