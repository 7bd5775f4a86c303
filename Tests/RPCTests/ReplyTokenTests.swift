import CSidecartProto
import EventLoop
import Glibc
import RPC
import TestFrames
import Testing
import Wire

/// Calls that a handler answers in a later turn, by a token.
@Suite(.timeLimit(.minutes(1))) struct ReplyTokenTests {
    private func later(_ stream: UInt32, _ payload: [UInt8] = [1], timeout: Int64 = 0) -> [UInt8] {
        requestFrame(stream: stream, method: "Later", payload: payload, timeout: timeout)
    }

    /// The tokens so far, once there are `count`.
    private func tokens(_ server: TestServer, _ count: Int) throws -> [PutOff] {
        #expect(eventually { server.record.tokens.withLock { $0.count } == count })
        return server.record.tokens.withLock { $0 }
    }

    /// The one score of a reply.
    private func score(_ reply: ReceivedFrame?) throws -> Float {
        let payload = try #require(reply).payload
        // Field 1, packed, four bytes.
        try #require(payload.count == 6 && payload[0] == 0x0a && payload[1] == 4)
        return Float(
            bitPattern: payload[2...].enumerated().reduce(0) { $0 | UInt32($1.1) << (8 * $1.0) })
    }

    @Test func callsAreAnsweredInWhateverOrderTheirTokensAreUsedAndOthersDoNotWait() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(later(1, [7]) + later(3, [8]) + requestFrame(stream: 5, payload: [9]))
        #expect(try client.receive()?.header.stream == 5)
        let tokens = try tokens(server, 2)
        #expect(server.server.statistics.pendingCalls == 2)
        #expect(server.server.statistics.callsMoved == 0)
        tokens[1].answer()
        let second = try client.receive()
        #expect(second?.header.stream == 3)
        #expect(try score(second) == 8)
        tokens[0].answer()
        let first = try client.receive()
        #expect(first?.header.stream == 1)
        #expect(try score(first) == 7)
        #expect(server.server.statistics.pendingCalls == 0)
        #expect(server.server.statistics.callsFailed == 0)
    }

    @Test func aTokenCanFailItsCall() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(requestFrame(stream: 1, method: "Refused"))
        try tokens(server, 1)[0].answer()
        let reply = try #require(try client.receive())
        #expect(reply.code == .notFound)
        #expect(reply.message == "no such thing")
        #expect(server.server.statistics.callsFailed == 1)
    }

    @Test func aTokenThatIsDroppedAnswersInternal() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(requestFrame(stream: 1, method: "Forgotten"))
        let reply = try #require(try client.receive())
        #expect(reply.code == .internal)
        #expect(server.server.statistics.pendingCalls == 0)
    }

    @Test func anAnswerAfterTheDeadlineSaysSo() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(later(1, timeout: 1_000_000_000))
        let token = try tokens(server, 1)[0]
        #expect(!token.token.deadline.hasPassed(at: 0))
        #expect(eventually { token.token.deadline.hasPassed(at: MonotonicClock.now()) })
        token.answer()
        #expect(try client.receive()?.code == .deadlineExceeded)
    }

    @Test func answersToAConnectionThatClosedGoNowhereAndItsCallsCountUntilThen() throws {
        let server = try TestServer()
        do {
            let client = try server.client()
            try client.send(later(1) + later(3))
            _ = try tokens(server, 2)
        }
        #expect(eventually { server.server.statistics.connections == 0 })
        #expect(server.server.statistics.pendingCalls == 2)
        for token in try tokens(server, 2) { token.answer() }
        #expect(eventually { server.server.statistics.pendingCalls == 0 })
        server.expectEmpty()
        try server.expectAnswers()
    }

    @Test func aConnectionWithAllItsPendingCallsWaitsAndOthersDoNot() throws {
        var limits = RPCLimits()
        limits.pendingCallsPerConnectionMax = 2
        limits.queueWaitMax = .milliseconds(1)
        let server = try TestServer(limits: limits)
        let client = try server.client()
        try client.send(later(1) + later(3) + later(5))
        let tokens = try tokens(server, 2)
        let end = MonotonicClock.now() + 20_000_000
        while MonotonicClock.now() < end { try server.expectAnswers() }
        #expect(server.record.tokens.withLock { $0.count } == 2)
        tokens[0].answer()
        // That it begins shows that its wait was not held against it.
        try self.tokens(server, 3)[2].answer()
        tokens[1].answer()
        #expect(try (0..<3).map { _ in try client.receive()?.header.stream } == [1, 5, 3])
    }

    @Test func callsInAllTheirBytesAndThoseOfAUIDAreLimited() throws {
        for (limit, change) in [
            (
                "pendingCallsMax",
                {
                    $0.pendingCallsMax = 2
                    $0.pendingCallsPerConnectionMax = 2
                    $0.callsPerUIDMax = 9
                }
            ),
            (
                "pendingBytesMax",
                {
                    $0.frameBytesMax = 1024
                    $0.pendingBytesMax = 1200
                }
            ), ("callsPerUIDMax", { $0.callsPerUIDMax = 2 }),
            ("pendingCallsPerUIDMax", { $0.pendingCallsPerUIDMax = 2 }),
        ] as [(String, (inout RPCLimits) -> Void)] {
            var limits = RPCLimits()
            change(&limits)
            let server = try TestServer(limits: limits)
            let (first, second) = (try server.client(), try server.client())
            let payload = [UInt8](repeating: 1, count: 500)
            try first.send(later(1, payload) + later(3, payload))
            let tokens = try tokens(server, 2)
            try second.send(later(1, payload))
            let refusal = try #require(try second.receive())
            #expect(refusal.code == .resourceExhausted, "\(limit)")
            #expect(refusal.message.contains(limit), "\(refusal.message)")
            tokens[0].answer()
            #expect(try first.receive()?.header.stream == 1)
            try second.send(later(3, payload))
            try self.tokens(server, 3)[2].answer()
            #expect(try second.receive()?.code == .ok)
            tokens[1].answer()
            #expect(try first.receive()?.header.stream == 3)
        }
    }

    @Test func whatIsKeptForThemCountsAsTheirConnectionsMemory() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(later(1, [UInt8](repeating: 1, count: 50_000)))
        let token = try tokens(server, 1)[0]
        #expect(eventually { server.server.statistics.heldBytes == 50_000 })
        token.answer()
        #expect(try client.receive() != nil)
        #expect(eventually { server.server.statistics.heldBytes == 0 })
    }

    @Test func aDrainWaitsForTokens() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(later(1, [7]))
        let token = try tokens(server, 1)[0]
        server.server.beginDrain(grace: .seconds(20))
        #expect(eventually { access(server.path, F_OK) != 0 })
        token.answer()
        #expect(try score(client.receive()) == 7)
        #expect(try client.receive() == nil)
        server.server.join()
        #expect(server.server.statistics.connectionsAborted == 0)
    }

    @Test func afterTheGraceATokenAnswersNobody() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(later(1))
        let token = try tokens(server, 1)[0]
        server.server.drain(grace: .milliseconds(20))
        #expect(try client.receive() == nil)
        #expect(server.server.statistics.brokenOff[.drained] == 1)
        token.answer()
    }

    @Test func aClientThatFinishesSendingStillGetsItsAnswers() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(later(1, [7]))
        let token = try tokens(server, 1)[0]
        client.finishSending()
        token.answer()
        #expect(try score(client.receive()) == 7)
        #expect(try client.receive() == nil)
        server.expectEmpty()
    }
}
