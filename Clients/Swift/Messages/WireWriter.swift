/// Writes messages in the protobuf wire format, fields in the order of the calls. Default values
/// are left out.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func string(_ field: Int, _ value: String) {
        if !value.isEmpty { element(field, value) }
    }

    mutating func strings(_ field: Int, _ values: [String]) {
        for value in values { element(field, value) }
    }

    mutating func bool(_ field: Int, _ value: Bool) { if value { integer(field, 1) } }

    mutating func integer(_ field: Int, _ value: UInt64) {
        guard value != 0 else { return }
        varint(UInt64(field << 3))
        varint(value)
    }

    /// Packed.
    mutating func floats(_ field: Int, _ values: [Float]) {
        guard !values.isEmpty else { return }
        varint(UInt64(field << 3 | 2))
        varint(UInt64(values.count * 4))
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    /// A message within this one; written even if it is empty.
    mutating func message<E: Error>(
        _ field: Int, _ body: (inout WireWriter) throws(E) -> Void
    ) throws(E) {
        varint(UInt64(field << 3 | 2))
        // One byte is enough for most lengths; longer ones make room once the length is known.
        let start = bytes.count
        bytes.append(0)
        try body(&self)
        var length = bytes.count - start - 1
        var extra: [UInt8] = []
        while length >= 0x80 {
            extra.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        bytes[start] = UInt8(length)
        if !extra.isEmpty { bytes.insert(contentsOf: extra, at: start) }
    }

    private mutating func element(_ field: Int, _ value: String) {
        varint(UInt64(field << 3 | 2))
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    private mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }
}
