import Foundation
import SidecartClient
import TestFolders
import Testing

/// What a script of calls on one connection found: scores, or error codes.
private enum Outcome: Equatable, Sendable {
    case score(Float)
    case failed(SidecartError.Code, SidecartError.Origin)
}

extension BlockingConnection {
    fileprivate func outcome(_ item: String = "a", timeout: Duration? = nil) -> Outcome {
        do throws(SidecartError) {
            return .score(try score([item], for: Context(), timeout: timeout).values[0])
        } catch {
            return .failed(error.code, error.origin)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct BlockingTests {
    private let folder: TemporaryFolder

    init() { folder = TemporaryFolder() }

    /// Runs calls on a thread of their own, on a connection that is theirs.
    private func run(
        firstStream: UInt32 = 1, frameBytesMax: Int = 4 << 20,
        _ script: @escaping @Sendable (BlockingConnection) -> [Outcome]
    ) async throws -> [Outcome] {
        let path = folder["s"]
        return try await onThread {
            var configuration = SidecartConfiguration()
            configuration.timeout = .seconds(30)
            configuration.frameBytesMax = frameBytesMax
            return script(
                BlockingConnection(
                    socketPath: path, configuration: configuration, firstStream: firstStream))
        }
    }

    @Test func `Calls follow each other on one connection`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        async let outcomes = run { connection in (0..<5).map { connection.outcome("\($0)") } }
        let connection = try await peer.accept()
        for i in 0..<5 {
            let request = try await connection.request()
            #expect(request.stream == UInt32(2 * i + 1))
            try connection.answer(request, scoreResponse([Float(i)]))
        }
        #expect(try await outcomes == (0..<5).map { .score(Float($0)) })
        #expect(try await connection.next() == nil)
    }

    @Test func `An answer larger than a read comes whole`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        let items = (0..<100_000).map { "\($0)" }
        let path = folder["s"]
        async let scores = onThread {
            try BlockingConnection(socketPath: path).score(
                items, for: Context(), timeout: .seconds(30))
        }
        let connection = try await peer.accept()
        let request = try await connection.request()
        #expect(scoreItems(request.payload) == items)
        try connection.answer(request, scoreResponse(items.map { Float($0) ?? -1 }))
        #expect(try await scores.values == (0..<100_000).map { Float($0) })
    }

    @Test
    func `A silent server does not hold a call past its timeout, and its late answer is dropped`()
        async throws
    {
        let peer = try ScriptedPeer(folder["s"])
        async let outcomes = run { connection in
            [connection.outcome("slow", timeout: .milliseconds(20)), connection.outcome("next")]
        }
        let connection = try await peer.accept()
        let slow = try await connection.request()
        #expect((1...20_000_000).contains(slow.timeoutNanoseconds))
        let next = try await connection.request()
        let late = answerFrame(slow.stream, scoreResponse([1]))
        try connection.write(late + answerFrame(next.stream, scoreResponse([2])))
        #expect(try await outcomes == [.failed(.deadlineExceeded, .client), .score(2)])
    }

    @Test func `A timeout within a frame keeps the two sides in step`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        async let outcomes = run { connection in
            [connection.outcome("slow", timeout: .milliseconds(20)), connection.outcome("next")]
        }
        let connection = try await peer.accept()
        let slow = try await connection.request()
        let late = answerFrame(slow.stream, scoreResponse([1]))
        try connection.write(Array(late[..<7]))
        let next = try await connection.request()
        try connection.write(Array(late[7...]))
        try connection.answer(next, scoreResponse([2]))
        #expect(try await outcomes == [.failed(.deadlineExceeded, .client), .score(2)])
    }

