/// A message that is read field by field. Fields it does not know, or of another type than it
/// expects, are passed over, as protobuf has it.
package protocol WireMessage {
    /// The message without any field.
    init()
    mutating func read(
        _ field: Int, _ value: ProtobufReader.Value
    ) throws(ProtobufReader.Malformed)
}

extension WireMessage {
    package init(wire bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        self.init()
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() { try read(field, value) }
    }
}

/// How field types are read that are not what the wire has.
extension ProtobufReader {
    package static func text(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Malformed() }
        return text
    }

    package static func enumeration(_ value: UInt64) -> Int32 { Int32(truncatingIfNeeded: value) }

    /// Appends the numbers of a repeated `float`, packed or not.
    package static func floats(_ value: Value, into numbers: inout [Float]) throws(Malformed) {
        switch value {
        case .bytes(let packed):
            guard packed.count % 4 == 0 else { throw Malformed() }
            numbers.reserveCapacity(numbers.count + packed.count / 4)
            for offset in stride(from: 0, to: packed.count, by: 4) {
                let bits = packed.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                numbers.append(Float(bitPattern: UInt32(littleEndian: bits)))
            }
        case .fixed32(let bits): numbers.append(Float(bitPattern: bits))
        default: throw Malformed()
        }
    }

    /// Appends the numbers of a repeated unsigned integer, packed or not.
    package static func integers(_ value: Value, into numbers: inout [Int]) throws(Malformed) {
        switch value {
        case .bytes(let packed):
            var reader = ProtobufReader(packed)
            while !reader.isAtEnd { numbers.append(Int(clamping: try reader.varint())) }
        case .varint(let number): numbers.append(Int(clamping: number))
        default: throw Malformed()
        }
    }
}
