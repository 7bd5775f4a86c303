import Buffers
import HTTP2
import TestGRPC
import Wire

extension FuzzTarget {
    /// What a client of HTTP/2 sends, in pieces, to a session whose calls are answered. The first byte says
    /// how: see ``HTTP2Exchange``.
    static let http2 = FuzzTarget(name: "http2", seeds: HTTP2Exchange.seeds) { bytes in
        guard let first = bytes.first else { return }
        HTTP2Exchange(first).run(Array(bytes.dropFirst()))
    }
}

/// One connection without a socket: a session, and handlers that answer at once (Echo), later (Later),
/// each of several messages (Converse), each of them later (Defer), again (Watch) or with a failure.
private final class HTTP2Exchange {
    private let pool = BufferPool()
    private let session: GRPCSession
    private let output: ByteBuffer
    private let pieceBytes: Int
    private let writesEarly: Bool
    private let hasPreface: Bool
    private var later: [UInt32] = []
    private var now: Int64 = 1

    /// - Parameter options: bits 0 and 1, the bytes of a piece (1, 9, 100, all); bit 2, whether output is
    ///   made between the pieces; bit 3, whether the input begins where a client's preface is over.
    init(_ options: UInt8) {
        session = GRPCSession(
            limits: .init(
                messageBytesMax: 1 << 16, streamsMax: 8, headerBytesMax: 1024, metadataCountMax: 4),
            pool: pool,
            takesSeveral: { _, method in
                method.first == UInt8(ascii: "C") || method.first == UInt8(ascii: "D")
            })
        output = pool.take()
        pieceBytes = [1, 9, 100, .max][Int(options & 3)]
        writesEarly = options & 4 != 0
        hasPreface = options & 8 == 0
    }

    func run(_ bytes: [UInt8]) {
        let all = (hasPreface ? HTTP2Frames.preface : []) + bytes
        var start = 0
        while start < all.count, session.failure == nil {
            let end = start + min(pieceBytes, all.count - start)
            all[start..<end].withUnsafeBytes { receive($0) }
            start = end
            if writesEarly { write() }
        }
        while !later.isEmpty { answerLater() }
        write()
        for stream in session.streams where stream.isOpenEnded {
            session.fail(stream, .unavailable, UnsafeRawBufferPointer(start: nil, count: 0))
        }
        session.announceEnd()
        session.refuseNewStreams()
        session.submitEnd(because: "the end", isClientsFault: session.failure != nil)
        write()
        session.discard()
        precondition(session.queuedBytes == 0 && session.heldBytes == 0)
        pool.recycle(output)
        precondition(pool.bytesInUse.value == 0, "\(pool.bytesInUse.value) bytes are lost")
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) {
        var input = bytes
        // Each step takes a byte or a call, or is the last.
        while true {
            while let stream = session.next { take(stream) }
            now += 1_000
            let left = input.count
            switch session.receive(&input, at: now) {
            case .needsMore, .failed: return
            case .frame: precondition(input.count < left)
            }
            session.refusals.removeAll()
            session.canceled.removeAll()
            precondition(session.queuedBytes >= 0 && session.heldBytes >= 0)
            precondition(session.requestCount(in: input) >= 0)
        }
    }

    private func take(_ stream: GRPCStream) {
        session.take(stream)
        let envelope = stream.envelope(at: now)
        var (count, size) = (0, 0)
        envelope.metadata.forEach { key, value in
            count += 1
            size += key.count + value.count
        }
        precondition(count == envelope.metadata.count && size <= 1 << 16)
        switch envelope.method.first {
        case UInt8(ascii: "E"):
            session.release(stream)
            answer(stream)
        case UInt8(ascii: "L"):
            session.release(stream)
            later.append(UInt32(bitPattern: stream.id))
        case UInt8(ascii: "D"):
            session.release(stream)
            stream.isAwaitingAnswer = true
            later.append(UInt32(bitPattern: stream.id))
        case UInt8(ascii: "C"):
            session.release(stream)
            session.send(stream, message([1, 2, 3]))
            session.goOn(stream)
        case UInt8(ascii: "W"):
            session.keep(stream)
            stream.told = [1]
            session.send(stream, message([1]))
        default:
            var metadata = ResponseMetadata()
            try? metadata.add("why-bin", envelope.payload.prefix(100).rebased, .trailing)
            if envelope.payload.isEmpty { try? metadata.add("how", envelope.payload, .initial) }
            stream.metadata = metadata
            let text = pool.take()
            text.append(envelope.payload)
            session.release(stream)
            session.answer(stream, text, .notFound)
        }
    }

