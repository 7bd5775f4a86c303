/// Walks the fields of one protobuf message in place, without copies.
///
/// A field is a tag (varint: field number << 3 | wire type) and a value: wire type 0 varint (1 to
/// 10 bytes), 1 eight bytes, 2 length (varint) and as many bytes, 5 four bytes. Groups (3, 4) have
/// been gone since proto3 and are malformed here, as in protobuf-c. Source:
/// protobuf.dev/programming-guides/encoding.
package struct ProtobufReader {
    package enum Value {
        case varint(UInt64)
        case bytes(UnsafeRawBufferPointer)
        case fixed32(UInt32)
        case fixed64(UInt64)
    }

    /// Bytes that are not a protobuf message.
    package struct Malformed: Error, Sendable {
        package init() {}
    }

    private var rest: UnsafeRawBufferPointer

    package init(_ message: UnsafeRawBufferPointer) { rest = message }

    package var isAtEnd: Bool { rest.isEmpty }

    /// The next field, or nil at the end of the message.
    package mutating func next() throws(Malformed) -> (field: Int, value: Value)? {
        if rest.isEmpty { return nil }
        let tag = try varint()
        let field = tag >> 3
        guard (1...0x1FFF_FFFF).contains(field) else { throw Malformed() }
        switch tag & 7 {
        case 0: return (Int(field), .varint(try varint()))
        case 1:
            return (
                Int(field),
                .fixed64(UInt64(littleEndian: try take(8).loadUnaligned(as: UInt64.self)))
            )
        case 2:
            let count = try varint()
            guard count <= rest.count else { throw Malformed() }
            return (Int(field), .bytes(rest.takeFirstBytes(Int(count))))
        case 5:
            return (
                Int(field),
                .fixed32(UInt32(littleEndian: try take(4).loadUnaligned(as: UInt32.self)))
            )
        default: throw Malformed()
        }
    }

    private mutating func take(_ count: Int) throws(Malformed) -> UnsafeRawBufferPointer {
        guard rest.count >= count else { throw Malformed() }
        return rest.takeFirstBytes(count)
    }

    /// A bare varint, as packed numbers are.
    package mutating func varint() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for i in 0..<min(10, rest.count) {
            let byte = rest[i]
            // The tenth byte holds the one bit that is left of 64.
            if i == 9 && byte > 1 { throw Malformed() }
            value |= UInt64(byte & 0x7F) << UInt64(7 * i)
            if byte < 0x80 {
                rest.removeFirstBytes(i + 1)
                return value
            }
        }
        throw Malformed()
    }
}
