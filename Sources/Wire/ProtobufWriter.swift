package import Buffers

/// Writes messages in the protobuf wire format to the end of a buffer, fields in the order of the
/// calls. Default values are left out, as proto3 has it.
package struct ProtobufWriter {
    /// Where the message goes.
    package let buffer: ByteBuffer

    package init(_ buffer: ByteBuffer = ByteBuffer()) { self.buffer = buffer }

    // MARK: Sizes

    /// Bytes `value` takes as a varint, 1 to 10.
    package static func varintBytes(_ value: UInt64) -> Int {
        (70 - (value | 1).leadingZeroBitCount) / 7
    }

    /// Bytes of a length-prefixed field with a tag of one byte (fields 1 to 15), even if it is empty.
    package static func elementBytes(_ count: Int) -> Int {
        1 + varintBytes(UInt64(count)) + count
    }

    /// Bytes of a length-prefixed field, with its tag; none if it is empty.
    package static func fieldBytes(_ count: Int) -> Int { count == 0 ? 0 : elementBytes(count) }

    // MARK: Fields

    package func integer(_ field: Int, _ value: UInt64) {
        if value != 0 { integerElement(field, value) }
    }

    /// A number that is written even if it is zero.
    package func integerElement(_ field: Int, _ value: UInt64) {
        varint(UInt64(field << 3))
        varint(value)
    }

    package func bool(_ field: Int, _ value: Bool) { if value { integer(field, 1) } }

    /// 0 is left out, as proto3 has it.
    package func float(_ field: Int, _ value: Float) {
        guard value != 0 else { return }
        tag(field, 5)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { buffer.append($0) }
    }

    package func string(_ field: Int, _ value: String) {
        if !value.isEmpty { element(field, value) }
    }

    package func strings(_ field: Int, _ values: [String]) {
        for value in values { element(field, value) }
    }

    package func bytes(_ field: Int, _ value: UnsafeRawBufferPointer) {
        guard !value.isEmpty else { return }
        length(field, value.count)
        buffer.append(value)
    }

    /// Written even if it is 0.
    package func floatElement(_ field: Int, _ value: Float) {
        tag(field, 5)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { buffer.append($0) }
    }

    /// Packed.
    package func integers(_ field: Int, _ values: [UInt32]) {
        guard !values.isEmpty else { return }
        length(field, values.reduce(0) { $0 + Self.varintBytes(UInt64($1)) })
        for value in values { varint(UInt64(value)) }
    }

    /// Packed.
    package func floats(_ field: Int, _ values: [Float]) {
        guard !values.isEmpty else { return }
        length(field, values.count * MemoryLayout<Float>.stride)
        values.withUnsafeBytes { buffer.append($0) }
    }

    /// A message within this one; written even if it is empty.
    package func message<E: Error>(
        _ field: Int, _ body: (ProtobufWriter) throws(E) -> Void
    ) throws(E) {
        tag(field, 2)
        let start = buffer.count
        try body(self)
        // The length goes first, and is known last.
        let length = UInt64(buffer.count - start)
        Self.write(length, to: buffer.open(Self.varintBytes(length), at: start))
    }

    /// Tag and length of a length-prefixed field, whose `count` bytes are to follow.
    package func length(_ field: Int, _ count: Int) {
        tag(field, 2)
        varint(UInt64(count))
    }

    private func element(_ field: Int, _ value: String) {
        var value = value
        value.withUTF8 {
            length(field, $0.count)
            buffer.append(UnsafeRawBufferPointer($0))
        }
    }

    private func tag(_ field: Int, _ wireType: Int) { varint(UInt64(field << 3 | wireType)) }

    private func varint(_ value: UInt64) {
        let target = buffer.reserve(Self.varintBytes(value))
        buffer.commit(Self.write(value, to: target))
    }

    /// Writes a varint and returns its length.
    @discardableResult
    private static func write(_ value: UInt64, to target: UnsafeMutableRawPointer) -> Int {
        var (rest, count) = (value, 0)
        while rest >= 0x80 {
            target.storeBytes(
                of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
            rest >>= 7
            count += 1
        }
        target.storeBytes(of: UInt8(rest), toByteOffset: count, as: UInt8.self)
        return count + 1
    }
}
