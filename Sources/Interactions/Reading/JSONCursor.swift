/// Walks JSON text (RFC 8259) in place, without building a tree.
///
/// Strings are unescaped where they stand, which is possible because that never makes them longer;
/// a string can therefore be read only once.
struct JSONCursor {
    enum Value {
        /// A string without its quotes, unescaped.
        case string(UnsafeBufferPointer<UInt8>)
        /// A number, `true` or `false`, as written.
        case literal(UnsafeBufferPointer<UInt8>)
        case null
        /// An array or object, as written, brackets included.
        case nested(UnsafeMutableBufferPointer<UInt8>)
    }

    struct Failure: Error {
        /// Counted from 0.
        let offset: Int
        let message: String
    }

    private static let depthMax = 64
    private let text: UnsafeMutableBufferPointer<UInt8>
    private(set) var offset = 0

    init(_ text: UnsafeMutableBufferPointer<UInt8>) { self.text = text }

    /// Where the array or object ends with which the text begins, or nil where it does not.
    ///
    /// Only brackets and strings are looked at; whoever reads the value finds what else is wrong.
    static func endOfValue(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        var depth = 0
        var at = 0
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth <= 0 { return at + 1 }
            case UInt8(ascii: "\""):
                at += 1
                while at < text.count, text[at] != UInt8(ascii: "\"") {
                    at += text[at] == UInt8(ascii: "\\") ? 2 : 1
                }
            default: break
            }
            at += 1
        }
        return nil
    }

    /// Calls the body with each member of the object that the text must consist of.
    mutating func forEachMember(
        _ body: (UnsafeBufferPointer<UInt8>, Value) throws(Failure) -> Void
    ) throws(Failure) {
        try expect(UInt8(ascii: "{"), "an object, which begins with {")
        if !take(UInt8(ascii: "}")) {
            repeat {
                skipBlanks()
                let key = try string()
                try expect(UInt8(ascii: ":"), "':' after the key")
                try body(key, try value())
            } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "}"), "',' or '}' after the value")
        }
        try expectEnd()
    }

    /// Calls the body with each element of the array that the text must consist of.
    mutating func forEachElement(_ body: (Value) throws(Failure) -> Void) throws(Failure) {
        try expect(UInt8(ascii: "["), "an array, which begins with [")
        if !take(UInt8(ascii: "]")) {
            repeat { try body(try value()) } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "]"), "',' or ']' after the value")
        }
        try expectEnd()
    }

    private mutating func value() throws(Failure) -> Value {
        skipBlanks()
        switch peek() {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let start = offset
            try skipNested()
            return .nested(.init(rebasing: text[start..<offset]))
        default:
            let start = offset
            while let byte = peek(), isLiteralByte(byte) { offset += 1 }
            let literal = UnsafeBufferPointer(rebasing: text[start..<offset])
            if equals(literal, "null") { return .null }
            guard equals(literal, "true") || equals(literal, "false") || isNumber(literal) else {
                offset = start
                throw Failure(offset: start, message: "expected a value")
            }
            return .literal(literal)
        }
    }

    /// Checks brackets, strings and depth; what is between is checked by whoever reads it.
    private mutating func skipNested() throws(Failure) {
        var depth = 0
        repeat {
            guard let byte = peek() else {
                throw Failure(offset: offset, message: "an array or object is never closed")
            }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                guard depth <= Self.depthMax else {
                    throw Failure(
                        offset: offset, message: "is nested deeper than \(Self.depthMax) levels")
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""): try skipString()
            default: break
            }
            offset += 1
        } while depth > 0
    }

    /// Leaves the offset on the closing quote.
    private mutating func skipString() throws(Failure) {
        let start = offset
        offset += 1
        while let byte = peek(), byte != UInt8(ascii: "\"") {
            offset += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        guard offset < text.count else {
            throw Failure(offset: start, message: "a string is never closed")
        }
    }

    private mutating func string() throws(Failure) -> UnsafeBufferPointer<UInt8> {
        guard peek() == UInt8(ascii: "\"") else {
            throw Failure(offset: offset, message: "expected a string")
        }
        let opening = offset
        offset += 1
        let start = offset
        var to = start
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return UnsafeBufferPointer(rebasing: text[start..<to])
            case UInt8(ascii: "\\"): try unescape(&to)
            case 0..<0x20:
                throw Failure(offset: offset, message: "a control character in a string")
            default:
                text[to] = byte
                to += 1
                offset += 1
            }
        }
        throw Failure(offset: opening, message: "a string is never closed")
    }

    private mutating func unescape(_ to: inout Int) throws(Failure) {
        let start = offset
        offset += 1
        let escape = peek()
        offset += 1
        var byte: UInt8
        switch escape {
        case UInt8(ascii: "n"): byte = 10
        case UInt8(ascii: "t"): byte = 9
        case UInt8(ascii: "r"): byte = 13
        case UInt8(ascii: "b"): byte = 8
        case UInt8(ascii: "f"): byte = 12
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte = escape!
        case UInt8(ascii: "u"):
            for unit in UTF8.encode(try unicodeScalar(from: start))! {
                text[to] = unit
                to += 1
            }
            return
        default: throw Failure(offset: start, message: "an unknown escape")
        }
        text[to] = byte
        to += 1
    }

    private mutating func unicodeScalar(from start: Int) throws(Failure) -> Unicode.Scalar {
        let high = try hexadecimal4()
        if let scalar = Unicode.Scalar(high) { return scalar }
        // Beyond the first plane: a pair of surrogates, each with its own escape.
        if high < 0xdc00, offset + 1 < text.count, text[offset] == UInt8(ascii: "\\"),
            text[offset + 1] == UInt8(ascii: "u")
        {
            offset += 2
            let low = try hexadecimal4()
            if (0xdc00..<0xe000).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
            {
                return scalar
            }
        }
        throw Failure(offset: start, message: "half a surrogate pair")
    }

    private mutating func hexadecimal4() throws(Failure) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw Failure(offset: offset, message: "expected four hexadecimal digits") }
            number = number << 4 + UInt32(digit)
            offset += 1
        }
        return number
    }

    private func peek() -> UInt8? { offset < text.count ? text[offset] : nil }

    private mutating func skipBlanks() {
        while let byte = peek(), byte == 32 || byte == 9 || byte == 10 || byte == 13 { offset += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard peek() == byte else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws(Failure) {
        guard take(byte) else { throw Failure(offset: offset, message: "expected \(what)") }
    }

    private mutating func expectEnd() throws(Failure) {
        skipBlanks()
        guard offset == text.count else {
            throw Failure(offset: offset, message: "text follows the value")
        }
    }
}

private func isLiteralByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "E"): true
    default: false
    }
}

/// RFC 8259, section 6.
private func isNumber(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var at = 0
    func digits() -> Bool {
        let start = at
        while at < text.count, text[at] &- 0x30 < 10 { at += 1 }
        return at > start
    }
    func take(_ bytes: UInt8...) -> Bool {
        guard at < text.count, bytes.contains(text[at]) else { return false }
        at += 1
        return true
    }
    _ = take(UInt8(ascii: "-"))
    if take(0x30) {
        guard at == text.count || text[at] &- 0x30 >= 10 else { return false }
    } else if !digits() {
        return false
    }
    if take(UInt8(ascii: ".")), !digits() { return false }
    if take(UInt8(ascii: "e"), UInt8(ascii: "E")) {
        _ = take(UInt8(ascii: "+"), UInt8(ascii: "-"))
        guard digits() else { return false }
    }
    return at == text.count
}

func equals(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount else { return false }
    for i in 0..<bytes.count where bytes[i] != text.utf8Start[i] { return false }
    return true
}
