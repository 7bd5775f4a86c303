internal import CSidecartProto
internal import Wire

/// How values of each protobuf type lie on the wire and in the structs that protoc-c generates.
enum FieldType {
    /// Size of one value in its struct or array.
    static func bytes(_ type: ProtobufCType) -> Int {
        switch type {
        case PROTOBUF_C_TYPE_BYTES: MemoryLayout<ProtobufCBinaryData>.stride
        case PROTOBUF_C_TYPE_MESSAGE, PROTOBUF_C_TYPE_INT64, PROTOBUF_C_TYPE_SINT64,
            PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_UINT64, PROTOBUF_C_TYPE_FIXED64,
            PROTOBUF_C_TYPE_DOUBLE:
            8
        default: 4
        }
    }

    /// True for numbers, whose repeated fields may come packed.
    @inline(__always)
    static func isPackable(_ type: ProtobufCType) -> Bool {
        type != PROTOBUF_C_TYPE_BYTES && type != PROTOBUF_C_TYPE_MESSAGE
            && type != PROTOBUF_C_TYPE_STRING
    }

    /// How many elements of a repeated field a value holds.
    static func elements(
        _ value: ProtobufReader.Value, of type: ProtobufCType
    ) throws(MessageDecoder.Failure) -> Int {
        guard case .bytes(let packed) = value, isPackable(type) else { return 1 }
        if let size = fixedBytes(type) {
            guard packed.count % size == 0 else { throw .malformed }
            return packed.count / size
        }
        // A varint ends with the byte whose top bit is clear.
        return packed.reduce(0) { $0 + Int($1 < 0x80 ? 1 : 0) }
    }

    /// Bytes of the input as a field's value.
    @inline(__always)
    static func lent(_ bytes: UnsafeRawBufferPointer) -> ProtobufCBinaryData {
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return ProtobufCBinaryData(
            len: bytes.count, data: bytes.isEmpty ? nil : UnsafeMutablePointer(mutating: start))
    }

    /// Stores one value of any type but a message.
    static func store(
        _ value: ProtobufReader.Value, _ type: ProtobufCType, at target: UnsafeMutableRawPointer
    ) throws(MessageDecoder.Failure) {
        switch value {
        case .bytes(let bytes):
            precondition(type != PROTOBUF_C_TYPE_STRING, "strings are generated as bytes")
            guard type == PROTOBUF_C_TYPE_BYTES else { throw .malformed }
            target.storeBytes(of: lent(bytes), as: ProtobufCBinaryData.self)
        case .varint(let number): try store(number, type, at: target)
        case .fixed32(let bits):
            guard fixedBytes(type) == 4 else { throw .malformed }
            target.storeBytes(of: bits, as: UInt32.self)
        case .fixed64(let bits):
            guard fixedBytes(type) == 8 else { throw .malformed }
            target.storeBytes(of: bits, as: UInt64.self)
        }
    }

    /// Stores the elements of a packed field and returns how many there were.
    static func storePacked(
        _ packed: UnsafeRawBufferPointer, _ type: ProtobufCType, at target: UnsafeMutableRawPointer
    ) throws(MessageDecoder.Failure) -> Int {
        if let size = fixedBytes(type) {
            // Little-endian on the wire, as in memory on every machine this package runs on.
            UnsafeMutableRawBufferPointer(start: target, count: packed.count).copyMemory(
                from: packed)
            return packed.count / size
        }
        var reader = ProtobufReader(packed)
        var count = 0
        while !reader.isAtEnd {
            let number: UInt64
            do { number = try reader.varint() } catch { throw .malformed }
            try store(number, type, at: target + count * bytes(type))
            count += 1
        }
        return count
    }

    /// Stores what came as a varint.
    private static func store(
        _ number: UInt64, _ type: ProtobufCType, at target: UnsafeMutableRawPointer
    ) throws(MessageDecoder.Failure) {
        switch type {
        case PROTOBUF_C_TYPE_UINT32, PROTOBUF_C_TYPE_INT32, PROTOBUF_C_TYPE_ENUM:
            target.storeBytes(of: UInt32(truncatingIfNeeded: number), as: UInt32.self)
        case PROTOBUF_C_TYPE_BOOL:
            target.storeBytes(of: number == 0 ? 0 : 1, as: protobuf_c_boolean.self)
        case PROTOBUF_C_TYPE_UINT64, PROTOBUF_C_TYPE_INT64:
            target.storeBytes(of: number, as: UInt64.self)
        case PROTOBUF_C_TYPE_SINT32:
            let half = UInt32(truncatingIfNeeded: number)
            target.storeBytes(of: half >> 1 ^ (0 &- (half & 1)), as: UInt32.self)
        case PROTOBUF_C_TYPE_SINT64:
            target.storeBytes(of: number >> 1 ^ (0 &- (number & 1)), as: UInt64.self)
        default: throw .malformed
        }
    }

    /// Size on the wire of a type that is not a varint and has no length.
    private static func fixedBytes(_ type: ProtobufCType) -> Int? {
        switch type {
        case PROTOBUF_C_TYPE_FLOAT, PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32: 4
        case PROTOBUF_C_TYPE_DOUBLE, PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64: 8
        default: nil
        }
    }
}
