import EventLoop
import Glibc
import RPC
import TestFrames
import Testing
import Wire

/// What clients can make a server hold, in all and by uid.
@Suite(.timeLimit(.minutes(1))) struct BufferLimitTests {
    private func small(_ change: (inout RPCLimits) -> Void = { _ in }) -> RPCLimits {
        var limits = RPCLimits()
        limits.frameBytesMax = 256 << 10
        limits.bufferBytesMax = 1 << 20
        limits.bufferBytesPerUIDMax = 1 << 30
        limits.pendingBytesMax = 1 << 20
        change(&limits)
        return limits
    }

    /// All but the last byte of a frame that is as large as may be.
    private func unfinished(_ limits: RPCLimits) -> [UInt8] {
        let size = limits.frameBytesMax - 100
        return requestFrame(stream: 1, payload: [UInt8](repeating: 1, count: size)).dropLast()
    }

    @Test(arguments: [1, 2])
    func theLargestPartialFramesAreRefusedWhenBuffersAreFull(loops: Int) throws {
        let limits = small()
        let server = try TestServer(loopCount: loops, limits: limits)
        let modest = try server.client()
        try modest.send(requestFrame(stream: 1, payload: [9, 9])[..<12])
        let frame = unfinished(limits)
        let crowd = try (0..<20).map { _ in try server.client() }
        for client in crowd {
            try client.send(frame)
            try server.expectAnswers()
        }
        // Each holds a quarter of the cap; nobody is in its way who holds little.
        #expect(eventually { server.server.statistics.framesRefused >= 16 })
        #expect(eventually { server.server.statistics.heldBytes <= limits.bufferBytesMax })
        try modest.send(requestFrame(stream: 1, payload: [9, 9])[12...])
        #expect(try modest.receive()?.payload == [9, 9])
        // Those who lost their frame are told so, and go on; the rest of it is skipped.
        var refused = 0
        for client in crowd {
            try client.send([1] + requestFrame(stream: 3, payload: [5]))
            var reply = try #require(try client.receive())
            if reply.code == .resourceExhausted {
                refused += 1
                #expect(reply.header.stream == 1 && reply.message.contains("buffers are full"))
            }
            if reply.header.stream == 1 { reply = try #require(try client.receive()) }
            #expect(reply.header.stream == 3 && reply.payload == [5])
        }
        #expect(refused >= 16 && refused == server.server.statistics.framesRefused)
        #expect(server.server.statistics.connectionsAborted == 0)
        server.expectEmpty(clients: 21)
        withExtendedLifetime((modest, crowd)) {}
    }

    @Test func whoLeavesTheMostRepliesUnreadIsBrokenOffWhenBuffersAreFull() throws {
        let limits = small {
            $0.bufferBytesMax = 2 << 20
            ($0.writeHighWaterBytes, $0.writeLowWaterBytes) = (512 << 10, 64 << 10)
        }
        let server = try TestServer(limits: limits)
        let crowd = try (0..<12).map { _ in try server.client() }
        for client in crowd {
            try client.send(
                (0..<20).flatMap {
                    requestFrame(stream: 2 * $0 + 1, method: "Big", payload: Array("65536".utf8))
                })
            try server.expectAnswers()
        }
        #expect(eventually { server.server.statistics.brokenOff[.crowded, default: 0] >= 6 })
        #expect(eventually { server.server.statistics.heldBytes <= limits.bufferBytesMax })
        try server.expectAnswers()
        withExtendedLifetime(crowd) {}
    }

    @Test func theBuffersOfOneUIDHaveACapOfTheirOwn() throws {
        let limits = small {
            $0.bufferBytesMax = 64 << 20
            $0.bufferBytesPerUIDMax = 1 << 20
        }
        let server = try TestServer(limits: limits)
        let frame = unfinished(limits)
        let crowd = try (0..<10).map { _ in try server.client() }
        for client in crowd { try client.send(frame) }
        #expect(eventually { server.server.statistics.framesRefused >= 6 })
        #expect(eventually { server.server.statistics.heldBytes <= 1 << 20 })
        let shortages = server.record.events.withLock { events in
            events.compactMap {
                if case .refusedFrame(_, _, let shortage) = $0 { "\(shortage)" } else { nil }
            }
        }
        #expect(shortages.allSatisfy { $0 == "the buffers of uid \(geteuid()) are full (1 MiB)" })
        withExtendedLifetime(crowd) {}
    }

    @Test func anIdleConnectionIsClosedAndABusyOneIsNot() throws {
        var limits = RPCLimits()
        limits.idleMax = .milliseconds(200)
        let server = try TestServer(limits: limits)
        let (idle, busy) = (try server.client(), try server.client())
        var stream: UInt32 = 1
        while server.server.statistics.brokenOff[.idle] == 0 {
            try busy.send(requestFrame(stream: stream))
            #expect(try busy.receive()?.code == .ok)
            stream += 2
        }
        #expect(try idle.receive() == nil)
        #expect(server.server.statistics.connections == 1)
    }
}
