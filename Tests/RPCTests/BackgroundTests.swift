import EventLoop
import Glibc
import RPC
import TestFrames
import Testing
import Wire

/// Calls that a handler moves to the thread for long ones.
@Suite(.timeLimit(.minutes(1))) struct BackgroundTests {
    private func long(_ stream: UInt32, _ payload: [UInt8], timeout: Int64 = 0) -> [UInt8] {
        requestFrame(stream: stream, method: "Long", payload: payload, timeout: timeout)
    }

    @Test func aMovedCallHoldsUpNobodyAndIsAnsweredLater() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(long(1, [7]))
        #expect(eventually { server.gate.waiting == 1 })
        try client.send(requestFrame(stream: 3, payload: [8]))
        #expect(try client.receive()?.header.stream == 3)
        try client.send(requestFrame(stream: 5, method: "Backlog"))
        #expect(try client.receive()?.payload == Array("1000".utf8))
        #expect(server.server.statistics.pendingCalls == 1)
        server.gate.open()
        let reply = try #require(try client.receive())
        #expect(reply.header.stream == 1)
        #expect(reply.payload == [7])
        #expect(server.server.statistics.callsMoved == 1)
        #expect(server.server.statistics.pendingCalls == 0)
        #expect(server.server.statistics.callsFailed == 0)
        #expect(eventually { server.record.backgroundTurns.load(ordering: .relaxed) == 1 })
    }

    @Test func connectionsTakeTurnsInTheBackground() throws {
        let server = try TestServer()
        let (first, second) = (try server.client(), try server.client())
        try first.send(long(1, [1]))
        #expect(eventually { server.gate.waiting == 1 })
        try first.send((2...5).flatMap { long(2 * UInt32($0) - 1, [$0]) })
        #expect(eventually { server.server.statistics.pendingCalls == 5 })
        try second.send(long(1, [11]) + long(3, [12]))
        #expect(eventually { server.server.statistics.pendingCalls == 7 })
        server.gate.open()
        for i in 1...5 { #expect(try first.receive()?.payload == [UInt8(i)]) }
        for i in 11...12 { #expect(try second.receive()?.payload == [UInt8(i)]) }
        #expect(
            server.record.long.withLock { $0 } == [[1], [2], [11], [3], [12], [4], [5]])
    }

    @Test func tooManyMovedCallsAreRefusedAndTheLimitIsNamed() throws {
        var limits = RPCLimits()
        (limits.pendingCallsMax, limits.pendingCallsPerConnectionMax) = (2, 2)
        let server = try TestServer(limits: limits)
        let (first, second) = (try server.client(), try server.client())
        try first.send(long(1, [1]) + long(3, [2]))
        #expect(eventually { server.server.statistics.pendingCalls == 2 })
        try second.send(long(1, [3]))
        let refusal = try #require(try second.receive())
        #expect(refusal.code == .resourceExhausted)
        #expect(refusal.message.contains("pendingCallsMax is 2"))
        server.gate.open()
        for i in 1...2 { #expect(try first.receive()?.payload == [UInt8(i)]) }
        try second.send(long(3, [4]))
        #expect(try second.receive()?.payload == [4])
    }

    @Test func theBytesOfMovedCallsAreLimited() throws {
        var limits = RPCLimits()
        limits.frameBytesMax = 4096
        limits.pendingBytesMax = 5000
        let server = try TestServer(limits: limits)
        let client = try server.client()
        let payload = [UInt8](repeating: 1, count: 3000)
        try client.send(long(1, payload) + long(3, payload))
        let refusal = try #require(try client.receive())
        #expect(refusal.header.stream == 3)
        #expect(refusal.message.contains("pendingBytesMax"))
        server.gate.open()
        #expect(try client.receive()?.payload == payload)
    }

    @Test func aConnectionWithAllItsMovedCallsWaitsAndOthersDoNot() throws {
        var limits = RPCLimits()
        limits.pendingCallsPerConnectionMax = 2
        limits.queueWaitMax = .milliseconds(1)
        let server = try TestServer(limits: limits)
        let client = try server.client()
        try client.send(
            long(1, [1]) + long(3, [2]) + requestFrame(stream: 5, payload: [3])
                + requestFrame(stream: 7, payload: [4]))
        #expect(eventually { server.server.statistics.pendingCalls == 2 })
        let end = MonotonicClock.now() + 20_000_000
        while MonotonicClock.now() < end { try server.expectAnswers() }
        #expect(server.gate.waiting == 1)
        server.gate.open()
        // The order shows that the echoes waited; that they are answered, that it was not held
        // against them.
        #expect(try client.receive()?.payload == [1])
        let rest = try (0..<3).compactMap { _ in try client.receive()?.payload }
        #expect(Set(rest) == [[2], [3], [4]])
    }

    @Test func theCallsOfAConnectionThatClosedAreSkipped() throws {
        let server = try TestServer()
        let other = try server.client()
        try other.send(long(1, [1]))
        #expect(eventually { server.gate.waiting == 1 })
        do {
            let client = try server.client()
            try client.send(long(1, [2]) + long(3, [3]))
            #expect(eventually { server.server.statistics.pendingCalls == 3 })
        }
        #expect(eventually { server.server.statistics.pendingCalls == 1 })
        try other.send(long(3, [4]))
        server.gate.open()
        for i in [UInt8(1), 4] { #expect(try other.receive()?.payload == [i]) }
        #expect(server.record.long.withLock { $0 } == [[1], [4]])
    }

    @Test func aClientThatFinishesSendingStillGetsItsMovedReplies() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(long(1, [1]))
        #expect(eventually { server.gate.waiting == 1 })
        client.finishSending()
        server.gate.open()
        #expect(try client.receive()?.payload == [1])
        #expect(try client.receive() == nil)
        server.expectEmpty()
    }

    @Test func aDeadlineThatPassesInTheQueueEndsTheCallThere() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(long(1, [1]))
        #expect(eventually { server.gate.waiting == 1 })
        try client.send(long(3, [2], timeout: 1_000_000_000))
        #expect(eventually { server.server.statistics.pendingCalls == 2 })
        let end = MonotonicClock.now() + 1_000_000_000
        #expect(eventually { MonotonicClock.now() > end })
        server.gate.open()
        #expect(try client.receive()?.payload == [1])
        let late = try #require(try client.receive())
        #expect(late.code == .deadlineExceeded)
        #expect(late.message == "the deadline passed while the call waited for its turn")
        #expect(server.record.long.withLock { $0 } == [[1]])
        #expect(server.server.statistics.callsFailed == 1)
    }

    @Test func aDrainWaitsForMovedCalls() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(long(1, [1]) + long(3, [2]))
        #expect(eventually { server.server.statistics.pendingCalls == 2 })
        server.server.beginDrain(grace: .seconds(20))
        #expect(eventually { access(server.path, F_OK) != 0 })
        server.gate.open()
        for i in 1...2 { #expect(try client.receive()?.payload == [UInt8(i)]) }
        #expect(try client.receive() == nil)
        server.server.join()
        #expect(server.server.statistics.connectionsAborted == 0)
    }

    @Test func movedCallsAreDroppedAfterTheGrace() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(long(1, [1]) + long(3, [2]))
        #expect(eventually { server.server.statistics.pendingCalls == 2 })
        #expect(eventually { server.gate.waiting == 1 })
        server.server.beginDrain(grace: .milliseconds(20))
        #expect(try client.receive() == nil)
        server.gate.open()
        server.server.join()
        #expect(server.record.long.withLock { $0 } == [[1]])
        #expect(server.server.statistics.brokenOff[.drained] == 1)
    }
}

@Suite struct FairQueueTests {
    @Test func sourcesTakeTurnsAndKeepTheirOrder() {
        var queue = FairQueue<Int>()
        for (source, element) in [(1, 10), (1, 11), (1, 12), (2, 20), (3, 30), (2, 21)] {
            queue.append(element, from: source)
        }
        #expect(queue.popFirst() == 10)
        #expect(queue.popFirst() == 20)
        #expect(queue.removeAll(from: 1) == [11, 12])
        queue.append(13, from: 1)
        var rest: [Int] = []
        while let element = queue.popFirst() { rest.append(element) }
        #expect(rest == [30, 21, 13])
        #expect(queue.isEmpty)
        #expect(queue.removeAll(from: 1) == [])
    }
}
