import SidecartClient
import TestFolders
import Testing

/// Connections that cannot be made, and those that break.
extension ClientTests {
    @Test func `A missing socket and an impossible path are unavailable`() async throws {
        let first = await sidecartError { try await client().status() }
        #expect(first?.code == .unavailable)
        #expect(first?.message.contains(folder["s"]) == true)
        let long = SidecartClient(socketPath: "/" + String(repeating: "x", count: 200))
        #expect(await sidecartError { try await long.status() }?.code == .unavailable)
    }

    @Test func `During the pause after a failure calls fail without another attempt`() async throws
    {
        let client = client {
            $0.reconnectDelay = .seconds(3600)
            $0.reconnectDelayMax = .seconds(3600)
        }
        let first = await sidecartError { try await client.status() }
        let peer = try ScriptedPeer(folder["s"])
        #expect(await sidecartError { try await client.status() } == first)
        withExtendedLifetime(peer) {}
    }

    @Test func `A server that comes up later is found`() async throws {
        let client = client {
            $0.reconnectDelay = .nanoseconds(1)
            $0.reconnectDelayMax = .nanoseconds(1)
        }
        for _ in 0..<3 {
            #expect(await sidecartError { try await client.status() }?.code == .unavailable)
        }
        let peer = try ScriptedPeer(folder["s"])
        _ = try await warmUp(client, peer)
    }

    @Test func `A server that restarts is asked again at once`() async throws {
        let client = client {
            $0.reconnectDelay = .seconds(3600)
            $0.reconnectDelayMax = .seconds(3600)
        }
        let old = try ScriptedPeer(folder["s"])
        let connection = try await warmUp(client, old)
        async let lost = sidecartError { try await client.status() }
        _ = try await connection.request()
        old.unlisten()
        let new = try ScriptedPeer(folder["s"])
        connection.close()
        #expect(await lost?.code == .unavailable)
        _ = try await warmUp(client, new)
    }

    @Test func `A server that hangs up unasked counts as a failed attempt`() async throws {
        let client = client {
            $0.reconnectDelay = .seconds(3600)
            $0.reconnectDelayMax = .seconds(3600)
        }
        let peer = try ScriptedPeer(folder["s"])
        async let lost = sidecartError { try await client.status() }
        let connection = try await peer.accept()
        connection.close()
        let first = await lost
        #expect(first?.code == .unavailable)
        #expect(await sidecartError { try await client.status() } == first)
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
        let peer = try ScriptedPeer(folder["s"])
        let client = client()
        let tasks = (0..<3).map { _ in Task { await sidecartError { try await client.status() } } }
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
        let peer = try ScriptedPeer(folder["s"])
        let client = client()
        async let found = sidecartError { try await client.status() }
        let connection = try await peer.accept()
        let request = try await connection.request()
        try connection.write(frame(request.stream, [0xff, 0xff]))
        #expect(await found?.code == .internal)
        async let value = score(client, "b")
        try connection.answer(try await connection.request(), scoreResponse([2]))
        #expect(try await value == 2)
    }

    @Test func `When the stream ids run out a new connection takes over`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        var configuration = SidecartConfiguration()
        configuration.timeout = .seconds(30)
        let client = SidecartClient(
            socketPath: folder["s"], configuration: configuration, firstStream: .max - 4)
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
}
