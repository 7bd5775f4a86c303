import Buffers
import Foundation
import TestPeers
import Wire

/// A client of bare system calls, so that it can misbehave. Gives up after 20 s of silence.
final class RawPeer {
    typealias Failure = SocketFailure
    struct Reply {
        let stream: UInt32
        let code: Int
    }

    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = try connectPatiently(to: path)
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.send(
                    descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(errno: errno) }
            sent += count
        }
    }

    /// Sends until the server takes no more, or `limit` bytes are through.
    func flood(_ bytes: [UInt8], limit: Int) {
        var sent = 0
        while sent < limit {
            let count = bytes.withUnsafeBytes {
                Foundation.send(
                    descriptor, $0.baseAddress!, $0.count,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            guard count == bytes.count else { return }
            sent += count
        }
    }

    /// The next reply, or nil at the end of the connection.
    func receive() throws -> Reply? {
        guard let head = try read(FrameHeader.bytes) else { return nil }
        let header = head.withUnsafeBytes { FrameHeader($0) }
        guard let data = try read(header.dataBytes) else { return nil }
        let code = try data.withUnsafeBytes { try ResponseEnvelope($0).code }
        return Reply(stream: header.stream, code: Int(code.rawValue))
    }

    private func read(_ count: Int) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var got = 0
        while got < count {
            let step = bytes.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress! + got, count - got, 0)
            }
            if step == 0 || (step < 0 && errno == ECONNRESET) { return nil }
            guard step > 0 else { throw Failure(errno: errno) }
            got += step
        }
        return bytes
    }

    /// A Recommend frame for nobody in particular.
    static func recommend(stream: UInt32, k: Int) -> [UInt8] {
        // Field 2, a varint of two bytes.
        request(
            "Recommend", payload: [0x10, UInt8(k & 0x7f) | 0x80, UInt8(k >> 7)], stream: stream)
    }

    static func request(
        _ method: String, of service: String = "sidecart.v1.Scoring", payload: [UInt8],
        stream: UInt32 = 1
    ) -> [UInt8] {
        let buffer = ByteBuffer()
        let fits = RequestEnvelope.appendFrame(
            stream: stream, service: service, method: method, payloadBytes: payload.count,
            to: buffer
        ) { target in
            payload.withUnsafeBytes {
                target.copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
        }
        precondition(fits)
        return Array(buffer.bytes)
    }
}