    @Test func `A server that reads nothing does not hold a large call past its timeout`()
        async throws
    {
        let peer = try ScriptedPeer(folder["s"])
        async let outcomes = run { connection in
            let large = String(repeating: "x", count: 3 << 20)
            return [
                connection.outcome(large, timeout: .milliseconds(20)), connection.outcome("next"),
            ]
        }
        let stuck = try await peer.accept()
        // The frame was out in part, so the next call has a socket of its own.
        let connection = try await peer.accept()
        try connection.answer(try await connection.request(), scoreResponse([2]))
        #expect(try await outcomes == [.failed(.deadlineExceeded, .client), .score(2)])
        withExtendedLifetime(stuck) {}
    }

    @Test func `A server that restarted between two calls is not noticed`() async throws {
        let old = try ScriptedPeer(folder["s"])
        let (steps, go) = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)
        async let outcomes = run { connection in
            let first = connection.outcome()
            go.finish()
            gate.wait()
            return [first, connection.outcome()]
        }
        let connection = try await old.accept()
        try connection.answer(try await connection.request(), scoreResponse([1]))
        for await _ in steps {}
        old.unlisten()
        let new = try ScriptedPeer(folder["s"])
        connection.close()
        gate.signal()
        let fresh = try await new.accept()
        try fresh.answer(try await fresh.request(), scoreResponse([2]))
        #expect(try await outcomes == [.score(1), .score(2)])
    }

    @Test func `A missing socket is unavailable, and found once it is there`() async throws {
        let path = folder["s"]
        #expect(try await run { [$0.outcome()] } == [.failed(.unavailable, .client)])
        async let outcomes = run { connection in
            var outcome = connection.outcome()
            while outcome == .failed(.unavailable, .client) { outcome = connection.outcome() }
            return [outcome]
        }
        let peer = try ScriptedPeer(path)
        let connection = try await peer.accept()
        try connection.answer(try await connection.request(), scoreResponse([1]))
        #expect(try await outcomes == [.score(1)])
    }

    @Test(
        arguments: [
            ("half a frame", Array(answerFrame(1, scoreResponse([1])).dropLast(3)), .unavailable),
            ("another protocol", Array("HTTP/1.1 400 Bad Request\r\n".utf8), .internal),
            ("an even stream", answerFrame(2, []), .internal),
            ("a stream without a call", answerFrame(99, []), .internal),
            ("no envelope", frame(1, [0xff]), .internal),
        ] as [(String, [UInt8], SidecartError.Code)])
    func `A bad answer fails the call`(
        _ what: String, _ bytes: [UInt8], _ code: SidecartError.Code
    ) async throws {
        let peer = try ScriptedPeer(folder["s"])
        async let outcomes = run { [$0.outcome()] }
        let connection = try await peer.accept()
        _ = try await connection.request()
        try connection.write(bytes)
        connection.close()
        #expect(try await outcomes == [.failed(code, .client)])
    }

    @Test func `Errors of the server and sizes over the limit leave the connection usable`()
        async throws
    {
        let peer = try ScriptedPeer(folder["s"])
        async let outcomes = run(frameBytesMax: 1024) { connection in
            [
                connection.outcome(String(repeating: "x", count: 2000)), connection.outcome(),
                connection.outcome(), connection.outcome(),
            ]
        }
        let connection = try await peer.accept()
        try connection.fail(try await connection.request(), code: 5, "no such thing")
        try connection.answer(try await connection.request(), Array(repeating: 0, count: 5000))
        try connection.answer(try await connection.request(), scoreResponse([3]))
        #expect(
            try await outcomes == [
                .failed(.resourceExhausted, .client), .failed(.notFound, .server),
                .failed(.resourceExhausted, .client), .score(3),
            ])
    }

    @Test func `When the stream ids run out a new connection takes over`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        async let outcomes = run(firstStream: .max - 2) { connection in
            (0..<3).map { _ in connection.outcome() }
        }
        for i in 0..<2 {
            let connection = try await peer.accept()
            for stream in [UInt32.max - 2, .max].prefix(2) {
                guard let request = try await connection.next() else { break }
                #expect(request.stream == stream)
                try connection.answer(request, scoreResponse([Float(i)]))
                if i == 1 { break }
            }
        }
        #expect(try await outcomes == [.score(0), .score(0), .score(1)])
    }
}
