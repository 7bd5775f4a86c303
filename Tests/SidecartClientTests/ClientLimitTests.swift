import RPC
import SidecartClient
import TestFolders
import Testing

/// What a client refuses itself, and how it ends.
extension ClientTests {
    @Test func `More calls than allowed are refused at once`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        let client = client { $0.callsInFlightMax = 2 }
        let tasks = (0..<2).map { i in Task { try await score(client, "\(i)") } }
        let connection = try await peer.accept()
        let requests = [try await connection.request(), try await connection.request()]
        let refused = await sidecartError { try await client.status() }
        #expect(refused?.code == .resourceExhausted && refused?.origin == .client)
        for request in requests { try connection.answer(request, scoreResponse([4])) }
        for task in tasks { #expect(try await task.value == 4) }
        async let value = score(client, "again")
        try connection.answer(try await connection.request(), scoreResponse([5]))
        #expect(try await value == 5)
    }

    @Test func `More bytes than allowed are refused at once`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        let client = client { $0.queuedBytesMax = 1000 }
        let item = String(repeating: "x", count: 600)
        let task = Task { try await score(client, item) }
        let connection = try await peer.accept()
        let request = try await connection.request()
        #expect(await sidecartError { try await score(client, item) }?.code == .resourceExhausted)
        try connection.answer(request, scoreResponse([1]))
        #expect(try await task.value == 1)
    }

    @Test func `Requests and answers over the frame limit are refused, and the connection goes on`()
        async throws
    {
        let peer = try ScriptedPeer(folder["s"])
        let client = client { $0.frameBytesMax = 1024 }
        let connection = try await warmUp(client, peer)
        for count in [1000, 1024, 100_000] {
            let item = String(repeating: "x", count: count)
            #expect(
                await sidecartError { try await score(client, item) }?.code == .resourceExhausted)
        }
        async let large = sidecartError { try await client.status() }
        let request = try await connection.request()
        try connection.answer(request, Array(repeating: 0, count: 5000))
        #expect(await large?.code == .resourceExhausted)
        async let value = score(client, "b")
        try connection.answer(try await connection.request(), scoreResponse([2]))
        #expect(try await value == 2)
    }

    @Test func `A count that the wire cannot carry is an invalid argument`() async throws {
        for count in [-1, 1 << 32] {
            let found = await sidecartError {
                try await client().recommend(for: Context(), SlateOptions(count: count))
            }
            #expect(found?.code == .invalidArgument && found?.message.contains("\(count)") == true)
        }
    }

    @Test func `Calls are spread over the connections`() async throws {
        let peer = try ScriptedPeer(folder["s"])
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
        let peer = try ScriptedPeer(folder["s"])
        let client = client()
        let task = Task { await sidecartError { try await client.status() } }
        let connection = try await peer.accept()
        _ = try await connection.request()
        client.close()
        client.close()
        let closed = SidecartError(.unavailable, "the client is closed")
        #expect(await task.value == closed)
        #expect(await sidecartError { try await client.status() } == closed)
        #expect(try await connection.next() == nil)
    }

    @Test func `Dropping a client closes its socket`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        var client: SidecartClient? = client()
        let connection = try await warmUp(try #require(client), peer)
        client = nil
        #expect(try await connection.next() == nil)
    }

    @Test func `Calls racing with close and cancellation all end`() async throws {
        let server = try RPCServer(RPCServerConfiguration(path: folder["s"])) { _ in
            let router = Router()
            router.add("sidecart.v1.Admin", "Drain", role: .read) { call throws(RPCError) in
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
