import Buffers
import Wire

/// The request that the benchmark sends: Score for one user and a list of items.
enum ScoreFrame {
    /// A whole ttrpc frame.
    static func make(user: String, items: [String]) -> [UInt8] {
        var message: [UInt8] = []
        append(1, field(1, user), to: &message)
        for item in items { message += field(2, item) }
        let buffer = ByteBuffer()
        let fits = RequestEnvelope.appendFrame(
            stream: 1, service: "sidecart.v1.Scoring", method: "Score",
            payloadBytes: message.count, to: buffer
        ) { target in
            message.withUnsafeBytes {
                target.copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
        }
        precondition(fits, "a benchmark's frame of \(message.count) bytes")
        return Array(buffer.bytes)
    }

    private static func field(_ number: UInt8, _ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        append(number, Array(text.utf8), to: &bytes)
        return bytes
    }

    /// A length-delimited protobuf field of less than 16 KiB.
    private static func append(_ number: UInt8, _ content: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(number << 3 | 2)
        if content.count >= 128 { bytes.append(UInt8(content.count & 0x7f) | 0x80) }
        bytes.append(UInt8(content.count >= 128 ? content.count >> 7 : content.count))
        bytes += content
    }
}
