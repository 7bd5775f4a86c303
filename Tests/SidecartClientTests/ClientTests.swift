import CSidecartProto
import RPC
import SidecartClient
import TestFolders
import Testing

func sidecartError<T>(of body: () async throws -> T) async -> SidecartError? {
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
    let folder: TemporaryFolder

    init() { folder = TemporaryFolder() }

    func client(
        _ change: (inout SidecartConfiguration) -> Void = { _ in }
    ) -> SidecartClient {
        var configuration = SidecartConfiguration()
        configuration.timeout = .seconds(30)
        change(&configuration)
        return SidecartClient(socketPath: folder["s"], configuration: configuration)
    }

    func score(_ client: SidecartClient, _ item: String) async throws -> Float {
        try await client.score([item], for: Context()).values[0]
    }

    /// Makes a first call, so that the connection has answered.
    func warmUp(_ client: SidecartClient, _ peer: ScriptedPeer) async throws
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
        let peer = try ScriptedPeer(folder["s"])
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
        let server = try RPCServer(RPCServerConfiguration(path: folder["s"], loopCount: 2)) { _ in
            let router = Router()
            router.add("sidecart.v1.Scoring", "Score", role: .read) { call throws(RPCError) in
                let request = try call.decode(sidecart__v1__score_request__init)
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
        #expect(await sidecartError { try await client.status() }?.code == .unimplemented)
        client.close()
        server.drain(grace: .seconds(5))
    }

    @Test func `Status codes of the server keep their meaning`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        let client = client()
        let connection = try await warmUp(client, peer)
        let codes = SidecartError.Code.allCases.map(\.rawValue) + [99, -1]
        for code in codes {
            async let found = sidecartError { try await client.status() }
            try connection.fail(try await connection.request(), code: code, "because \(code)")
            let expected = SidecartError.Code(rawValue: code) ?? .unknown
            #expect(await found == SidecartError(expected, "because \(code)", origin: .server))
        }
        #expect(codes.count == 18)
    }

    @Test func `Frames of other kinds are passed over`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        let client = client()
        async let value = score(client, "a")
        let connection = try await peer.accept()
        let request = try await connection.request()
        try connection.write(frame(request.stream, [1, 2, 3], kind: 9))
        try connection.answer(request, scoreResponse([5]))
        #expect(try await value == 5)
    }

    @Test func `An answer may come a byte at a time`() async throws {
        let peer = try ScriptedPeer(folder["s"])
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
        let peer = try ScriptedPeer(folder["s"])
        let client = client()
        let task = Task { try await score(client, "slow") }
        let connection = try await peer.accept()
        let slow = try await connection.request()
        task.cancel()
        #expect(await sidecartError { try await task.value }?.code == .cancelled)
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
        #expect(await sidecartError { try await task.value }?.code == .cancelled)
    }

    @Test func `A silent server does not hold a call past its timeout`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        let client = client()
        async let found = sidecartError {
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
        let peer = try ScriptedPeer(folder["s"])
        let client = client()
        let patient = Task { try await score(client, "patient") }
        let connection = try await peer.accept()
        let request = try await connection.request()
        for milliseconds in [40, 5, 20] {
            let found = await sidecartError {
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
        let found = await sidecartError {
            try await client.score(["a"], for: Context(), timeout: timeout)
        }
        #expect(found?.code == .deadlineExceeded)
    }
}
