internal import Buffers
internal import CSidecartProto
internal import Wire

/// How the answer of one call is laid out, and for which stream of its connection: packed straight
/// into the buffer that is sent.
struct ReplyForm: Sendable {
    let stream: UInt32

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
        let dataBytes = ResponseEnvelope.frameBytes(payloadBytes: payloadBytes) - FrameHeader.bytes
        guard dataBytes <= dataBytesMax else {
            throw RPCError(
                .resourceExhausted,
                "the reply of \(dataBytes) bytes is over the frame limit of \(dataBytesMax)")
        }
        ResponseEnvelope.appendFrame(
            stream: stream, payloadBytes: payloadBytes, to: output, fill: fill)
    }

    /// Appends a failure.
    func append(_ error: RPCError, to output: ByteBuffer) {
        var message = error.message
        message.withUTF8 {
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
