/// Walks the fields of one protobuf message in place, without copies.
///
/// A field is a tag (varint: field number << 3 | wire type) and a value: wire type 0 varint (1 to
/// 10 bytes), 1 eight bytes, 2 length (varint) and as many bytes, 5 four bytes. Groups (3, 4) have
/// been gone since proto3 and are malformed here, as in protobuf-c. Source:
/// protobuf.dev/programming-guides/encoding.
@usableFromInline
package struct ProtobufReader {
    @usableFromInline
    package enum Value {
        case varint(UInt64)
        case bytes(UnsafeRawBufferPointer)
        case fixed32(UInt32)
        case fixed64(UInt64)
    }

    /// Bytes that are not a protobuf message.
    @usableFromInline
    package struct Malformed: Error, Sendable {
        @inlinable
        package init() {}
    }

    /// What is left lies from here to `end`. Two pointers and no buffer, so that a step changes one.
    @usableFromInline var position: UnsafeRawPointer
    @usableFromInline let end: UnsafeRawPointer

    @inlinable
    package init(_ message: UnsafeRawBufferPointer) {
        // An empty message may have no address; any will do for what is never read.
        position = message.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
        end = position + message.count
    }

    @inlinable
    package var isAtEnd: Bool { position == end }

    /// The next field, or nil at the end of the message.
    @inlinable @inline(__always)
    package mutating func next() throws(Malformed) -> (field: Int, value: Value)? {
        if isAtEnd { return nil }
        let tag = try varint()
        let field = tag >> 3
        guard field &- 1 < 0x1FFF_FFFF else { throw Malformed() }
        switch tag & 7 {
        case 0: return (Int(field), .varint(try varint()))
        case 1:
            let start = try take(8)
            return (
                Int(field), .fixed64(UInt64(littleEndian: start.loadUnaligned(as: UInt64.self)))
            )
        case 2:
            let count = try varint()
            guard count <= end - position else { throw Malformed() }
            return (
                Int(field),
                .bytes(UnsafeRawBufferPointer(start: try take(Int(count)), count: Int(count)))
            )
        case 5:
            let start = try take(4)
            return (
                Int(field), .fixed32(UInt32(littleEndian: start.loadUnaligned(as: UInt32.self)))
            )
        default: throw Malformed()
        }
    }

    /// Hands over the values that follow of a field of bytes just read, as far as tag and length take
    /// a byte each; ``next()`` goes on from there. A repeated field's values mostly lie side by side.
    @inlinable @inline(__always)
    package mutating func forEachFollowing(
        of field: Int, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        guard field < 16 else { return }
        let tag = UInt8(field << 3 | 2)
        while end - position >= 2, position.load(as: UInt8.self) == tag {
            let count = Int(position.load(fromByteOffset: 1, as: UInt8.self))
            guard count < 0x80, count <= end - position - 2 else { return }
            body(UnsafeRawBufferPointer(start: position + 2, count: count))
            position += 2 + count
        }
    }

    @inlinable @inline(__always)
    mutating func take(_ count: Int) throws(Malformed) -> UnsafeRawPointer {
        guard end - position >= count else { throw Malformed() }
        let start = position
        position += count
        return start
    }

    /// A bare varint, as packed numbers are.
    @inlinable @inline(__always)
    package mutating func varint() throws(Malformed) -> UInt64 {
        guard position < end else { throw Malformed() }
        let first = position.load(as: UInt8.self)
        // Most are one byte: tags of small fields, lengths of ids.
        guard first >= 0x80 else {
            position += 1
            return UInt64(first)
        }
        return try longVarint()
    }

    @usableFromInline @inline(never)
    mutating func longVarint() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for i in 0..<min(10, end - position) {
            let byte = position.load(fromByteOffset: i, as: UInt8.self)
            // The tenth byte holds the one bit that is left of 64.
            if i == 9 && byte > 1 { throw Malformed() }
            value |= UInt64(byte & 0x7F) << UInt64(7 * i)
            if byte < 0x80 {
                position += i + 1
                return value
            }
        }
        throw Malformed()
    }
}
