internal import EventLoop

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

    /// The failure, or nil on success.
    package var error: RPCError? {
        code == .ok ? nil : RPCError(code, String(decoding: message, as: UTF8.self))
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
    /// An empty status comes first in every success. Its absence means the same, but early Go
    /// clients insisted on one.
    private static let okStatusBytes = 2

    /// Bytes of the Response frame, with header, that carries a payload of this size.
    static func frameBytes(payloadBytes: Int) -> Int {
        FrameHeader.bytes + okStatusBytes + ProtobufWriter.fieldBytes(payloadBytes)
    }

    /// Appends a success whose payload `fill` writes in place: exactly `payloadBytes`.
    static func appendFrame(
        stream: UInt32, payloadBytes: Int, to buffer: ByteBuffer,
        fill: (UnsafeMutableRawPointer) -> Void
    ) {
        let count = frameBytes(payloadBytes: payloadBytes)
        let start = buffer.reserve(count)
        FrameHeader(dataBytes: count - FrameHeader.bytes, stream: stream, kind: .response)
            .write(to: start)
        let payload = ProtobufWriter.field(1, count: 0, to: start + FrameHeader.bytes)
        if payloadBytes > 0 {
            fill(ProtobufWriter.field(2, count: payloadBytes, to: payload))
        }
        buffer.commit(count)
    }

    /// Appends a failure, its message cut (between characters) at `RPCError.messageBytesMax`.
    static func appendFrame(
        stream: UInt32, code: StatusCode, message: UnsafeRawBufferPointer, to buffer: ByteBuffer
    ) {
        var message = message
        if message.count > RPCError.messageBytesMax {
            var end = RPCError.messageBytesMax
            while end > 0 && message[end] & 0xC0 == 0x80 { end -= 1 }
            message = UnsafeRawBufferPointer(rebasing: message[..<end])
        }
        // int32 goes as a sign-extended varint.
        let number = UInt64(bitPattern: Int64(code.rawValue))
        let status =
            1 + ProtobufWriter.varintBytes(number) + ProtobufWriter.fieldBytes(message.count)
        let count = FrameHeader.bytes + ProtobufWriter.fieldBytes(status)
        let start = buffer.reserve(count)
        FrameHeader(dataBytes: count - FrameHeader.bytes, stream: stream, kind: .response)
            .write(to: start)
        let target = ProtobufWriter.field(1, count: status, to: start + FrameHeader.bytes)
        target.storeBytes(of: 1 << 3, as: UInt8.self)
        let end = ProtobufWriter.field(
            2, bytes: message, to: ProtobufWriter.varint(number, to: target + 1))
        precondition(end - start == count, "a response frame's size was misjudged")
        buffer.commit(count)
    }
}
