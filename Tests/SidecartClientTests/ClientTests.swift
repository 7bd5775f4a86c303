import CSidecartProto
import EventLoop
import Foundation
import RPC
import SidecartClient
import Testing

private func error<T>(of body: () async throws -> T) async -> SidecartError? {
    do {
        _ = try await body()
        return nil
    } catch let error as SidecartError {
        return error
    } catch {
        Issue.record("\(error)")
        return nil
    }
}

@Suite(.timeLimit(.minutes(1))) struct ClientTests {
    private let place: SocketPath

    init() throws { place = try SocketPath() }

    private func client(
        _ change: (inout SidecartConfiguration) -> Void = { _ in }
    ) -> SidecartClient {
        var configuration = SidecartConfiguration()
        configuration.timeout = .seconds(30)
        change(&configuration)
        return SidecartClient(socketPath: place.path, configuration: configuration)
    }

    private func score(_ client: SidecartClient, _ item: String) async throws -> Float {
        try await client.score([item], for: Context()).values[0]
    }

    /// Makes a first call, so that the connection has answered.
    private func warmUp(_ client: SidecartClient, _ peer: ScriptedPeer) async throws
        -> PeerConnection
    {
        async let first = score(client, "first")
        let connection = try await peer.accept()
        try connection.answer(try await connection.request(), scoreResponse([1]))
        #expect(try await first == 1)
        return connection
    }

    // MARK: Answers

    @Test func `Answers in another order reach their calls`() async throws {
        let peer = try ScriptedPeer(place.path)
        let client = client()
        let tasks = (0..<20).map { i in Task { try await score(client, "\(i)") } }
        let connection = try await peer.accept()
        var requests: [PeerRequest] = []
        for _ in 0..<20 { requests.append(try await connection.request()) }
        let odd = Array(stride(from: UInt32(1), to: 40, by: 2))
        #expect(requests.map(\.stream) == odd)
        for request in requests.reversed() {
            let item = scoreItems(request.payload)[0]
            try connection.answer(request, scoreResponse([Float(item) ?? -1]))
        }
        for (i, task) in tasks.enumerated() { #expect(try await task.value == Float(i)) }
        #expect(client.callsInFlight == 0)
    }

    @Test func `Many tasks share a connection to a real server`() async throws {
        let server = try RPCServer(RPCServerConfiguration(path: place.path, loopCount: 2)) { _, _ in
            let router = Router()
            router.add("sidecart.v1.Scoring", "Score") { call throws(RPCError) in
                let request = try call.decode(sidecart__v1__score_request__unpack)
                let ids = texts(request.pointee.items, request.pointee.n_items)
                var scores = ids.map { Float($0) ?? 0 }
                var response = Sidecart__V1__ScoreResponse()
                sidecart__v1__score_response__init(&response)
                response.n_scores = scores.count
                let error = scores.withUnsafeMutableBufferPointer { scores -> RPCError? in
                    response.scores = scores.baseAddress
                    do throws(RPCError) { try call.reply(&response) } catch { return error }
                    return nil
                }
                if let error { throw error }
            }
            return router
        }
        let client = client { $0.connections = 3 }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for task in 0..<50 {
                group.addTask {
                    for call in 0..<20 {
                        let ids = (0...call).map { "\(task * 1000 + $0)" }
                        let scores = try await client.score(ids, for: Context())
                        guard scores.values == ids.map({ Float($0) ?? -1 }) else { return false }
                    }
                    return true
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(await error { try await client.status() }?.code == .unimplemented)
        client.close()
        server.drain(grace: .seconds(5))
    }

    @Test func `Status codes of the server keep their meaning`() async throws {
        let peer = try ScriptedPeer(place.path)
        let client = client()
        let connection = try await warmUp(client, peer)
        let codes = SidecartError.Code.allCases.map(\.rawValue) + [99, -1]
        for code in codes {
            async let found = error { try await client.status() }
            try connection.fail(try await connection.request(), code: code, "because \(code)")
            let expected = SidecartError.Code(rawValue: code) ?? .unknown
            #expect(await found == SidecartError(expected, "because \(code)", origin: .server))
        }
        #expect(codes.count == 18)
    }

    @Test func `Frames of other kinds are passed over`() async throws {
        let peer = try ScriptedPeer(place.path)
        let client = client()
        async let value = score(client, "a")
        let connection = try await peer.accept()
        let request = try await connection.request()
        try connection.write(frame(request.stream, [1, 2, 3], kind: 9))
        try connection.answer(request, scoreResponse([5]))
        #expect(try await value == 5)
    }

    @Test func `An answer may come a byte at a time`() async throws {
        let peer = try ScriptedPeer(place.path)
        let client = client()
        async let value = score(client, "a")
        let connection = try await peer.accept()
        let request = try await connection.request()
        for byte in answerFrame(request.stream, scoreResponse([5])) {
            try connection.write([byte])
        }
        #expect(try await value == 5)
    }

    // MARK: Giving up

    @Test func `A cancelled task stops waiting at once, and its late answer is dropped`()
        async throws
    {
        let peer = try ScriptedPeer(place.path)
        let client = client()
        let task = Task { try await score(client, "slow") }
        let connection = try await peer.accept()
        let slow = try await connection.request()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(client.callsInFlight == 0)
        async let value = score(client, "next")
        let next = try await connection.request()
        try connection.answer(slow, scoreResponse([1]))
        try connection.answer(next, scoreResponse([2]))
        #expect(try await value == 2)
    }

    @Test func `A task cancelled before it calls sends nothing`() async throws {
        let client = client()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await score(client, "never")
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `A silent server does not hold a call past its timeout`() async throws {
        let peer = try ScriptedPeer(place.path)
        let client = client()
        async let found = error {
            try await client.score(["a"], for: Context(), timeout: .milliseconds(30))
        }
        let connection = try await peer.accept()
        let request = try await connection.request()
        #expect((1...30_000_000).contains(request.timeoutNanoseconds))
        let late = await found
        #expect(late?.code == .deadlineExceeded && late?.origin == .client)
        #expect(client.callsInFlight == 0)
        // The connection is still good.
        async let value = score(client, "b")
        let next = try await connection.request()
        try connection.answer(request, scoreResponse([1]))
        try connection.answer(next, scoreResponse([2]))
        #expect(try await value == 2)
    }

    @Test func `Timeouts end calls in their own order`() async throws {
        let peer = try ScriptedPeer(place.path)
        let client = client()
        let patient = Task { try await score(client, "patient") }
        let connection = try await peer.accept()
        let request = try await connection.request()
        for milliseconds in [40, 5, 20] {
            let found = await error {
                try await client.score(
                    ["x"], for: Context(), timeout: .milliseconds(milliseconds))
            }
            #expect(found?.code == .deadlineExceeded)
        }
        try connection.answer(request, scoreResponse([3]))
        #expect(try await patient.value == 3)
    }

    @Test(arguments: [Duration.zero, .seconds(-1)])
    func `A timeout that has passed fails without a call`(_ timeout: Duration) async throws {
        let client = client()
        let found = await error { try await client.score(["a"], for: Context(), timeout: timeout) }
        #expect(found?.code == .deadlineExceeded)
    }

    // MARK: Connections that break

    @Test func `A missing socket and an impossible path are unavailable`() async throws {
        let first = await error { try await client().status() }
        #expect(first?.code == .unavailable)
        #expect(first?.message.contains(place.path) == true)
        let long = SidecartClient(socketPath: "/" + String(repeating: "x", count: 200))
        #expect(await error { try await long.status() }?.code == .unavailable)
    }

    @Test func `During the pause after a failure calls fail without another attempt`() async throws
    {
        let client = client {
            $0.reconnectDelay = .seconds(3600)
            $0.reconnectDelayMax = .seconds(3600)
        }
        let first = await error { try await client.status() }
        let peer = try ScriptedPeer(place.path)
        #expect(await error { try await client.status() } == first)
        withExtendedLifetime(peer) {}
    }

    @Test func `A server that comes up later is found`() async throws {
        let client = client {
            $0.reconnectDelay = .nanoseconds(1)
            $0.reconnectDelayMax = .nanoseconds(1)
        }
        for _ in 0..<3 {
            #expect(await error { try await client.status() }?.code == .unavailable)
        }
        let peer = try ScriptedPeer(place.path)
        _ = try await warmUp(client, peer)
    }

    @Test func `A server that restarts is asked again at once`() async throws {
        let client = client {
            $0.reconnectDelay = .seconds(3600)
            $0.reconnectDelayMax = .seconds(3600)
        }
        let old = try ScriptedPeer(place.path)
        let connection = try await warmUp(client, old)
        async let lost = error { try await client.status() }
        _ = try await connection.request()
        old.unlisten()
        let new = try ScriptedPeer(place.path)
        connection.close()
        #expect(await lost?.code == .unavailable)
        _ = try await warmUp(client, new)
    }

    @Test func `A server that hangs up unasked counts as a failed attempt`() async throws {
        let client = client {
            $0.reconnectDelay = .seconds(3600)
            $0.reconnectDelayMax = .seconds(3600)
        }
        let peer = try ScriptedPeer(place.path)
        async let lost = error { try await client.status() }
        let connection = try await peer.accept()
        connection.close()
        let first = await lost
        #expect(first?.code == .unavailable)
        #expect(await error { try await client.status() } == first)
    }

    @Test(
        arguments: [
            ("nothing", [], .unavailable),
            ("half a header", [0, 0, 0], .unavailable),
            ("half a frame", Array(answerFrame(1, scoreResponse([1])).dropLast(3)), .unavailable),
            ("another protocol", Array("HTTP/1.1 400 Bad Request\r\n".utf8), .internal),
            ("an even stream", answerFrame(2, []), .internal),
            ("stream 0", answerFrame(0, []), .internal),
            ("a stream without a call", answerFrame(99, []), .internal),
        ] as [(String, [UInt8], SidecartError.Code)])
    func `A connection that ends badly ends its calls`(
        _ what: String, _ bytes: [UInt8], _ code: SidecartError.Code
    ) async throws {
        let peer = try ScriptedPeer(place.path)
        let client = client()
        let tasks = (0..<3).map { _ in Task { await error { try await client.status() } } }
        let connection = try await peer.accept()
        for _ in 0..<3 { _ = try await connection.request() }
        try connection.write(bytes)
        if code == .unavailable { connection.close() }
        for task in tasks {
            let found = await task.value
            #expect(found?.code == code && found?.origin == .client)
        }
        #expect(client.callsInFlight == 0)
        // Where the server is at fault the client hangs up.
        #expect(try await connection.next() == nil)
    }

    @Test func `An answer that is no envelope fails its call alone`() async throws {
        let peer = try ScriptedPeer(place.path)
        let client = client()
        async let found = error { try await client.status() }
        let connection = try await peer.accept()
        let request = try await connection.request()
        try connection.write(frame(request.stream, [0xff, 0xff]))
        #expect(await found?.code == .internal)
        async let value = score(client, "b")
        try connection.answer(try await connection.request(), scoreResponse([2]))
        #expect(try await value == 2)
    }

    @Test func `When the stream ids run out a new connection takes over`() async throws {
        let peer = try ScriptedPeer(place.path)
        var configuration = SidecartConfiguration()
        configuration.timeout = .seconds(30)
        let client = SidecartClient(
            socketPath: place.path, configuration: configuration, firstStream: .max - 4)
        let first = Task { try await score(client, "1") }
        let old = try await peer.accept()
        let one = try await old.request()
        let second = Task { try await score(client, "2") }
        let two = try await old.request()
        #expect([one.stream, two.stream] == [.max - 4, .max - 2])
        let third = Task { try await score(client, "3") }
        let new = try await peer.accept()
        let three = try await new.request()
        try new.answer(three, scoreResponse([3]))
        try old.answer(two, scoreResponse([2]))
        try old.answer(one, scoreResponse([1]))
        #expect(try await [first.value, second.value, third.value] == [1, 2, 3])
        #expect(try await old.next() == nil)
    }

    // MARK: Limits

    @Test func `More calls than allowed are refused at once`() async throws {
        let peer = try ScriptedPeer(place.path)
        let client = client { $0.callsInFlightMax = 2 }
        let tasks = (0..<2).map { i in Task { try await score(client, "\(i)") } }
        let connection = try await peer.accept()
        let requests = [try await connection.request(), try await connection.request()]
        let refused = await error { try await client.status() }
        #expect(refused?.code == .resourceExhausted && refused?.origin == .client)
        for request in requests { try connection.answer(request, scoreResponse([4])) }
        for task in tasks { #expect(try await task.value == 4) }
        async let value = score(client, "again")
        try connection.answer(try await connection.request(), scoreResponse([5]))
        #expect(try await value == 5)
    }

    @Test func `More bytes than allowed are refused at once`() async throws {
        let peer = try ScriptedPeer(place.path)
        let client = client { $0.queuedBytesMax = 1000 }
        let item = String(repeating: "x", count: 600)
        let task = Task { try await score(client, item) }
        let connection = try await peer.accept()
        let request = try await connection.request()
        #expect(await error { try await score(client, item) }?.code == .resourceExhausted)
        try connection.answer(request, scoreResponse([1]))
        #expect(try await task.value == 1)
    }

    @Test func `Requests and answers over the frame limit are refused, and the connection goes on`()
        async throws
    {
        let peer = try ScriptedPeer(place.path)
        let client = client { $0.frameBytesMax = 1024 }
        let connection = try await warmUp(client, peer)
        for count in [1000, 1024, 100_000] {
            let item = String(repeating: "x", count: count)
            #expect(await error { try await score(client, item) }?.code == .resourceExhausted)
        }
        async let large = error { try await client.status() }
        let request = try await connection.request()
        try connection.answer(request, Array(repeating: 0, count: 5000))
        #expect(await large?.code == .resourceExhausted)
        async let value = score(client, "b")
        try connection.answer(try await connection.request(), scoreResponse([2]))
        #expect(try await value == 2)
    }

    @Test func `A count that the wire cannot carry is an invalid argument`() async throws {
        for count in [-1, 1 << 32] {
            let found = await error {
                try await client().recommend(for: Context(), SlateOptions(count: count))
            }
            #expect(found?.code == .invalidArgument && found?.message.contains("\(count)") == true)
        }
    }

    @Test func `Calls are spread over the connections`() async throws {
        let peer = try ScriptedPeer(place.path)
        let client = client { $0.connections = 3 }
        let tasks = (0..<3).map { i in Task { try await score(client, "\(i)") } }
        for _ in 0..<3 {
            let connection = try await peer.accept()
            let request = try await connection.request()
            #expect(request.stream == 1)
            try connection.answer(request, scoreResponse([7]))
        }
        for task in tasks { #expect(try await task.value == 7) }
    }

    // MARK: The end

    @Test func `Closing fails calls in flight and those after it`() async throws {
        let peer = try ScriptedPeer(place.path)
        let client = client()
        let task = Task { await error { try await client.status() } }
        let connection = try await peer.accept()
        _ = try await connection.request()
        client.close()
        client.close()
        let closed = SidecartError(.unavailable, "the client is closed")
        #expect(await task.value == closed)
        #expect(await error { try await client.status() } == closed)
        #expect(try await connection.next() == nil)
    }

    @Test func `Dropping a client closes its socket`() async throws {
        let peer = try ScriptedPeer(place.path)
        var client: SidecartClient? = client()
        let connection = try await warmUp(try #require(client), peer)
        client = nil
        #expect(try await connection.next() == nil)
    }

    @Test func `Calls racing with close and cancellation all end`() async throws {
        let server = try RPCServer(RPCServerConfiguration(path: place.path)) { _, _ in
            let router = Router()
            router.add("sidecart.v1.Admin", "Drain") { call throws(RPCError) in
                try call.reply(payloadBytes: 0) { _ in }
            }
            return router
        }
        for round in 0..<20 {
            let client = client { $0.connections = 2 }
            let tasks = (0..<32).map { _ in Task { try await client.drain() } }
            for task in tasks where round % 2 == 0 { task.cancel() }
            client.close()
            for task in tasks { _ = await task.result }
            #expect(client.callsInFlight == 0)
        }
        server.drain(grace: .seconds(5))
    }
}
