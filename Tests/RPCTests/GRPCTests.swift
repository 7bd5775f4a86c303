import EventLoop
import Glibc
import RPC
import TestFrames
import TestGRPC
import Testing
import Wire

/// Calls of gRPC, by a client of its own on a real socket.
@Suite(.timeLimit(.minutes(1))) struct GRPCTests {
    @Test func aCallIsAnsweredWithHeadersAMessageAndTrailers() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let answer = try client.call("/test.Echo/Echo", [7, 8, 9])
        #expect(answer.messages == [[7, 8, 9]])
        #expect(answer.fields.map(\.name) == [":status", "content-type", "grpc-status"])
        #expect(answer[":status"] == "200")
        #expect(answer["content-type"] == "application/grpc")
        #expect(answer.code == .ok)
        #expect(answer.closeCode == 0)
        #expect(server.server.statistics.calls == 1)
        #expect(server.server.statistics.callsFailed == 0)
    }

    @Test func bothProtocolsAreServedOnOneSocket() throws {
        let server = try TestServer()
        let grpc = try GRPCClient(server.path)
        let ttrpc = try server.client()
        for i in 0..<10 {
            #expect(try grpc.call("/test.Echo/Echo", [UInt8(i)]).messages == [[UInt8(i)]])
            try ttrpc.send(requestFrame(stream: UInt32(2 * i + 1), payload: [UInt8(i)]))
            #expect(try ttrpc.receive()?.payload == [UInt8(i)])
        }
        #expect(try grpc.call("/test.Echo/Count", []).messages == [Array("20".utf8)])
    }

    @Test func emptyMessagesGoBothWays() throws {
        let server = try TestServer()
        let answer = try GRPCClient(server.path).call("/test.Echo/Echo", [])
        #expect(answer.messages == [[]])
        #expect(answer.code == .ok)
    }

    @Test func aFailureComesInTrailersAlone() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let answer = try client.call("/test.Echo/Fail")
        #expect(answer.code == .notFound)
        #expect(answer.message == "no such thing")
        #expect(answer.isTrailersOnly)
        #expect(answer.closeCode == 0)
        #expect(server.server.statistics.callsFailed == 1)
    }

    @Test(arguments: Int32(1)...16)
    func everyCodeArrivesWithItsMessage(number: Int32) throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        for message in [
            "", "plain", "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n", "100 %",
        ] {
            let answer = try client.call("/test.Echo/Status", [UInt8(number)] + message.utf8)
            #expect(answer.code == StatusCode(rawValue: number))
            #expect(answer.message == message)
        }
        // What clients could not take as headers is cut between characters.
        let long = String(repeating: "☃", count: 5000)
        let answer = try client.call("/test.Echo/Status", [UInt8(number)] + long.utf8)
        #expect(answer.message.count == 455 && answer.message.allSatisfy { $0 == "☃" })
        let plain = String(repeating: "x", count: 4096)
        #expect(try client.call("/test.Echo/Status", [5] + plain.utf8).message == plain)
    }

    @Test(
        "What is no method here is UNIMPLEMENTED",
        arguments: [
            ("/test.Echo/Nothing", "service 'test.Echo' has no method 'Nothing'"),
            ("/test.Nobody/Echo", "there is no service 'test.Nobody' here"),
            ("/", "there is no service '/' here"), ("/Echo", "there is no service '/Echo' here"),
        ])
    func unknownMethods(path: String, message: String) throws {
        let server = try TestServer()
        let answer = try GRPCClient(server.path).call(path)
        #expect(answer.code == .unimplemented)
        #expect(answer.message == message)
    }

    @Test func otherHandlersFailuresHaveTheirCodes() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        #expect(try client.call("/test.Echo/Silent").code == .internal)
        #expect(try client.call("/test.Echo/Forgotten").code == .internal)
        #expect(try client.call("/test.Proto/Score", [0xFF]).code == .invalidArgument)
        let big = try client.call("/test.Echo/Big", Array("5000000".utf8))
        #expect(big.code == .resourceExhausted)
        #expect(big.message.contains("4194304"))
    }

    @Test func aStatusMessageMayHoldAnything() throws {
        // A method's name comes back in the message, and paths may hold any bytes above 0x20.
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let answer = try client.call("/test.Echo/100%_Käse_☃")
        #expect(answer.message == "service 'test.Echo' has no method '100%_Käse_☃'")
        #expect(answer["grpc-message"]?.contains("100%25_K%C3%A4se_%E2%98%83") == true)
    }

    @Test func metadataReachesTheHandler() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let answer = try client.call(
            "/test.Echo/Metadata", [], [("other", "1"), ("key", "value"), ("key", "second")])
        #expect(answer.messages == [Array("value".utf8)])
        #expect(try client.call("/test.Echo/Metadata").code == .notFound)
        let many = (0..<65).map { ("key-\($0)", "x") }
        let refused = try client.call("/test.Echo/Metadata", [], many)
        #expect(refused.code == .resourceExhausted)
        #expect(refused.message.contains("64 metadata entries"))
    }

    @Test func binaryMetadataIsDecoded() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let answer = try client.call("/test.Echo/Echo", [], [("key-bin", "not base64!")])
        #expect(answer.code == .invalidArgument)
        #expect(answer.message.contains("key-bin"))
        for text in ["AAECAw==", "AAECAw"] {
            #expect(try client.call("/test.Echo/Echo", [], [("key-bin", text)]).code == .ok)
        }
    }

    @Test func headersBeyondTheLimitAreRefused() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let answer = try client.call(
            "/test.Echo/Echo", [], [("a", String(repeating: "x", count: 20_000))])
        #expect(answer.code == .resourceExhausted)
        #expect(answer.message.contains("16384"))
        #expect(try client.call().code == .ok)
    }

    @Test func aTimeOutThatPassesIsADeadlineExceeded() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        #expect(
            try client.call("/test.Echo/Late", [], [("grpc-timeout", "10m")]).code
                == .deadlineExceeded)
        #expect(
            try client.call("/test.Echo/Echo", [], [("grpc-timeout", "0n")]).code
                == .deadlineExceeded)
        for text in ["1H", "10M", "100S", "99999m", "99999999u", "99999999H"] {
            #expect(try client.call("/test.Echo/Echo", [], [("grpc-timeout", text)]).code == .ok)
        }
        for text in ["1", "S", "1x", "-1S", "123456789S", "1.5S"] {
            #expect(
                try client.call("/test.Echo/Echo", [], [("grpc-timeout", text)]).code
                    == .invalidArgument, "\(text)")
        }
    }

    @Test func compressionIsRefusedByName() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let answer = try client.call("/test.Echo/Echo", [1], [("grpc-encoding", "gzip")])
        #expect(answer.code == .unimplemented)
        #expect(answer.message.contains("gzip"))
        #expect(answer["grpc-accept-encoding"] == "identity")
        #expect(
            try client.call("/test.Echo/Echo", [1], [("grpc-encoding", "identity")]).code == .ok)
        let flagged = try client.finish(
            try client.open("/test.Echo/Echo", HTTP2Frames.message([1], isCompressed: true)))
        #expect(flagged.code == .unimplemented)
        #expect(flagged.message.contains("compressed"))
    }

    @Test func whatIsNoGRPCHasItsHTTPStatus() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let text = try client.finish(
            try client.open(
                "/test.Echo/Echo", [],
                standard: [(":method", "POST"), ("content-type", "text/html")]))
        #expect(text[":status"] == "415")
        let get = try client.finish(
            try client.open(
                "/test.Echo/Echo", [],
                standard: [(":method", "GET"), ("content-type", "application/grpc")]))
        #expect(get[":status"] == "405")
        #expect(try client.call().code == .ok)
    }

    @Test func aUnaryMethodTakesOneMessage() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let none = try client.finish(try client.start("/test.Echo/Echo", nil))
        #expect(none.code == .unimplemented)
        #expect(none.message.contains("got none"))
        let two = HTTP2Frames.message([1]) + HTTP2Frames.message([2])
        #expect(try client.finish(try client.open("/test.Echo/Echo", two)).code == .unimplemented)
        // Known before the request ends.
        #expect(
            try client.finish(try client.open("/test.Echo/Echo", two, ends: false)).code
                == .unimplemented)
        let cut = Array(HTTP2Frames.message([1, 2, 3]).dropLast())
        let answer = try client.finish(try client.open("/test.Echo/Echo", cut))
        #expect(answer.code == .invalidArgument)
        #expect(answer.message.contains("within a message"))
    }

    @Test func aMessageMayComeInAnyPieces() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let bytes = HTTP2Frames.message(Array(0..<20))
        for split in 0...bytes.count {
            let stream = try client.open("/test.Echo/Echo", Array(bytes[..<split]), ends: false)
            try client.send(stream, Array(bytes[split...]), ends: split % 2 == 0)
            if split % 2 == 1 { try client.send(stream, [], ends: true) }
            #expect(try client.finish(stream).messages == [Array(0..<20)])
        }
        server.expectIdle()
    }

    @Test func largeMessagesPassTheWindows() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let payload = (0..<4_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(try client.call("/test.Echo/Echo", payload).messages == [payload])
        #expect(
            try client.call("/test.Echo/Big", Array("4194304".utf8)).messages.first?.count
                == 4_194_304)
        server.expectIdle()
    }

    @Test func aMessageBeyondTheLimitIsRefusedUnread() throws {
        var limits = RPCLimits()
        limits.frameBytesMax = 4096
        let server = try TestServer(limits: limits)
        let client = try GRPCClient(server.path)
        #expect(try client.call("/test.Echo/Echo", Array(repeating: 1, count: 4096)).code == .ok)
        let answer = try client.call("/test.Echo/Echo", Array(repeating: 1, count: 4097))
        #expect(answer.code == .resourceExhausted)
        #expect(answer.message.contains("4097") && answer.message.contains("4096"))
        // Announced, and never sent.
        let announced = try client.finish(
            try client.open("/test.Echo/Echo", [0, 0x10, 0, 0, 0, 1], ends: false))
        #expect(announced.code == .resourceExhausted)
        #expect(try client.call().code == .ok)
        server.expectIdle()
    }

    @Test func callsOnManyStreamsAreAllAnswered() throws {
        let server = try TestServer(loopCount: 2)
        let clients = try (0..<4).map { _ in try GRPCClient(server.path) }
        for round in 0..<20 {
            var streams: [[Int32]] = []
            for client in clients {
                streams.append(
                    try (0..<100).map {
                        try client.start("/test.Echo/Echo", [UInt8($0), UInt8(round)])
                    })
            }
            for (client, streams) in zip(clients, streams) {
                for (i, stream) in streams.enumerated() {
                    #expect(try client.finish(stream).messages == [[UInt8(i), UInt8(round)]])
                }
            }
        }
        #expect(server.server.statistics.calls == 8000)
        server.expectIdle()
    }

    @Test func callsThatAreAnsweredLaterAreAnswered() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let later = try client.start("/test.Echo/Later", [42])
        let refused = try client.start("/test.Echo/Refused", [1])
        let long = try client.start("/test.Echo/Long", [5, 6], [("grpc-timeout", "1M")])
        #expect(eventually { server.record.tokens.withLock { $0.count } == 2 })
        #expect(try client.call().code == .ok)
        for token in server.record.tokens.withLock({ $0 }) { token.answer() }
        server.gate.open()
        #expect(try client.finish(later).messages.first?.isEmpty == false)
        #expect(try client.finish(refused).code == .notFound)
        #expect(try client.finish(long).messages == [[5, 6]])
        #expect(server.server.statistics.pendingCalls == 0)
        server.expectIdle()
    }

    @Test func metadataReachesTheBackground() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        server.gate.open()
        let answer = try client.call(
            "/test.Echo/Long", [9], [("a", "b"), ("grpc-timeout", "10S"), ("c-bin", "AAEC")])
        #expect(answer.messages == [[9]])
    }

    @Test func aCanceledCallIsForgotten() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        // One runs in the background, and holds up what waits behind it.
        let first = try client.start("/test.Echo/Long", [1])
        #expect(eventually { server.gate.waiting == 1 })
        let second = try client.start("/test.Echo/Long", [2])
        let third = try client.start("/test.Echo/Long", [3])
        #expect(eventually { server.server.statistics.pendingCalls == 3 })
        try client.cancel(second)
        #expect(eventually { server.server.statistics.pendingCalls == 2 })
        server.gate.open()
        #expect(try client.finish(first).messages == [[1]])
        #expect(try client.finish(third).messages == [[3]])
        #expect(server.record.long.withLock { $0 } == [[1], [3]])
        // A request that is not whole is let go as well.
        let half = try client.open("/test.Echo/Echo", [0, 0, 0, 1, 0, 7], ends: false)
        try client.cancel(half)
        #expect(try client.call().code == .ok)
        server.expectIdle()
    }

    @Test func aConversationAnswersEachMessage() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let stream = try client.start("/test.Echo/Converse", [1], ends: false)
        try client.wait { client.answer(stream).messages.count == 1 }
        try client.send(
            stream, HTTP2Frames.message([2]) + HTTP2Frames.message([3]), ends: false)
        try client.wait { client.answer(stream).messages.count == 3 }
        try client.send(stream, [], ends: true)
        let answer = try client.finish(stream)
        #expect(answer.messages == [[1], [2], [3]])
        #expect(answer.code == .ok)
        let failed = try client.finish(
            try client.open(
                "/test.Echo/Converse",
                HTTP2Frames.message([1]) + HTTP2Frames.message([]) + HTTP2Frames.message([2])))
        #expect(failed.messages == [[1]])
        #expect(failed.code == .outOfRange)
        #expect(failed.message == "nothing was said")
        #expect(try client.finish(try client.start("/test.Echo/Converse", nil)).code == .ok)
    }

    @Test func aConversationWaitsForAnswersThatArePutOff() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let stream = try client.open(
            "/test.Echo/ConverseLater",
            HTTP2Frames.message([1]) + HTTP2Frames.message([2]))
        for i in 0..<2 {
            // The second message is taken once the first is answered, and the end comes last.
            #expect(eventually { server.record.tokens.withLock { $0.count } == i + 1 })
            #expect(try client.call().code == .ok)
            #expect(client.answer(stream).closeCode == nil)
            server.record.tokens.withLock { $0[i] }.answer()
            try client.wait { client.answer(stream).messages.count == i + 1 }
        }
        #expect(try client.finish(stream).code == .ok)
        server.expectIdle()
        server.expectIdle()
    }

    @Test func overTTRPCStreamsAreUnimplemented() throws {
        let server = try TestServer()
        let client = try server.client()
        for (i, method) in ["Converse", "Watch"].enumerated() {
            try client.send(requestFrame(stream: UInt32(2 * i + 1), method: method))
            let reply = try #require(try client.receive())
            #expect(reply.code == .unimplemented)
            #expect(reply.message.contains("gRPC"))
        }
    }

    @Test func pingsAreAnswered() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send(
            HTTP2Frames.preface + HTTP2Frames.frame(HTTP2Frames.settings)
                + HTTP2Frames.frame(HTTP2Frames.ping, [1, 2, 3, 4, 5, 6, 7, 8]))
        let pong = HTTP2Frames.frame(HTTP2Frames.ping, flags: 1, [1, 2, 3, 4, 5, 6, 7, 8])
        var bytes: [UInt8] = []
        while !bytes.suffix(200).contains(pong) { bytes += try client.receiveSome() }
    }
}

extension TestServer {
    /// Checks that connections are open but hold nothing.
    func expectIdle(_ location: SourceLocation = #_sourceLocation) {
        let server = self.server
        #expect(
            eventually { server.statistics.bufferBytes == 0 && server.statistics.heldBytes == 0 },
            "\(server.statistics)", sourceLocation: location)
    }
}
