/// Fields of a protobuf message, one after the other.
struct ProtobufBytes {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ field: UInt8, _ content: some Collection<UInt8>) {
        bytes.append(field << 3 | 2)
        append(varint: UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    mutating func append(_ field: UInt8, _ message: ProtobufBytes) { append(field, message.bytes) }

    mutating func append(_ field: UInt8, _ text: String) { append(field, text.utf8) }

    /// An integer; 0 is left out, as protobuf has it.
    mutating func append(_ field: UInt8, integer: Int) {
        guard integer != 0 else { return }
        bytes.append(field << 3)
        append(varint: UInt64(bitPattern: Int64(integer)))
    }

    /// Numbers, packed.
    mutating func append(_ field: UInt8, floats: [Float]) {
        append(field, floats.flatMap { number in (0..<4).map { number.bitPattern.byte($0) } })
    }

    private mutating func append(varint value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }
}

extension UInt32 {
    /// A byte, the lowest first.
    fileprivate func byte(_ place: Int) -> UInt8 { UInt8(truncatingIfNeeded: self >> (8 * place)) }
}
