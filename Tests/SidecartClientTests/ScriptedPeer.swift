import CSidecartProto
import Foundation

struct PeerFailure: Error { var message: String }

/// Runs blocking work on a thread of its own.
func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

/// A server that does what the test says, frame by frame, over plain sockets.
final class ScriptedPeer: Sendable {
    private let listener: Int32
    private let path: String

    init(_ path: String) throws {
        self.path = path
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0, listen(listener, 64) == 0 else {
            throw PeerFailure(message: "cannot listen at \(path): \(errno)")
        }
    }

    deinit { close(listener) }

    /// Frees the path for another peer; connections stay.
    func unlisten() {
        shutdown(listener, Int32(SHUT_RDWR))
        unlink(path)
    }

    func accept() async throws -> PeerConnection {
        let listener = listener
        return try await onThread {
            try waitUntilReadable(listener)
            let descriptor = Foundation.accept(listener, nil, nil)
            guard descriptor >= 0 else { throw PeerFailure(message: "accept: \(errno)") }
            return PeerConnection(descriptor)
        }
    }
}

/// A call as the peer got it.
struct PeerRequest: Sendable {
    var stream: UInt32
    var service: String
    var method: String
    var payload: [UInt8]
    var timeoutNanoseconds: Int64
}

/// The peer's end of one connection.
final class PeerConnection: Sendable {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { Foundation.close(descriptor) }

    /// The next request; nil where the client closed.
    func next() async throws -> PeerRequest? {
        let descriptor = descriptor
        return try await onThread {
            guard let header = try receive(10, from: descriptor) else { return nil }
            let numbers = header.withUnsafeBytes {
                (
                    UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self)),
                    UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
                )
            }
            guard header[8] == 1, let data = try receive(Int(numbers.0), from: descriptor) else {
                throw PeerFailure(message: "not a whole request frame")
            }
            guard let request = ttrpc__v1__request__unpack(nil, data.count, data) else {
                throw PeerFailure(message: "not a request")
            }
            defer { ttrpc__v1__request__free_unpacked(request, nil) }
            return PeerRequest(
                stream: numbers.1, service: text(request.pointee.service),
                method: text(request.pointee.method),
                payload: Array(
                    UnsafeBufferPointer(
                        start: request.pointee.payload.data, count: request.pointee.payload.len)),
                timeoutNanoseconds: request.pointee.timeout_nano)
        }
    }

    func request() async throws -> PeerRequest {
        guard let request = try await next() else {
            throw PeerFailure(message: "the client closed the connection")
        }
        return request
    }

    func write(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw PeerFailure(message: "send: \(errno)") }
            done += count
        }
    }

    func answer(_ request: PeerRequest, _ payload: [UInt8] = []) throws {
        try write(answerFrame(request.stream, payload))
    }

    func fail(_ request: PeerRequest, code: Int32, _ message: String) throws {
        let arena = Arena()
        var status = Ttrpc__V1__Status()
        ttrpc__v1__status__init(&status)
        status.code = code
        status.message = arena.bytes(message)
        var response = Ttrpc__V1__Response()
        ttrpc__v1__response__init(&response)
        response.status = arena.box(status)
        try write(frame(request.stream, pack(&response)))
    }

    func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

func answerFrame(_ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
    let arena = Arena()
    var response = Ttrpc__V1__Response()
    ttrpc__v1__response__init(&response)
    response.payload = arena.bytes(payload)
    return frame(stream, pack(&response))
}

func frame(_ stream: UInt32, _ data: [UInt8], kind: UInt8 = 2) -> [UInt8] {
    withUnsafeBytes(of: UInt32(data.count).bigEndian) { Array($0) }
        + withUnsafeBytes(of: stream.bigEndian) { Array($0) } + [kind, 0] + data
}

/// A minute is a fault of the code under test, not a measure of its speed.
private func waitUntilReadable(_ descriptor: Int32) throws {
    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard Foundation.poll(&poll, 1, 60_000) == 1 else {
        throw PeerFailure(message: "nothing came")
    }
}

/// nil at the end of the stream.
private func receive(_ count: Int, from descriptor: Int32) throws -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
        try waitUntilReadable(descriptor)
        let received = bytes.withUnsafeMutableBytes {
            recv(descriptor, $0.baseAddress! + done, count - done, 0)
        }
        if received == 0 && done == 0 { return nil }
        guard received > 0 else { throw PeerFailure(message: "cut short after \(done) bytes") }
        done += received
    }
    return bytes
}