    /// Answers a call that was put off: the only one of its stream, or one of several.
    private func answerLater() {
        guard let stream = session.stream(later.removeFirst()), !stream.isAnswered else { return }
        guard stream.isAwaitingAnswer else { return answer(stream) }
        stream.isAwaitingAnswer = false
        session.send(stream, message([4]))
        session.goOn(stream)
        while let stream = session.next { take(stream) }
    }

    private func answer(_ stream: GRPCStream) {
        session.answer(stream, message([UInt8](repeating: 7, count: 300)), .ok)
    }

    private func message(_ payload: [UInt8]) -> ByteBuffer {
        let buffer = pool.take()
        HTTP2Frames.message(payload).withUnsafeBytes { buffer.append($0) }
        return buffer
    }

    private func write() {
        while session.write(to: output, limit: 1 << 16) { output.removeAll() }
        output.removeAll()
    }

    // MARK: Seeds

    private typealias F = HTTP2Frames

    private static let rest = [
        (":scheme", "http"), (":authority", "localhost"), ("te", "trailers"),
        ("content-type", "application/grpc"),
    ]

    private static func request(_ method: String, _ more: [(String, String)] = [])
        -> [(String, String)]
    {
        [(":method", "POST"), (":path", "/test.Service/\(method)")] + rest + more
    }

    /// A connection's calls as a real client compresses them.
    private static func calls(_ requests: [([(String, String)], body: [UInt8])]) -> [UInt8] {
        var bytes = F.frame(F.settings)
        for (i, block) in F.compressed(requests.map(\.0)).enumerated() {
            let stream = UInt32(2 * i + 1)
            bytes += F.frame(F.headers, flags: F.endHeaders, stream: stream, block)
            bytes += F.frame(F.data, flags: F.endStream, stream: stream, requests[i].body)
        }
        return bytes
    }

    static let seeds: [[UInt8]] = [
        [7]
            + calls([
                (request("Echo"), F.message([1, 2, 3])), (request("Echo"), F.message([])),
                (request("Fail", [("a", "b")]), F.message(Array("no such thing".utf8))),
            ]),
        [4]
            + calls([
                (
                    request("Later", [("grpc-timeout", "5m"), ("x-bin", "AAEC,/w==")]),
                    F.message([1])
                ),
                (request("Watch"), F.message([])), (request("Unknown"), F.message([])),
                (request("Echo", [("grpc-encoding", "gzip")]), F.message([1], isCompressed: true)),
            ]),
        [7] + calls([(request("Defer"), F.message([1]) + F.message([2, 3]))]),
        [5] + calls([(request("Converse"), F.message([1]) + F.message([2, 3]))])
            + F.frame(F.reset, stream: 1, F.bigEndian(8)),
        // By hand: windows, pings, a continuation, a trailer, padding, a priority and the end.
        [6] + F.frame(F.settings, F.setting(4, 1) + F.setting(1, 0) + F.setting(5, 1 << 14))
            + F.frame(F.headers, stream: 1, F.fields([(":method", "POST")]))
            + F.frame(
                F.continuation, flags: F.endHeaders, stream: 1,
                F.fields([(":scheme", "http"), (":path", "/a.B/Echo")] + rest.dropFirst()))
            + F.frame(F.data, stream: 1, Array(F.message([1, 2, 3]).dropLast(2)))
            + F.frame(F.ping, [1, 2, 3, 4, 5, 6, 7, 8])
            + F.frame(F.data, flags: 8, stream: 1, [1, 2, 0])
            + F.frame(F.windowUpdate, stream: 1, F.bigEndian(40))
            + F.frame(F.windowUpdate, F.bigEndian(1 << 20))
            + F.frame(
                F.headers, flags: F.endHeaders | F.endStream, stream: 1, F.fields([("a", "b")]))
            + F.frame(2, stream: 3, [0, 0, 0, 1, 16])
            + F.frame(F.goAway, F.bigEndian(0) + F.bigEndian(0)),
        [2] + F.frame(F.settings)
            + F.frame(
                F.headers, flags: F.endHeaders | F.endStream, stream: 1,
                F.fields([(":method", "GET"), (":scheme", "http"), (":path", "/")])),
        [15] + F.preface + F.frame(F.settings) + F.frame(F.settings, flags: 1),
    ]
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var rebased: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self) }
}
