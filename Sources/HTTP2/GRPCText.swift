package import Buffers

/// What gRPC writes into headers.
///
/// Source: grpc/grpc doc/PROTOCOL-HTTP2.md.
package enum GRPCText {
    /// The nanoseconds that a `grpc-timeout` says: at most 8 digits and a unit.
    ///
    /// - Returns: nil if it is none; -1 for no time at all, `Int64.max` for more than that holds.
    package static func timeoutNanoseconds(_ value: UnsafeRawBufferPointer) -> Int64? {
        guard (2...9).contains(value.count), let unit = value.last else { return nil }
        let nanoseconds: Int64 =
            switch unit {
            case UInt8(ascii: "H"): 3_600_000_000_000
            case UInt8(ascii: "M"): 60_000_000_000
            case UInt8(ascii: "S"): 1_000_000_000
            case UInt8(ascii: "m"): 1_000_000
            case UInt8(ascii: "u"): 1_000
            case UInt8(ascii: "n"): 1
            default: 0
            }
        guard nanoseconds > 0 else { return nil }
        var number: Int64 = 0
        for digit in value.dropLast() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = 10 * number + Int64(digit - UInt8(ascii: "0"))
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: nanoseconds)
        return overflow ? .max : number == 0 ? -1 : product
    }

    /// Appends the percent-encoding of a status message: of printable ASCII only `%` changes.
    package static func appendPercentEncoded(
        _ message: UnsafeRawBufferPointer, to output: ByteBuffer
    ) {
        let target = output.reserve(3 * message.count)
        var count = 0
        func put(_ byte: UInt8) {
            target.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
            count += 1
        }
        func hex(_ digit: UInt8) -> UInt8 {
            digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
        }
        for byte in message {
            if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
                put(byte)
            } else {
                put(UInt8(ascii: "%"))
                put(hex(byte >> 4))
                put(hex(byte & 15))
            }
        }
        output.commit(count)
    }

    /// Appends what a value of binary metadata (`-bin`) says in base64, padded or not.
    ///
    /// - Returns: false, and nothing appended, if it is no base64.
    package static func appendDecoded(
        base64 value: UnsafeRawBufferPointer, to output: ByteBuffer
    ) -> Bool {
        var end = value.count
        while end > 0, value.count - end < 2, value[end - 1] == UInt8(ascii: "=") { end -= 1 }
        guard end % 4 != 1 else { return false }
        let target = output.reserve(value.count)
        var (bits, bitCount, count) = (UInt32(0), 0, 0)
        for byte in value[..<end] {
            guard let digit = digit(base64: byte) else { return false }
            bits = bits << 6 | UInt32(digit)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            target.storeBytes(
                of: UInt8(truncatingIfNeeded: bits >> bitCount), toByteOffset: count,
                as: UInt8.self)
            count += 1
        }
        output.commit(count)
        return true
    }

    /// The base64 of binary metadata, not padded.
    static func base64(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            var bits = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= 8 * UInt32(3 - part.count)
            for digit in 0...part.count {
                text.append(digits[Int(bits >> (18 - 6 * UInt32(digit)) & 63)])
            }
        }
        return text
    }

    private static func digit(base64 byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
