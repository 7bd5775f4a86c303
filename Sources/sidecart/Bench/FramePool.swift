import Buffers
import Wire

/// What a benchmark calls.
enum BenchCall: String, CaseIterable, Encodable {
    case score, recommend, nearest, health, record

    fileprivate var service: String {
        switch self {
        case .score, .recommend: "sidecart.v1.Scoring"
        case .nearest: "sidecart.v1.Embeddings"
        case .health: "grpc.health.v1.Health"
        case .record: "sidecart.v1.Events"
        }
    }

    fileprivate var method: String {
        switch self {
        case .score: "Score"
        case .recommend: "Recommend"
        case .nearest: "Nearest"
        case .health: "Check"
        case .record: "Record"
        }
    }
}

/// Request frames made ahead, so that sending one costs a copy.
struct FramePool: Sendable {
    private var bytes: [UInt8] = []
    private var offsets = [0]
    private(set) var calls: [BenchCall] = []

    var count: Int { calls.count }
    var byteCount: Int { bytes.count }

    /// Adds a frame.
    ///
    /// - Parameter timeout: the call's deadline, from when the server reads it; nil for none.
    mutating func append(_ call: BenchCall, _ message: ProtobufBytes, timeout: Duration? = nil) {
        var envelope = ProtobufBytes()
        envelope.append(1, call.service)
        envelope.append(2, call.method)
        if !message.bytes.isEmpty { envelope.append(3, message) }
        if let timeout { envelope.append(4, integer: Int(timeout.seconds * 1e9)) }
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: FrameHeader.bytes))
        bytes.withUnsafeMutableBytes {
            FrameHeader(dataBytes: envelope.bytes.count, stream: 0, kind: .request)
                .write(to: $0.baseAddress! + start)
        }
        bytes.append(contentsOf: envelope.bytes)
        offsets.append(bytes.count)
        calls.append(call)
    }

    /// The bytes of a frame.
    func frame(_ position: Int) -> ArraySlice<UInt8> {
        bytes[offsets[position]..<offsets[position + 1]]
    }

    /// Appends a frame to `output` under a stream id.
    func copy(_ position: Int, stream: UInt32, to output: inout [UInt8]) {
        let start = output.count
        output.append(contentsOf: bytes[offsets[position]..<offsets[position + 1]])
        output.withUnsafeMutableBytes {
            $0.storeBytes(of: stream.bigEndian, toByteOffset: start + 4, as: UInt32.self)
        }
    }
}
