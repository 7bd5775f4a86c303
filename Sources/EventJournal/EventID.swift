internal import Glibc

/// The form in which an event's id is stored.
enum EventID {
    /// Ids that the server makes are this and the sequence; they are not stored.
    static let serverPrefix = "server-"

    /// Lends an id as it is stored: a UUID in lower case as its 16 bytes, anything else as it is.
    @inline(__always)
    static func withStored<R>(
        _ id: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer, _ isUUID: Bool) throws(JournalError) -> R
    ) throws(JournalError) -> R {
        var uuid: (UInt64, UInt64) = (0, 0)
        guard id.count == 36, parse(id, into: &uuid) else { return try body(id, false) }
        return try withUnsafePointer(to: uuid) { words throws(JournalError) in
            try body(UnsafeRawBufferPointer(start: words, count: 16), true)
        }
    }

    /// The id as it was sent.
    static func text(_ stored: UnsafeRawBufferPointer, isUUID: Bool) -> String {
        guard isUUID, stored.count == 16 else { return String(decoding: stored, as: UTF8.self) }
        var text: [UInt8] = []
        for (place, byte) in stored.enumerated() {
            if [4, 6, 8, 10].contains(place) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The sequence in an id that a server made, or nil.
    static func serverSequence(_ id: UnsafeRawBufferPointer) -> Int64? {
        let prefix = serverPrefix.utf8
        guard id.count > prefix.count, id.count <= prefix.count + 19,
            id.prefix(prefix.count).elementsEqual(prefix)
        else { return nil }
        return Int64(String(decoding: id.dropFirst(prefix.count), as: UTF8.self))
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// Digits are as good as random, so that none of them is branched on.
    private static func parse(
        _ id: UnsafeRawBufferPointer, into uuid: inout (UInt64, UInt64)
    ) -> Bool {
        let dash = UInt8(ascii: "-")
        guard id[8] == dash, id[13] == dash, id[18] == dash, id[23] == dash else { return false }
        var allAreDigits = true
        func number(_ places: Range<Int>, after number: UInt64) -> UInt64 {
            var number = number
            for place in places {
                let decimal = id[place] &- UInt8(ascii: "0")
                let letter = id[place] &- UInt8(ascii: "a")
                allAreDigits = allAreDigits && (decimal < 10 || letter < 6)
                number = number << 4 | UInt64(decimal < 10 ? decimal : (letter &+ 10) & 15)
            }
            return number
        }
        let high = number(14..<18, after: number(9..<13, after: number(0..<8, after: 0)))
        let low = number(24..<36, after: number(19..<23, after: 0))
        uuid = (high.bigEndian, low.bigEndian)
        return allAreDigits
    }
}
