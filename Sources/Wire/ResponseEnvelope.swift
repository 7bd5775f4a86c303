package import Buffers

/// What a Response frame carries: a status and, on success, a payload. Views into the frame's data.
///
/// `{1 {1 int32 code, 2 message, 3 details}, 2 payload}`; no status is success.
package struct ResponseEnvelope {
    package private(set) var code = StatusCode.ok
    /// UTF-8.
    package private(set) var message = UnsafeRawBufferPointer(start: nil, count: 0)
    package private(set) var payload = UnsafeRawBufferPointer(start: nil, count: 0)

    /// Reads a response; for clients.
    package init(_ data: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        var reader = ProtobufReader(data)
        while let field = try reader.next() {
            switch field {
            case (1, .bytes(let status)): try parse(status: status)
            case (2, .bytes(let bytes)): payload = bytes
            default: continue
            }
        }
    }

    private mutating func parse(
        status: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Malformed) {
        var reader = ProtobufReader(status)
        while let field = try reader.next() {
            switch field {
            case (1, .varint(let value)):
                code = StatusCode(rawValue: Int32(truncatingIfNeeded: value))
            case (2, .bytes(let bytes)): message = bytes
            default: continue
            }
        }
    }
}

extension ResponseEnvelope {
    /// Longest message of a failure, in bytes of UTF-8.
    package static let messageBytesMax = 4096

    /// An empty status comes first in every success. Its absence means the same, but early Go
    /// clients insisted on one.
    private static let okStatusBytes = 2

    /// Bytes of the Response frame, with header, that carries a payload of this size.
    package static func frameBytes(payloadBytes: Int) -> Int {
        FrameHeader.bytes + okStatusBytes + ProtobufWriter.fieldBytes(payloadBytes)
    }

    /// Appends a success whose payload `fill` writes in place: exactly `payloadBytes`.
    package static func appendFrame(
        stream: UInt32, payloadBytes: Int, to buffer: ByteBuffer,
        fill: (UnsafeMutableRawPointer) -> Void
    ) {
        let dataBytes = frameBytes(payloadBytes: payloadBytes) - FrameHeader.bytes
        appendHeader(stream: stream, dataBytes: dataBytes, to: buffer)
        let writer = ProtobufWriter(buffer)
        writer.length(1, 0)
        guard payloadBytes > 0 else { return }
        writer.length(2, payloadBytes)
        fill(buffer.reserve(payloadBytes))
        buffer.commit(payloadBytes)
    }

    /// Appends a failure, its message cut (between characters) at ``messageBytesMax``.
    package static func appendFrame(
        stream: UInt32, code: StatusCode, message: UnsafeRawBufferPointer, to buffer: ByteBuffer
    ) {
        var message = message
        if message.count > messageBytesMax {
            var end = messageBytesMax
            while end > 0 && message[end] & 0xC0 == 0x80 { end -= 1 }
            message = UnsafeRawBufferPointer(rebasing: message[..<end])
        }
        // int32 goes as a sign-extended varint.
        let number = UInt64(bitPattern: Int64(code.rawValue))
        let statusBytes =
            1 + ProtobufWriter.varintBytes(number) + ProtobufWriter.fieldBytes(message.count)
        appendHeader(
            stream: stream, dataBytes: ProtobufWriter.elementBytes(statusBytes), to: buffer)
        let writer = ProtobufWriter(buffer)
        writer.length(1, statusBytes)
        writer.integerElement(1, number)
        writer.bytes(2, message)
    }

    /// Makes room for a whole frame and writes its header.
    private static func appendHeader(stream: UInt32, dataBytes: Int, to buffer: ByteBuffer) {
        FrameHeader(dataBytes: dataBytes, stream: stream, kind: .response)
            .write(to: buffer.reserve(FrameHeader.bytes + dataBytes))
        buffer.commit(FrameHeader.bytes)
    }
}
