internal import Buffers
internal import CSidecartProto
internal import Wire

/// The protocols that a connection may speak; its first byte tells.
package enum Framing: Sendable {
    /// Requests and responses are a frame each.
    case ttrpc
    /// gRPC: messages on streams of HTTP/2.
    case grpc
}

/// How the answer of one call is laid out, and for which stream of its connection.
///
/// With ttrpc it is a Response frame, packed straight into the buffer that is sent. With gRPC it is
/// what its code says: the message behind its length, or a failure's text; the session makes frames
/// of it.
struct ReplyForm: Sendable {
    let framing: Framing
    let stream: UInt32

    /// Bytes before a message of gRPC: a flag, and its length, big-endian.
    private static let prefixBytes = 5

    /// Appends a message, or nothing and throws RESOURCE_EXHAUSTED where the frame's data would be
    /// over `dataBytesMax`.
    ///
    /// - Parameter message: an initialized protobuf-c message struct, whose first member is its
    ///   `base`.
    func append<Message>(
        _ message: inout Message, dataBytesMax: Int, to output: ByteBuffer
    ) throws(RPCError) {
        let size = withUnsafePointer(to: &message) {
            protobuf_c_message_get_packed_size(Self.base($0))
        }
        try append(payloadBytes: size, dataBytesMax: dataBytesMax, to: output) { target in
            withUnsafePointer(to: &message) {
                let written = protobuf_c_message_pack(
                    Self.base($0), target.assumingMemoryBound(to: UInt8.self))
                precondition(written == size, "protobuf-c packed \(written) bytes of \(size)")
            }
        }
    }

    /// Appends an encoded message of `payloadBytes`, which `fill` writes in place.
    func append(
        payloadBytes: Int, dataBytesMax: Int, to output: ByteBuffer,
        fill: (UnsafeMutableRawPointer) -> Void
    ) throws(RPCError) {
        if framing == .grpc {
            return try appendMessage(
                payloadBytes: payloadBytes, bytesMax: dataBytesMax, to: output, fill: fill)
        }
        let dataBytes = ResponseEnvelope.frameBytes(payloadBytes: payloadBytes) - FrameHeader.bytes
        guard dataBytes <= dataBytesMax else {
            throw RPCError(
                .resourceExhausted,
                "the reply of \(dataBytes) bytes is over the frame limit of \(dataBytesMax)")
        }
        ResponseEnvelope.appendFrame(
            stream: stream, payloadBytes: payloadBytes, to: output, fill: fill)
    }

    private func appendMessage(
        payloadBytes: Int, bytesMax: Int, to output: ByteBuffer,
        fill: (UnsafeMutableRawPointer) -> Void
    ) throws(RPCError) {
        guard payloadBytes <= bytesMax else {
            throw RPCError(
                .resourceExhausted,
                "the reply of \(payloadBytes) bytes is over the message limit of \(bytesMax)")
        }
        let target = output.reserve(Self.prefixBytes + payloadBytes)
        target.storeBytes(of: 0, as: UInt8.self)
        target.storeBytes(of: UInt32(payloadBytes).bigEndian, toByteOffset: 1, as: UInt32.self)
        if payloadBytes > 0 { fill(target + Self.prefixBytes) }
        output.commit(Self.prefixBytes + payloadBytes)
    }

    /// Appends a failure.
    func append(_ error: RPCError, to output: ByteBuffer) {
        var message = error.message
        message.withUTF8 {
            if framing == .grpc { return output.append(UnsafeRawBufferPointer($0)) }
            ResponseEnvelope.appendFrame(
                stream: stream, code: error.code, message: UnsafeRawBufferPointer($0), to: output)
        }
    }

    private static func base<Message>(
        _ message: UnsafePointer<Message>
    ) -> UnsafePointer<ProtobufCMessage> {
        UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
    }
}
