/// Frames of HTTP/2 by hand, for clients that misbehave.
package enum HTTP2Frames {
    package static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    package static let data: UInt8 = 0
    package static let headers: UInt8 = 1
    package static let reset: UInt8 = 3
    package static let settings: UInt8 = 4
    package static let ping: UInt8 = 6
    package static let goAway: UInt8 = 7
    package static let windowUpdate: UInt8 = 8
    package static let continuation: UInt8 = 9
    package static let endStream: UInt8 = 1
    package static let endHeaders: UInt8 = 4

    package static func frame(
        _ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []
    ) -> [UInt8] {
        var frame = Array(bigEndian(UInt32(payload.count)).dropFirst())
        frame += [type, flags]
        frame += bigEndian(stream)
        frame += payload
        return frame
    }

    package static func bigEndian(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    /// One setting, by its number in RFC 9113.
    package static func setting(_ id: UInt16, _ value: UInt32) -> [UInt8] {
        [UInt8(id >> 8), UInt8(id & 255)] + bigEndian(value)
    }

    /// Fields as literals that touch no table; names and values of less than 127 bytes.
    package static func fields(_ fields: [(String, String)]) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in fields {
            block += [0, UInt8(name.utf8.count)]
            block += name.utf8
            block.append(UInt8(value.utf8.count))
            block += value.utf8
        }
        return block
    }

    /// What every request of gRPC begins with.
    package static func requestFields(path: String = "/test.Echo/Echo") -> [UInt8] {
        fields([
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "test"),
            ("te", "trailers"), ("content-type", "application/grpc"),
        ])
    }

    package static func message(_ payload: [UInt8], isCompressed: Bool = false) -> [UInt8] {
        [isCompressed ? 1 : 0] + bigEndian(UInt32(payload.count)) + payload
    }
}
