import EventLoop
import Glibc
import RPC
import TestFrames
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct DrainTests {
    @Test func anIdleServerEndsAndItsSocketIsGone() throws {
        let server = try TestServer(loopCount: 2)
        let clients = try (0..<4).map { _ in try server.client() }
        for client in clients {
            try client.send(requestFrame(stream: 1))
            #expect(try client.receive() != nil)
        }
        server.server.drain(grace: .seconds(20))
        for client in clients { #expect(try client.receive() == nil) }
        #expect(access(server.path, F_OK) != 0)
        #expect(server.server.statistics.connections == 0)
        #expect(server.server.statistics.connectionsAborted == 0)
        #expect(server.server.statistics.bufferBytes == 0)
        // Once more does nothing, and nobody is served.
        server.server.drain(grace: .zero)
        #expect(throws: RawClient.Failure.self) { _ = try server.client() }
    }

    @Test func callsReceivedBeforeAreAnsweredAndLaterOnesAreUnavailable() throws {
        var limits = RPCLimits()
        limits.queueWaitMax = .seconds(60)
        // The waiting calls take many turns.
        (limits.turnMax, limits.turnShareMax) = (.microseconds(100), .microseconds(100))
        let server = try TestServer(limits: limits)
        let client = try server.client()
        // One read brings the held call and those behind it; the drain begins while they wait.
        try client.send(
            requestFrame(stream: 1, method: "Hold")
                + (1..<200).flatMap {
                    requestFrame(stream: 2 * $0 + 1, method: "Spin", payload: Array("10".utf8))
                })
        #expect(eventually { server.gate.waiting == 1 })
        server.server.beginDrain(grace: .seconds(20))
        try client.send(requestFrame(stream: 1001))
        server.gate.open()
        for i in 0..<200 {
            let reply = try #require(try client.receive())
            #expect(reply.header.stream == UInt32(2 * i + 1))
            #expect(reply.code == .ok)
        }
        let late = try #require(try client.receive())
        #expect(late.code == .unavailable)
        #expect(try client.receive() == nil)
        server.server.join()
        #expect(server.server.statistics.bufferBytes == 0)
    }

    @Test func aClientThatKeepsTheServerBusyIsCutOffAfterTheGrace() throws {
        let server = try TestServer()
        let client = try server.client()
        // Replies nobody takes: the connection never becomes quiet.
        try client.send(
            (0..<50).flatMap {
                requestFrame(stream: 2 * $0 + 1, method: "Big", payload: Array("65536".utf8))
            })
        #expect(eventually { server.server.statistics.bufferBytes > 0 })
        server.server.drain(grace: .milliseconds(20))
        #expect(server.server.statistics.connectionsAborted == 1)
        #expect(server.server.statistics.bufferBytes == 0)
        withExtendedLifetime(client) {}
    }
}
