internal import RPC

typealias WireValue = ProtobufReader.Value
typealias Malformed = ProtobufReader.Malformed

/// A message that is read field by field. Fields it does not know, or of another type than it
/// expects, are passed over, as protobuf has it.
protocol WireMessage {
    /// The message without any field.
    init()
    mutating func read(_ field: Int, _ value: WireValue) throws(Malformed)
}

extension WireMessage {
    init(wire bytes: UnsafeRawBufferPointer) throws(Malformed) {
        self.init()
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() { try read(field, value) }
    }
}

/// How field types are read that are not what the wire has.
enum Wire {
    static func text(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Malformed() }
        return text
    }

    static func enumeration(_ value: UInt64) -> Int32 { Int32(truncatingIfNeeded: value) }

    static func floats(
        _ value: WireValue, into numbers: inout [Float]
    ) throws(Malformed) {
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

    static func integers(_ value: WireValue, into numbers: inout [Int]) throws(Malformed) {
        switch value {
        case .bytes(let packed):
            var number: UInt64 = 0
            var shift: UInt64 = 0
            for byte in packed {
                guard shift < 64 else { throw Malformed() }
                number |= UInt64(byte & 0x7f) << shift
                shift += 7
                guard byte < 0x80 else { continue }
                numbers.append(Int(clamping: number))
                (number, shift) = (0, 0)
            }
            guard shift == 0 else { throw Malformed() }
        case .varint(let number): numbers.append(Int(clamping: number))
        default: throw Malformed()
        }
    }
}
