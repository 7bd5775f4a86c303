import EventLoop
import Glibc
import Interactions
import RPC
import TestFrames
import Testing
import Wire

/// Clients that break the rules. After each the server must still answer, and hold no memory for
/// them.
@Suite(.timeLimit(.minutes(1))) struct MisbehaviorTests {
    @Test func badStreamIDsAreAnsweredAndTheConnectionGoesOn() throws {
        let server = try TestServer()
        do {
            let client = try server.client()
            for (stream, code) in [
                (0, .invalidArgument), (2, .invalidArgument), (5, .ok), (5, .invalidArgument),
                (3, .invalidArgument), (7, .ok),
            ] as [(UInt32, StatusCode)] {
                try client.send(requestFrame(stream: stream))
                let reply = try #require(try client.receive())
                #expect(reply.header.stream == stream)
                #expect(reply.code == code, "stream \(stream)")
            }
        }
        server.expectEmpty()
        try server.expectAnswers()
    }

    @Test func unknownKindsAreIgnoredAndStreamingIsRefused() throws {
        let server = try TestServer()
        let client = try server.client()
        for kind in [UInt8(0), 2, 9, 255] {
            try client.send(
                rawFrame(.init(dataBytes: 3, stream: 1, kind: .init(rawValue: kind)), [1, 2, 3]))
        }
        try client.send(rawFrame(.init(dataBytes: 0, stream: 1, kind: .data)))
        #expect(try client.receive()?.code == .invalidArgument)
        try client.send(
            rawFrame(.init(dataBytes: 0, stream: 1, kind: .request, flags: FrameHeader.remoteOpen)))
        #expect(try client.receive()?.code == .unimplemented)
        try client.send(
            rawFrame(.init(dataBytes: 1, stream: 1, kind: .data), [0]) + requestFrame(stream: 3))
        #expect(try client.receive()?.header.stream == 3)
    }

    @Test func anOversizedFrameIsRefusedWithoutBeingKept() throws {
        var limits = RPCLimits()
        limits.frameBytesMax = 4096
        let server = try TestServer(limits: limits)
        do {
            let client = try server.client()
            let size = 3 << 20
            try client.send(rawFrame(.init(dataBytes: size, stream: 1, kind: .request)))
            let reply = try #require(try client.receive())
            #expect(reply.code == .resourceExhausted)
            #expect(reply.message.contains("4096"))
            try client.send([UInt8](repeating: 0xAA, count: size))
            #expect(server.server.statistics.bufferBytes <= 4096)
            try client.send(requestFrame(stream: 3))
            #expect(try client.receive()?.code == .ok)
        }
        server.expectEmpty()
        try server.expectAnswers()
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\n\r\n", "PRI * HTTP/3.0\r\n\r\n",
    ])
    func anotherProtocolIsHungUpOn(bytes: String) throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(Array(bytes.utf8))
        #expect(try client.receive() == nil)
        #expect(server.server.statistics.connectionsAborted == 1)
        #expect(server.server.statistics.brokenOff[.foreign] == 1)
        let report = server.record.brokenOff.withLock { $0 }
        #expect(report.map(\.reason) == [.foreign])
        #expect(report.map(\.peer.processID) == [getpid()])
        server.expectEmpty()
        try server.expectAnswers()
    }

    @Test func anEnvelopeThatIsNoneIsAnswered() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(rawFrame(.init(dataBytes: 2, stream: 1, kind: .request), [0x0A, 9]))
        #expect(try client.receive()?.code == .invalidArgument)
        let many = (0..<65).map { (key: "\($0)", value: "") }
        try client.send(requestFrame(stream: 3, metadata: many))
        #expect(try client.receive()?.code == .resourceExhausted)
        try client.send(requestFrame(stream: 5))
        #expect(try client.receive()?.code == .ok)
    }

    @Test(arguments: UInt64(1)...8)
    func garbageNeverStopsTheServer(seed: UInt64) throws {
        let server = try TestServer()
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let client = try server.client()
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    bytes += (0..<Int.random(in: 1...300, using: &random)).map { _ in random.next()
                    }
                case 1: bytes += requestFrame(stream: random.next() | 1)
                case 2:
                    var frame = requestFrame(stream: 1, metadata: [("a", "b")])
                    frame[Int.random(in: 4..<frame.count, using: &random)] = random.next()
                    bytes += frame
                default:
                    let size = Int.random(in: 0...9, using: &random)
                    bytes += rawFrame(
                        .init(
                            dataBytes: size, stream: random.next(),
                            kind: .init(rawValue: random.next())),
                        (0..<size).map { _ in random.next() })
                }
            }
            _ = client.sendWithoutWaiting(bytes)
        }
        server.expectEmpty()
        try server.expectAnswers()
    }

    @Test func aClientThatVanishesMidFrameLeavesNothingBehind() throws {
        let server = try TestServer()
        let frame = requestFrame(stream: 1, payload: [UInt8](repeating: 1, count: 100_000))
        for count in [1, 9, 10, 11, 5000, frame.count - 1] {
            let client = try server.client()
            try client.send(frame[..<count])
            #expect(eventually { server.server.statistics.bufferBytes > 0 })
        }
        server.expectEmpty()
        try server.expectAnswers()
    }

    @Test func aFrameThatIsNeverFinishedIsCutOff() throws {
        var limits = RPCLimits()
        limits.partialFrameMax = .milliseconds(20)
        let server = try TestServer(limits: limits)
        let client = try server.client()
        try client.send(requestFrame(stream: 1)[..<12])
        #expect(try client.receive() == nil)
        #expect(server.server.statistics.connectionsAborted == 1)
        server.expectEmpty()
        try server.expectAnswers()
    }

    @Test func aClientWhoseWritesAllEndWithinAFrameIsNotCutOff() throws {
        var limits = RPCLimits()
        limits.partialFrameMax = .milliseconds(500)
        let server = try TestServer(limits: limits)
        let client = try server.client()
        var (stream, frame) = (UInt32(1), requestFrame(stream: 1))
        try client.send(frame[..<12])
        // Each frame is finished at once, though no write ends where a frame does.
        let end = MonotonicClock.now() + 1_500_000_000
        while MonotonicClock.now() < end {
            let next = requestFrame(stream: stream + 2)
            try client.send(frame[12...] + next[..<12])
            let reply = try #require(try client.receive(), "cut off at stream \(stream)")
            #expect(reply.code == .ok)
            (stream, frame) = (stream + 2, next)
        }
        #expect(server.server.statistics.connectionsAborted == 0)
    }

    @Test func aClientThatDoesNotReadIsHeldBackAndOthersAreServed() throws {
        var limits = RPCLimits()
        (limits.writeHighWaterBytes, limits.writeLowWaterBytes) = (64 << 10, 16 << 10)
        let server = try TestServer(limits: limits)
        do {
            let greedy = try server.client()
            // A thousand calls of 4 KiB that ask for 64 KiB each; no reply is taken until no more
            // calls are.
            let size = [UInt8](repeating: UInt8(ascii: "0"), count: 4096) + Array("65536".utf8)
            let calls = (0..<1000).flatMap {
                requestFrame(stream: 2 * $0 + 1, method: "Big", payload: size)
            }
            var sent = 0
            while true {
                let count = greedy.sendWithoutWaiting(Array(calls[sent...]))
                sent += count
                try server.expectAnswers()
                if count == 0 { break }
            }
            #expect(sent < calls.count / 2)
            // Unsent replies stay near the high-water mark, waiting calls within one read.
            #expect(server.server.statistics.bufferBytes < 1 << 20)
            for _ in 0..<1000 {
                sent += greedy.sendWithoutWaiting(Array(calls[sent...].prefix(64 << 10)))
                #expect(try greedy.receive()?.payload.count == 65536)
            }
            try server.expectAnswers()
        }
        server.expectEmpty()
    }

    @Test func aClientThatNeverReadsIsCutOff() throws {
        var limits = RPCLimits()
        limits.writeStallMax = .milliseconds(20)
        let server = try TestServer(limits: limits)
        let client = try server.client()
        try client.send(
            (0..<50).flatMap {
                requestFrame(stream: 2 * $0 + 1, method: "Big", payload: Array("65536".utf8))
            })
        #expect(eventually { server.server.statistics.brokenOff[.unread] == 1 })
        server.expectEmpty()
        try server.expectAnswers()
        withExtendedLifetime(client) {}
    }

    @Test func aClientThatFinishesSendingStillGetsItsReplies() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(
            (0..<30).flatMap {
                requestFrame(stream: 2 * $0 + 1, method: "Big", payload: Array("65536".utf8))
            })
        client.finishSending()
        for _ in 0..<30 { #expect(try client.receive()?.payload.count == 65536) }
        #expect(try client.receive() == nil)
        server.expectEmpty()
    }

    @Test func aClientThatFinishesSendingAndThenGoesIsForgotten() throws {
        let server = try TestServer()
        do {
            let client = try server.client()
            // More than the socket holds, and less than what stops the server from reading on.
            try client.send(
                (0..<10).flatMap {
                    requestFrame(stream: 2 * $0 + 1, method: "Big", payload: Array("65536".utf8))
                })
            client.finishSending()
            #expect(eventually { server.server.statistics.calls == 10 })
        }
        server.expectEmpty()
        try server.expectAnswers()
    }
}
