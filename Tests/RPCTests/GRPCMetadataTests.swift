import RPC
import TestFrames
import TestGRPC
import Testing
import Wire

/// What handlers say beside their answers.
@Suite(.timeLimit(.minutes(1))) struct GRPCMetadataTests {
    private func expectMetadata(
        _ answer: GRPCClient.Answer, _ location: SourceLocation = #_sourceLocation
    ) {
        let names = answer.fields.map(\.name)
        #expect(
            names.filter { $0 == "before" }.count == 2 && names.last != "before",
            "\(names)", sourceLocation: location)
        #expect(
            answer.fields.filter { $0.name == "before" }.map(\.value) == ["first", "second"],
            sourceLocation: location)
        // Before the status there are the headers; the rest comes with it.
        let status = names.firstIndex(of: "grpc-status") ?? 0
        #expect((names.firstIndex(of: "before") ?? .max) < status, sourceLocation: location)
        #expect((names.firstIndex(of: "after") ?? 0) > status, sourceLocation: location)
        #expect(answer["after"] == "text", sourceLocation: location)
        #expect(answer["after-bin"] == "AP8B", sourceLocation: location)
        #expect(!answer.isTrailersOnly, sourceLocation: location)
        #expect(answer.closeCode == 0, sourceLocation: location)
    }

    @Test func metadataGoBeforeAndAfterAnAnswer() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let answer = try client.call("/test.Echo/Describe", [7])
        #expect(answer.code == .ok && answer.messages == [[7]])
        expectMetadata(answer)
        // They are that call's alone.
        #expect(try client.call().fields.map(\.name) == [":status", "content-type", "grpc-status"])
    }

    @Test func metadataGoWithAFailureToo() throws {
        let server = try TestServer()
        let answer = try GRPCClient(server.path).call("/test.Echo/Describe", [0])
        #expect(answer.code == .aborted && answer.message == "as asked")
        #expect(answer.messages.isEmpty)
        expectMetadata(answer)
    }

    @Test func metadataOfACallThatWasMovedComeOnce() throws {
        let server = try TestServer()
        let answer = try GRPCClient(server.path).call("/test.Echo/Describe", [])
        #expect(answer.code == .ok && answer.messages == [[]])
        expectMetadata(answer)
    }

    @Test func aResponseOfTTRPCHasNoPlaceForMetadata() throws {
        let server = try TestServer()
        let client = try server.client()
        for (stream, payload) in [(UInt32(1), [UInt8(7)]), (3, [])] {
            try client.send(
                requestFrame(stream: stream, method: "Describe", payload: payload))
            let reply = try #require(try client.receive())
            #expect(reply.code == .ok && reply.payload == payload)
        }
    }

    @Test func anAuthorityMayBeASocketsPath() throws {
        // As Go's clients have it that dial for themselves.
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let stream = try client.open(
            "/test.Echo/Echo", HTTP2Frames.message([1]), [(":authority", "/run/s.sock")])
        #expect(try client.finish(stream).messages == [[1]])
    }

    @Test(arguments: [
        [("key", "value"), (":path", "/test.Echo/Echo")],
        [(":path", "/test.Echo/Echo"), ("key", "value"), (":path", "/test.Echo/Fail")],
    ])
    func aPathThatComesTwiceOrLateIsABadRequest(fields: [(String, String)]) throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let stream = try client.open(
            bare: [(":method", "POST"), ("content-type", "application/grpc")] + fields,
            HTTP2Frames.message([1]))
        let answer = try client.finish(stream)
        #expect(answer[":status"] == "400" && answer.messages.isEmpty)
        #expect(try client.call().code == .ok)
        server.expectIdle()
    }

    @Test func whatIsNoTextOrTooMuchIsRefusedByName() throws {
        var metadata = ResponseMetadata()
        func add(_ name: String, _ value: [UInt8]) throws(ResponseMetadata.Problem) {
            try value.withUnsafeBufferPointer { bytes throws(ResponseMetadata.Problem) in
                try metadata.add(name, UnsafeRawBufferPointer(bytes), .trailing)
            }
        }
        #expect(throws: ResponseMetadata.Problem.notText(name: "a")) { try add("a", [10]) }
        try add("a-bin", [10])
        try add("b", [UInt8](repeating: 0x20, count: 4089))
        #expect(throws: ResponseMetadata.Problem.tooLarge(max: 4096)) { try add("b", []) }
        #expect(metadata.trailing.map(\.name) == ["a-bin", "b"] && metadata.initial.isEmpty)
    }

    @Test(arguments: [("AAECAw==,/w,AP8B", 3), ("AA , AA==", 2), ("", 1)])
    func binaryMetadataMayComeWithCommas(value: String, count: Int) throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        #expect(try client.call("/test.Echo/Echo", [], [("key-bin", value)]).code == .ok)
        // Each of them is an entry.
        let others = (0..<(65 - count)).map { ("key-\($0)", "x") }
        let answer = try client.call("/test.Echo/Echo", [], [("key-bin", value)] + others)
        #expect(answer.code == .resourceExhausted, "\(answer.message)")
    }
}
