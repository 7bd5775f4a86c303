/// Reads the JSON of a safetensors header and nothing else: one pass, no recursion, and duplicate
/// names, negative or fractional numbers and unknown keys are refused, which a general JSON reader
/// lets through.
struct HeaderParser {
    typealias Problem = SafetensorsHeader.Problem

    private static let dimensionsMax = 8

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The entries in the order of the file; `__metadata__` is checked and dropped.
    mutating func parse() throws(Problem) -> [SafetensorsHeader.Entry] {
        var entries: [SafetensorsHeader.Entry] = []
        var names: Set<String> = []
        guard bytes.first == UInt8(ascii: "{") else {
            throw Problem(message: "the header is not a JSON object")
        }
        try members { parser, name throws(Problem) in
            guard names.insert(name).inserted else {
                throw Problem(tensor: name, message: "is in the header twice")
            }
            if name == "__metadata__" {
                try parser.members { parser, _ throws(Problem) in _ = try parser.string() }
                return
            }
            guard entries.count < SafetensorsHeader.tensorsMax else {
                throw Problem(message: "more than \(SafetensorsHeader.tensorsMax) tensors")
            }
            entries.append(try parser.entry(name))
        }
        skipSpace()
        guard position == bytes.count else { throw malformed("the end of the header") }
        return entries
    }

    private mutating func entry(_ name: String) throws(Problem) -> SafetensorsHeader.Entry {
        var type: Tensor.ElementType?
        var shape: [Int]?
        var offsets: [Int]?
        try members { parser, key throws(Problem) in
            let problem = { (message: String) in Problem(tensor: name, message: message) }
            switch key {
            case "dtype" where type == nil:
                let written = try parser.string()
                type = Tensor.ElementType(rawValue: written)
                guard type != nil else {
                    throw problem("dtype \(written) is none of U8, I32, I64, F32")
                }
            case "shape" where shape == nil: shape = try parser.numbers()
            case "data_offsets" where offsets == nil: offsets = try parser.numbers()
            default: throw problem("\"\(key)\" is unknown or given twice")
            }
        }
        guard let type, let shape, let offsets else {
            throw Problem(tensor: name, message: "lacks one of dtype, shape and data_offsets")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw Problem(tensor: name, message: "data_offsets \(offsets) are not [begin, end]")
        }
        return .init(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    /// `{"key": <what member reads>, ...}`.
    private mutating func members(
        _ member: (inout HeaderParser, String) throws(Problem) -> Void
    ) throws(Problem) {
        try expect("{")
        if take("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while take(",")
        try expect("}")
    }

    /// `[0, 1, ...]`: at most eight integers that fit `Int`, none negative.
    private mutating func numbers() throws(Problem) -> [Int] {
        var numbers: [Int] = []
        try expect("[")
        if take("]") { return numbers }
        repeat {
            skipSpace()
            var value = 0
            let start = position
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
                let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = shifted.addingReportingOverflow(Int(bytes[position] - 0x30))
                guard !overflow, !carry else { throw malformed("a number below 2^63") }
                value = sum
                position += 1
            }
            guard position > start, numbers.count < Self.dimensionsMax else {
                throw malformed("at most \(Self.dimensionsMax) whole numbers, none negative")
            }
            numbers.append(value)
        } while take(",")
        try expect("]")
        return numbers
    }

    private mutating func string() throws(Problem) -> String {
        try expect("\"")
        var content: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: content, as: UTF8.self) else {
                    throw malformed("UTF-8 in the string before")
                }
                return string
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw malformed("a string without control characters")
            default: content.append(byte)
            }
        }
        throw malformed("the end of a string")
    }

    /// Half of a surrogate pair is refused: our names need none, and Python escapes only what is
    /// not ASCII.
    private mutating func escape(into content: inout [UInt8]) throws(Problem) {
        guard position < bytes.count else { throw malformed("an escaped character") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(8)
        case UInt8(ascii: "t"): content.append(9)
        case UInt8(ascii: "n"): content.append(10)
        case UInt8(ascii: "f"): content.append(12)
        case UInt8(ascii: "r"): content.append(13)
        case UInt8(ascii: "u"):
            guard position + 4 <= bytes.count,
                let digits = String(validating: bytes[position..<position + 4], as: UTF8.self),
                digits.allSatisfy(\.isHexDigit), let code = UInt32(digits, radix: 16),
                let scalar = Unicode.Scalar(code)
            else { throw malformed("four hexadecimal digits of a character") }
            position += 4
            content.append(contentsOf: String(Character(scalar)).utf8)
        default: throw malformed("a JSON escape")
        }
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) {
            position += 1
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(Problem) {
        guard take(character) else { throw malformed("'\(character)'") }
    }

    private func malformed(_ expected: String) -> Problem {
        Problem(message: "header, byte \(8 + position): expected \(expected)")
    }
}
