import CSidecartProto
import EventLoop
import Glibc
import RPC
import TestFolders
import TestFrames
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct ServerTests {
    @Test func repliesComeInOrderForPipelinedCalls() throws {
        let server = try TestServer()
        let client = try server.client()
        // More than a turn's share, and more than one read.
        let count = 500
        let payloads = (0..<count).map { [UInt8](repeating: UInt8($0 % 251), count: 1 + $0 * 7) }
        try client.send(
            payloads.enumerated().flatMap { requestFrame(stream: UInt32(2 * $0 + 1), payload: $1) })
        for i in 0..<count {
            let reply = try #require(try client.receive())
            #expect(reply.header.stream == UInt32(2 * i + 1))
            #expect(reply.header.kind == .response)
            #expect(reply.payload == payloads[i])
        }
        #expect(server.server.statistics.calls == count)
        #expect(server.server.statistics.callsFailed == 0)
    }

    @Test func aCallArrivesWholeAtEverySplitPoint() throws {
        let server = try TestServer()
        let client = try server.client()
        let frame = requestFrame(stream: 1, payload: [5, 6, 7])
        for cut in 1..<frame.count {
            let frame = requestFrame(stream: UInt32(2 * cut + 1), payload: [5, 6, 7])
            try client.send(frame[..<cut])
            // A reply to another connection shows that the server has read the first part.
            try server.expectAnswers()
            try client.send(frame[cut...])
            #expect(try client.receive()?.payload == [5, 6, 7], "cut at \(cut)")
        }
    }

    @Test func aFailureCarriesItsCodeAndMessage() throws {
        let server = try TestServer()
        let client = try server.client()
        let cases: [(String, String, StatusCode, String)] = [
            ("test.Echo", "Fail", .notFound, "no such thing"),
            ("test.Echo", "Silent", .internal, "the handler gave no answer"),
            ("test.Echo", "Nope", .unimplemented, "service 'test.Echo' has no method 'Nope'"),
            ("nope", "Echo", .unimplemented, "there is no service 'nope' here"),
            ("test.Echo", "Metadata", .notFound, "key"),
        ]
        for (i, (service, method, code, message)) in cases.enumerated() {
            try client.send(
                requestFrame(stream: UInt32(2 * i + 1), service: service, method: method))
            let reply = try #require(try client.receive())
            #expect(reply.code == code)
            #expect(reply.message == message)
        }
        #expect(server.server.statistics.callsFailed == cases.count)
    }

    @Test func metadataAndThePeerReachTheHandler() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(
            requestFrame(stream: 1, method: "Metadata", metadata: [("a", "b"), ("key", "v")]))
        #expect(try client.receive()?.payload == Array("v".utf8))
        try client.send(requestFrame(stream: 3, method: "Peer"))
        let peer = try #require(try client.receive()).payload
        let fields = peer.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
        #expect(fields == [UInt32(getpid()), getuid(), getgid()])
    }

    @Test func generatedMessagesAreDecodedAndPacked() throws {
        let server = try TestServer()
        let client = try server.client()
        // ScoreRequest { items: "a", "bb", "" }, then bytes that are none.
        let request: [UInt8] = [0x12, 1, 65, 0x12, 2, 66, 66, 0x12, 0]
        try client.send(
            requestFrame(stream: 1, service: "test.Proto", method: "Score", payload: request))
        let payload = try #require(try client.receive()).payload
        let response = try #require(
            sidecart__v1__score_response__unpack(nil, payload.count, payload))
        defer { sidecart__v1__score_response__free_unpacked(response, nil) }
        #expect((0..<response.pointee.n_scores).map { response.pointee.scores[$0] } == [1, 2, 0])
        try client.send(
            requestFrame(stream: 3, service: "test.Proto", method: "Score", payload: [0x12, 9]))
        #expect(try client.receive()?.code == .invalidArgument)
    }

    @Test func aRequestBeyondTheArenaIsRefused() throws {
        var limits = RPCLimits()
        (limits.frameBytesMax, limits.arenaBytesMax) = (16 << 10, 16 << 10)
        let server = try TestServer(limits: limits)
        let client = try server.client()
        let items = (0..<2000).flatMap { _ in [0x12, 1, 65] as [UInt8] }
        try client.send(
            requestFrame(stream: 1, service: "test.Proto", method: "Score", payload: items))
        #expect(try client.receive()?.code == .resourceExhausted)
        try client.send(
            requestFrame(stream: 3, service: "test.Proto", method: "Score", payload: [0x12, 0]))
        #expect(try client.receive()?.code == .ok)
    }

    @Test func deadlinesCoverTheWaitAndTheHandler() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(requestFrame(stream: 1, timeout: -1))
        #expect(try client.receive()?.code == .deadlineExceeded)
        try client.send(requestFrame(stream: 3, method: "Late", timeout: 1_000_000))
        let late = try #require(try client.receive())
        #expect(late.code == .deadlineExceeded)
        #expect(late.payload.isEmpty)
        // The second call is read with the first one and waits behind it for longer than it has.
        try client.send(
            requestFrame(stream: 5, method: "Spin", payload: Array("3000".utf8))
                + requestFrame(stream: 7, method: "Echo", timeout: 1_000_000))
        #expect(try client.receive()?.code == .ok)
        #expect(try client.receive()?.message == "the deadline passed before the call was started")
        try client.send(requestFrame(stream: 9, timeout: .max))
        #expect(try client.receive()?.code == .ok)
    }

    @Test func aCallThatWaitedTooLongIsRefused() throws {
        var limits = RPCLimits()
        limits.queueWaitMax = .milliseconds(1)
        // What takes so long here is work and not yet a stall.
        limits.turnMax = .seconds(1)
        let server = try TestServer(limits: limits)
        let client = try server.client()
        try client.send(
            requestFrame(stream: 1, method: "Spin", payload: Array("3000".utf8))
                + requestFrame(stream: 3))
        #expect(try client.receive()?.code == .ok)
        let late = try #require(try client.receive())
        #expect(late.code == .resourceExhausted)
        #expect(late.message.hasSuffix("the server is overloaded"))
    }

    @Test func aStallOfTheServerIsNotCountedAsACallsWait() throws {
        var limits = RPCLimits()
        limits.queueWaitMax = .milliseconds(1)
        (limits.turnMax, limits.turnShareMax) = (.microseconds(100), .microseconds(100))
        let server = try TestServer(limits: limits)
        let client = try server.client()
        try client.send(
            requestFrame(stream: 1, method: "Spin", payload: Array("20000".utf8))
                + requestFrame(stream: 3))
        #expect(try client.receive()?.code == .ok)
        #expect(try client.receive()?.code == .ok)
    }

    @Test func aCallThatWaitedForItsOwnClientIsToldSo() throws {
        var limits = RPCLimits()
        (limits.writeHighWaterBytes, limits.writeLowWaterBytes) = (64 << 10, 16 << 10)
        limits.queueWaitMax = .milliseconds(2)
        limits.turnMax = .seconds(1)
        let server = try TestServer(limits: limits)
        let client = try server.client()
        let count = 40
        try client.send(
            (0..<count).flatMap {
                requestFrame(
                    stream: UInt32(2 * $0 + 1), method: "Big", payload: Array("65536".utf8))
            })
        // The client reads nothing until its calls have waited for longer than they may.
        #expect(eventually { server.server.statistics.bufferBytes > 64 << 10 })
        let end = MonotonicClock.now() + 50_000_000
        #expect(eventually { MonotonicClock.now() > end })
        let replies = try (0..<count).compactMap { _ in try client.receive() }
        #expect(replies.first?.code == .ok)
        let refused = replies.filter { $0.code == .resourceExhausted }
        #expect(!refused.isEmpty)
        for reply in refused {
            #expect(reply.message.hasSuffix("the client does not read its replies"))
        }
    }

    @Test func aReplyOverTheFrameLimitIsRefusedAndOneAtItIsSent() throws {
        let server = try TestServer()
        let client = try server.client()
        // Header of the payload field: tag and four bytes of length; two bytes of status.
        let largest = FrameHeader.dataBytesMax - 7
        try client.send(requestFrame(stream: 1, method: "Big", payload: Array("\(largest)".utf8)))
        #expect(try client.receive()?.payload.count == largest)
        try client.send(
            requestFrame(stream: 3, method: "Big", payload: Array("\(largest + 1)".utf8)))
        #expect(try client.receive()?.code == .resourceExhausted)
    }

    /// Both ends are in this process, where Foundation watches the processes of other tests by `select`,
    /// which writes past its set from descriptor 1,024 on. More connections come in `CallTests`.
    @Test func threeHundredConnectionsAreServedAtOnceOverAllLoops() throws {
        let server = try TestServer(loopCount: 2)
        var clients = try (0..<300).map { _ in try server.client() }
        for client in clients { try client.send(requestFrame(stream: 1, payload: [1])) }
        for client in clients { #expect(try client.receive()?.payload == [1]) }
        #expect(server.server.statistics.connections == 300)
        clients.removeAll()
        server.expectEmpty()
        try server.expectAnswers()
    }

    @Test func connectionsBeyondTheLimitAreClosedAtOnce() throws {
        var limits = RPCLimits()
        limits.connectionsMax = 2
        let server = try TestServer(loopCount: 2, limits: limits)
        var clients = try (0..<2).map { _ in try server.client() }
        for client in clients {
            try client.send(requestFrame(stream: 1))
            #expect(try client.receive() != nil)
        }
        let third = try server.client()
        #expect(try third.receive() == nil)
        #expect(server.server.statistics.connectionsRefused == 1)
        clients.removeAll()
        server.expectEmpty()
        // The place is free again once the loop has let go of the connection, a moment after it
        // stopped counting.
        #expect(eventually { (try? server.expectReply()) == true })
    }

    @Test func anEmptyOrTinyLoopCountIsChecked() {
        let folder = TemporaryFolder()
        var configuration = RPCServerConfiguration(path: folder.path + "/s", loopCount: 0)
        configuration.limits.turnMax = .zero
        #expect(throws: RPCLimitsError.self) {
            _ = try RPCServer(configuration) { _ in Router() }
        }
        #expect(access(folder.path + "/s", F_OK) != 0)
    }

    @Test(arguments: [(0, Lane.loop), (1, .loop), (1, .background), (2, .background)])
    func whatMakeRouterThrowsEndsTheStart(index: Int, kind: Lane) {
        struct Refusal: Error {}
        let folder = TemporaryFolder()
        #expect(throws: Refusal.self) {
            _ = try RPCServer(.init(path: folder.path + "/s", loopCount: 3)) { lane in
                if lane.loopIndex == index, lane.lane == kind { throw Refusal() }
                return Router()
            }
        }
        #expect(access(folder.path + "/s", F_OK) != 0)
    }
}

extension TestServer {
    /// True if a new connection's call is answered.
    func expectReply() throws -> Bool {
        let client = try client()
        try client.send(requestFrame(stream: 1))
        return try client.receive() != nil
    }
}
