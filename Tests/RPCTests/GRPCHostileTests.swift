import EventLoop
import Glibc
import Interactions
import RPC
import TestFrames
import TestGRPC
import Testing
import Wire

/// Clients of HTTP/2 that mean harm: memory stays bounded, the connection is closed by name, and
/// others are served.
@Suite(.timeLimit(.minutes(2))) struct GRPCHostileTests {
    private typealias F = HTTP2Frames

    /// Sends frames until the server hangs up, and returns how many bytes of them it took.
    ///
    /// - Parameter frames: the bytes of the i-th repetition.
    private func flood(
        _ server: TestServer, reads: Bool = true, repeats: Int = 100_000,
        _ frames: (Int) -> [UInt8]
    ) throws -> (repeats: Int, held: Int) {
        let client = try server.client()
        try client.send(F.preface + F.frame(F.settings))
        var (sent, held) = (0, 0)
        while sent < repeats {
            var batch: [UInt8] = []
            for i in sent..<min(repeats, sent + 500) { batch += frames(i) }
            do { try client.send(batch) } catch { break }
            sent += 500
            if reads { client.discardReceived() }
            held = max(held, server.server.statistics.bufferBytes)
            if sent % 5000 == 0 { try server.expectAnswers() }
        }
        try client.drainToEnd()
        return (sent, held)
    }

    private func expectClosed(
        _ server: TestServer, _ reason: BreakOffReason, held: Int,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(held < 8 << 20, sourceLocation: location)
        #expect(
            server.server.statistics.brokenOff[reason] == 1, "\(server.server.statistics)",
            sourceLocation: location)
        #expect(
            server.record.brokenOff.withLock { $0.map(\.reason) } == [reason],
            sourceLocation: location)
        server.expectEmpty(location)
        try server.expectAnswers(location)
        #expect(try GRPCClient(server.path).call().code == .ok, sourceLocation: location)
    }

    @Test func rapidResetIsCutOff() throws {
        let server = try TestServer()
        let (sent, held) = try flood(server) { i in
            let stream = UInt32(2 * i + 1)
            return F.frame(F.headers, flags: F.endHeaders, stream: stream, F.requestFields())
                + F.frame(F.reset, stream: stream, F.bigEndian(8))
        }
        #expect(sent < 100_000)
        try expectClosed(server, .flooded, held: held)
    }

    @Test func rapidResetOfWholeCallsIsCutOff() throws {
        let server = try TestServer()
        let (sent, held) = try flood(server) { i in
            let stream = UInt32(2 * i + 1)
            return F.frame(F.headers, flags: F.endHeaders, stream: stream, F.requestFields())
                + F.frame(F.data, flags: F.endStream, stream: stream, F.message([1]))
                + F.frame(F.reset, stream: stream, F.bigEndian(8))
        }
        #expect(sent < 100_000)
        try expectClosed(server, .flooded, held: held)
    }

    @Test func aFloodOfContinuationsIsCutOff() throws {
        let server = try TestServer()
        let (sent, held) = try flood(server) { i in
            i == 0
                ? F.frame(F.headers, stream: 1, F.requestFields())
                : F.frame(F.continuation, stream: 1, F.fields([("a", "b")]))
        }
        #expect(sent < 100_000)
        try expectClosed(server, .flooded, held: held)
    }

    @Test(arguments: [true, false])
    func aFloodOfSettingsIsCutOff(reads: Bool) throws {
        let server = try TestServer()
        let (sent, held) = try flood(server, reads: reads) { _ in F.frame(F.settings) }
        #expect(sent < 100_000)
        try expectClosed(server, .flooded, held: held)
    }

    @Test(arguments: [true, false])
    func aFloodOfPingsIsCutOff(reads: Bool) throws {
        let server = try TestServer()
        let (sent, held) = try flood(server, reads: reads) { _ in
            F.frame(F.ping, [1, 2, 3, 4, 5, 6, 7, 8])
        }
        #expect(sent < 100_000)
        try expectClosed(server, .flooded, held: held)
    }

    @Test func aFloodOfEmptyDataIsCutOff() throws {
        let server = try TestServer()
        let (sent, held) = try flood(server) { i in
            i == 0
                ? F.frame(F.headers, flags: F.endHeaders, stream: 1, F.requestFields())
                : F.frame(F.data, stream: 1)
        }
        #expect(sent < 100_000)
        try expectClosed(server, .flooded, held: held)
    }

    @Test func aHeaderBombIsCutOff() throws {
        let server = try TestServer()
        // One field of 4 KB goes into the table, and is then named by one byte each time.
        let value = [UInt8](repeating: UInt8(ascii: "x"), count: 4000)
        let literal: [UInt8] = [0x40, 1, UInt8(ascii: "a"), 0x7F, 0xA1, 0x1E] + value
        let bomb = [UInt8](repeating: 0xBE, count: 10_000)
        let (_, held) = try flood(server, repeats: 500) { i in
            F.frame(
                F.headers, flags: F.endHeaders | F.endStream, stream: UInt32(2 * i + 1),
                F.requestFields() + literal + bomb)
        }
        try expectClosed(server, .flooded, held: held)
    }

    @Test func brokenFramesAreCutOff() throws {
        for bytes in [
            F.frame(F.data, stream: 1, [1]), F.frame(F.windowUpdate, F.bigEndian(0)),
            F.frame(F.headers, flags: F.endHeaders, stream: 2, F.requestFields()),
            F.frame(
                F.headers, flags: F.endHeaders, stream: 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
            F.frame(F.ping, [1]), F.frame(F.settings, F.setting(4, 0xFFFF_FFFF)),
            [0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 100),
        ] {
            let server = try TestServer()
            let client = try server.client()
            try client.send(F.preface + F.frame(F.settings) + bytes)
            try client.drainToEnd()
            #expect(server.server.statistics.brokenOff[.malformed] == 1, "\(bytes.prefix(12))")
            server.expectEmpty()
            try server.expectAnswers()
        }
    }

    @Test func aClientThatOpensNoWindowIsHeldBackAndCutOff() throws {
        var limits = RPCLimits()
        (limits.writeHighWaterBytes, limits.writeLowWaterBytes) = (64 << 10, 16 << 10)
        limits.writeStallMax = .milliseconds(200)
        let server = try TestServer(limits: limits)
        let client = try GRPCClient(server.path, settings: [(4, 0)])
        for _ in 0..<100 { _ = try client.start("/test.Echo/Big", Array("65536".utf8)) }
        try client.waitForEnd()
        // Answers are made up to the mark, and one more.
        #expect(server.server.statistics.calls <= 3)
        #expect(client.goAways.last?.text == BreakOffReason.unread.rawValue)
        #expect(server.server.statistics.brokenOff[.unread] == 1)
        server.expectEmpty()
    }

    @Test func answersGoOnAsWindowsOpen() throws {
        var limits = RPCLimits()
        (limits.writeHighWaterBytes, limits.writeLowWaterBytes) = (64 << 10, 16 << 10)
        let server = try TestServer(limits: limits)
        let client = try GRPCClient(server.path, settings: [(4, 1000)], opensWindows: false)
        let streams = try (0..<50).map { _ in
            try client.start("/test.Echo/Big", Array("30000".utf8))
        }
        try client.wait { client.answer(streams[0]).fields.count > 0 }
        try server.expectAnswers()
        #expect(server.server.statistics.calls < 20)
        #expect(server.server.statistics.bufferBytes < 1 << 20)
        try client.openWindow(0, by: 50 * 30_005)
        for stream in streams {
            try client.openWindow(stream, by: 30_000)
            #expect(try client.finish(stream).messages.first?.count == 30_000)
        }
        server.expectIdle()
    }

    @Test func tinyWindowsOpenedByteByByteAreCutOff() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(
            F.preface + F.frame(F.settings, F.setting(4, 1))
                + F.frame(
                    F.headers, flags: F.endHeaders, stream: 1,
                    F.requestFields(path: "/test.Echo/Big"))
                + F.frame(F.data, flags: F.endStream, stream: 1, F.message(Array("1000000".utf8))))
        for _ in 0..<200 {
            let batch = (0..<500).flatMap { _ in F.frame(F.windowUpdate, stream: 1, F.bigEndian(1))
            }
            do { try client.send(batch) } catch { break }
            client.discardReceived()
        }
        try client.drainToEnd()
        try expectClosed(server, .flooded, held: 0)
    }

    @Test func unfinishedRequestsDoNotTakeAllMemoryNorStopEachOther() throws {
        var limits = RPCLimits()
        limits.frameBytesMax = 64 << 10
        let server = try TestServer(limits: limits)
        let client = try GRPCClient(server.path)
        let body = HTTP2Frames.message([UInt8](repeating: 1, count: 60_000))
        let streams = try (0..<40).map { _ in
            try client.open("/test.Echo/Echo", Array(body.dropLast()), ends: false)
        }
        // Eight messages' window is half full, and the largest are refused by name.
        try client.wait { streams.contains { client.answer($0).code == .resourceExhausted } }
        #expect(server.server.statistics.bufferBytes < 2 << 20)
        var codes: [StatusCode: Int] = [:]
        for stream in streams {
            if client.answer(stream).closeCode == nil {
                try client.send(stream, [1], ends: true)
            }
            codes[try client.finish(stream).code ?? .unknown, default: 0] += 1
        }
        #expect(codes.keys.allSatisfy { $0 == .ok || $0 == .resourceExhausted }, "\(codes)")
        #expect(codes[.ok, default: 0] >= 1)
        #expect(try client.call().code == .ok)
        server.expectIdle()
    }

    @Test func moreStreamsThanAllowedAreRefused() throws {
        var limits = RPCLimits()
        limits.streamsPerConnectionMax = 8
        let server = try TestServer(limits: limits)
        let client = try server.client()
        try client.send(F.preface + F.frame(F.settings))
        _ = try client.receiveSome()
        for i in 0..<20 {
            try client.send(
                F.frame(
                    F.headers, flags: F.endHeaders, stream: UInt32(2 * i + 1), F.requestFields()))
        }
        // REFUSED_STREAM for the ninth, as the client has not acknowledged the limit yet.
        let refusal = F.frame(F.reset, stream: 17, F.bigEndian(7))
        var received: [UInt8] = []
        while !received.contains(refusal) { received += try client.receiveSome() }
        // Once it has, a stream too many breaks the rules.
        try client.send(
            F.frame(F.settings, flags: 1)
                + F.frame(F.headers, flags: F.endHeaders, stream: 41, F.requestFields()))
        try client.drainToEnd()
        #expect(server.server.statistics.brokenOff[.malformed] == 1)
        try server.expectAnswers()
    }

    @Test func aRequestThatIsNeverFinishedIsCutOff() throws {
        var limits = RPCLimits()
        limits.partialFrameMax = .milliseconds(100)
        let server = try TestServer(limits: limits)
        let client = try GRPCClient(server.path)
        _ = try client.open("/test.Echo/Echo", [0, 0, 0, 0, 9, 1], ends: false)
        try client.waitForEnd()
        #expect(server.server.statistics.brokenOff[.unfinished] == 1)
        #expect(client.goAways.last?.text == BreakOffReason.unfinished.rawValue)
        server.expectEmpty()
    }

    @Test func anIdleClientIsLetGoAndOneThatWatchesIsNot() throws {
        var limits = RPCLimits()
        limits.idleMax = .milliseconds(200)
        let server = try TestServer(limits: limits)
        let watcher = try GRPCClient(server.path)
        let watch = try watcher.start("/test.Echo/Watch", [])
        try watcher.wait { watcher.answer(watch).messages.count == 1 }
        let idle = try GRPCClient(server.path)
        #expect(try idle.call().code == .ok)
        try idle.waitForEnd()
        #expect(idle.goAways.last?.text == BreakOffReason.idle.rawValue)
        #expect(idle.goAways.last?.code == 0)
        #expect(try watcher.call().code == .ok)
    }

    @Test func pendingCallsAreLimitedAndTheRestWaits() throws {
        var limits = RPCLimits()
        limits.pendingCallsPerConnectionMax = 3
        let server = try TestServer(limits: limits)
        let client = try GRPCClient(server.path)
        let later = try (0..<10).map { try client.start("/test.Echo/Later", [UInt8($0)]) }
        #expect(eventually { server.server.statistics.pendingCalls == 3 })
        // Frames are still read.
        try client.cancel(later[9])
        try server.expectAnswers()
        #expect(server.server.statistics.pendingCalls == 3)
        var answered = 0
        while answered < 9 {
            #expect(eventually { server.record.tokens.withLock { $0.count } > answered })
            for token in server.record.tokens.withLock({ Array($0.dropFirst(answered)) }) {
                token.answer()
                answered += 1
            }
        }
        for stream in later.dropLast() { #expect(try client.finish(stream).code == .ok) }
        #expect(server.record.tokens.withLock { $0.count } == 9)
    }

    @Test func callsOfOneUserAreLimited() throws {
        var limits = RPCLimits()
        limits.callsPerUIDMax = 10
        limits.queueWaitMax = .seconds(60)
        let server = try TestServer(limits: limits)
        let client = try server.client()
        // All come in one read, behind a call that uses up the turn.
        var bytes = F.preface + F.frame(F.settings)
        for i in 0..<100 {
            let stream = UInt32(2 * i + 1)
            bytes +=
                F.frame(
                    F.headers, flags: F.endHeaders, stream: stream,
                    F.requestFields(path: "/test.Echo/\(i == 0 ? "Spin" : "Echo")"))
                + F.frame(
                    F.data, flags: F.endStream, stream: stream, F.message(Array("5000".utf8)))
        }
        try client.send(bytes)
        #expect(eventually { server.server.statistics.calls == 100 })
        #expect(server.server.statistics.callsFailed == 89)
    }

    @Test(arguments: UInt64(1)...8)
    func randomBytesNeverStopTheServer(seed: UInt64) throws {
        let server = try TestServer()
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let client = try server.client()
            var bytes = F.preface
            if Bool.random(using: &random) { bytes += F.frame(F.settings) }
            var stream: UInt32 = 1
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                switch Int.random(in: 0..<5, using: &random) {
                case 0:
                    bytes += (0..<Int.random(in: 1...60, using: &random)).map { _ in random.next() }
                case 1, 2:
                    bytes +=
                        F.frame(F.headers, flags: F.endHeaders, stream: stream, F.requestFields())
                        + F.frame(F.data, flags: F.endStream, stream: stream, F.message([1, 2]))
                    stream += 2
                case 3:
                    var frame = F.frame(
                        F.headers, flags: F.endHeaders, stream: stream, F.requestFields())
                    frame[Int.random(in: 3..<frame.count, using: &random)] = random.next()
                    bytes += frame
                    stream += 2
                default:
                    bytes += F.frame(
                        UInt8.random(in: 0...10, using: &random), flags: random.next(),
                        stream: UInt32.random(in: 0...stream, using: &random),
                        (0..<Int.random(in: 0...20, using: &random)).map { _ in random.next() })
                }
            }
            _ = client.sendWithoutWaiting(bytes)
        }
        server.expectEmpty()
        try server.expectAnswers()
        #expect(try GRPCClient(server.path).call().code == .ok)
    }
}
