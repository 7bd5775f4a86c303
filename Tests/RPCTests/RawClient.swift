import EventLoop
import Glibc
import Interactions
import RPC
import TestPeers
import Wire

/// A frame as a client sees it.
struct ReceivedFrame: Equatable {
    let header: FrameHeader
    let data: [UInt8]

    var code: StatusCode {
        data.withUnsafeBytes { bytes in (try? ResponseEnvelope(bytes))?.code ?? .unknown }
    }

    var message: String {
        data.withUnsafeBytes { bytes in
            (try? ResponseEnvelope(bytes)).map { String(decoding: $0.message, as: UTF8.self) } ?? ""
        }
    }

    var payload: [UInt8] {
        data.withUnsafeBytes { bytes in
            (try? ResponseEnvelope(bytes)).map { Array($0.payload) } ?? []
        }
    }

}

/// A client of bare system calls, so that it can misbehave at will. Gives up after 20 s of silence.
final class RawClient {
    typealias Failure = SocketFailure

    let descriptor: Int32

    init(_ path: String) throws {
        descriptor = try connectPatiently(to: path)
    }

    deinit { Glibc.close(descriptor) }

    func send(_ bytes: some Collection<UInt8>) throws {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress! + sent, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(errno: errno) }
            sent += count
        }
    }

    /// Sends what the socket takes without waiting, and returns how much that was.
    func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        return max(
            0, bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress!, $0.count, flags) })
    }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next frame, or nil at the end of the connection.
    func receive() throws -> ReceivedFrame? {
        guard let head = try read(FrameHeader.bytes) else { return nil }
        let header = head.withUnsafeBytes { FrameHeader($0) }
        guard let data = try read(header.dataBytes) else { return nil }
        return ReceivedFrame(header: header, data: data)
    }

    /// What has come, at least a byte of it; throws at the end of the connection.
    func receiveSome() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        bytes.removeLast(bytes.count - (try receive(into: &bytes)))
        return bytes
    }

    /// Drops what has come.
    func discardReceived() {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        while recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT)) > 0 {}
    }

    /// Drops what comes until the connection ends.
    func drainToEnd() throws {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        do {
            while true { try receive(into: &bytes) }
        } catch let failure as Failure {
            guard failure.errno == 0 || failure.errno == ECONNRESET else { throw failure }
        }
    }

    @discardableResult
    private func receive(into bytes: inout [UInt8]) throws -> Int {
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { throw Failure(errno: count == 0 ? 0 : errno) }
        return count
    }

    private func read(_ count: Int) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var got = 0
        while got < count {
            let step = bytes.withUnsafeMutableBytes {
                Glibc.recv(descriptor, $0.baseAddress! + got, count - got, 0)
            }
            if step == 0 || (step < 0 && errno == ECONNRESET) { return nil }
            guard step > 0 else { throw Failure(errno: errno) }
            got += step
        }
        return bytes
    }
}
