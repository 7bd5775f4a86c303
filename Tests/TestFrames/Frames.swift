internal import Buffers
package import Wire

/// The bytes of a Request frame.
package func requestFrame(
    stream: UInt32, service: String = "test.Echo", method: String = "Echo",
    payload: [UInt8] = [1, 2, 3], timeout: Int64 = 0, metadata: [(key: String, value: String)] = []
) -> [UInt8] {
    let buffer = ByteBuffer()
    let fits = RequestEnvelope.appendFrame(
        stream: stream, service: service, method: method, timeoutNanoseconds: timeout,
        metadata: metadata, payloadBytes: payload.count, to: buffer
    ) { target in
        payload.withUnsafeBytes { target.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    }
    precondition(fits)
    return Array(buffer.bytes)
}

/// A frame with any header and data.
package func rawFrame(_ header: FrameHeader, _ data: [UInt8] = []) -> [UInt8] {
    var head = [UInt8](repeating: 0, count: FrameHeader.bytes)
    head.withUnsafeMutableBytes { header.write(to: $0.baseAddress!) }
    return head + data
}
