import CSidecartProto
import EventLoop
import Interactions
import RPC
import Testing

@Suite struct EnvelopeTests {
    private func envelope<Result>(
        _ bytes: [UInt8], max: Int = 8, _ body: (RequestEnvelope) -> Result
    ) throws -> Result {
        try bytes.withUnsafeBytes { body(try RequestEnvelope($0, metadataCountMax: max)) }
    }

    @Test func whatTheClientWritesTheServerReads() throws {
        let frame = requestFrame(
            stream: 9, service: "a.B", method: "C", payload: [1, 2, 3], timeout: -5,
            metadata: [("k", "v"), ("", ""), ("k", "w")])
        let header = frame.withUnsafeBytes { FrameHeader($0) }
        #expect(header == .init(dataBytes: frame.count - 10, stream: 9, kind: .request))
        try envelope(Array(frame[10...])) { envelope in
            #expect(Array(envelope.service) == Array("a.B".utf8))
            #expect(Array(envelope.method) == Array("C".utf8))
            #expect(Array(envelope.payload) == [1, 2, 3])
            #expect(envelope.timeoutNanoseconds == -5)
            #expect(envelope.metadata.count == 3)
            #expect(envelope.metadata["k"].map { Array($0) } == Array("v".utf8))
            #expect(envelope.metadata["x"] == nil)
        }
    }

    @Test func theGeneratedCodeAgreesOnTheEnvelope() throws {
        let frame = requestFrame(
            stream: 1, service: "a.B", method: "C", payload: [UInt8](repeating: 7, count: 300),
            timeout: 1 << 40, metadata: [("key", "value")])
        let data = Array(frame[10...])
        let message = try #require(ttrpc__v1__request__unpack(nil, data.count, data))
        defer { ttrpc__v1__request__free_unpacked(message, nil) }
        #expect(message.pointee.service.len == 3)
        #expect(message.pointee.payload.len == 300)
        #expect(message.pointee.timeout_nano == 1 << 40)
        #expect(message.pointee.n_metadata == 1)
        #expect(message.pointee.metadata[0]?.pointee.value.len == 5)
    }

    @Test func unknownFieldsAreSkippedAndTheLastOfTwoCounts() throws {
        // 6: varint 300; 7: 8 bytes; 8: 4 bytes; 9: two bytes; 1 twice; 2 with a wrong wire type.
        let bytes: [UInt8] = [
            6 << 3, 0xAC, 2, 7 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8, 8 << 3 | 5, 1, 2, 3, 4,
            9 << 3 | 2, 2, 0, 0, 1 << 3 | 2, 1, 65, 1 << 3 | 2, 1, 66, 2 << 3, 1,
        ]
        try envelope(bytes) {
            #expect(Array($0.service) == [66])
            #expect($0.method.isEmpty)
        }
    }

    @Test(
        arguments: [
            [0x0A], [0x0A, 5, 1], [0x0A, 0xFF], [0x20], [0x20, 0x80], [0x00, 1], [0x07], [0x0B],
            [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
            [0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2],
            [0x31, 1, 2, 3], [0x35, 1, 2], [0x2A, 2, 0x0A, 9],
        ] as [[UInt8]])
    func malformedEnvelopesAreRefused(bytes: [UInt8]) {
        #expect(throws: RequestEnvelope.Problem.malformed) { try envelope(bytes) { _ in } }
    }

    @Test func tooManyMetadataEntriesAreRefused() {
        let entries = (0..<9).map { (key: "\($0)", value: "") }
        let frame = requestFrame(stream: 1, metadata: entries)
        #expect(throws: RequestEnvelope.Problem.metadataCount(max: 8)) {
            try envelope(Array(frame[10...])) { _ in }
        }
    }

    @Test(arguments: UInt64(1)...10)
    func randomBytesNeverReadBeyondTheirEnd(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let whole = Array(requestFrame(stream: 1, timeout: 99, metadata: [("a", "b")])[10...])
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0...Int.random(in: 0...3, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = random.next()
            }
            // A block of exactly this size: the address sanitizer sees any byte too many.
            let block = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            defer { block.deallocate() }
            block.copyBytes(from: bytes)
            if let envelope = try? RequestEnvelope(
                UnsafeRawBufferPointer(block), metadataCountMax: 4)
            {
                #expect(envelope.payload.count <= bytes.count, "seed \(seed)")
                envelope.metadata.forEach {
                    #expect($0.count + $1.count <= bytes.count, "seed \(seed)")
                }
            }
        }
    }

    @Test func aTimeoutBecomesADeadline() {
        #expect(Deadline(timeoutNanoseconds: 0, readAt: 50) == .none)
        #expect(!Deadline.none.hasPassed(at: .max))
        #expect(Deadline(timeoutNanoseconds: -1, readAt: 50).hasPassed(at: 0))
        let deadline = Deadline(timeoutNanoseconds: 10, readAt: 50)
        #expect(!deadline.hasPassed(at: 59))
        #expect(deadline.hasPassed(at: 60))
        #expect(deadline.remaining(at: 53) == 7)
        #expect(deadline.remaining(at: 99) == 0)
        #expect(Deadline(timeoutNanoseconds: .max, readAt: 50) == .none)
    }
}

@Suite struct MessageArenaTests {
    @Test func memoryIsAlignedZeroedAndReused() throws {
        let arena = MessageArena(capacity: 4096)
        let first = try #require(arena.allocate(100))
        first.initializeMemory(as: UInt8.self, repeating: 0xFF, count: 100)
        let second = try #require(arena.allocate(1))
        #expect(second - first == 112)
        arena.reset()
        let again = try #require(arena.allocate(100))
        #expect(again == first)
        #expect(UnsafeRawBufferPointer(start: again, count: 100).allSatisfy { $0 == 0 })
    }

    @Test func whatDoesNotFitIsToldApartUntilTheReset() {
        let arena = MessageArena(capacity: 64)
        #expect(arena.allocate(64) != nil)
        #expect(arena.allocate(0) != nil)
        #expect(!arena.isExhausted)
        #expect(arena.allocate(1) == nil)
        #expect(arena.isExhausted)
        arena.reset()
        #expect(!arena.isExhausted)
        #expect(arena.bytesInUse == 0)
    }

    @Test func aMessageThatIsTooLargeExhaustsAndABadOneDoesNot() {
        let arena = MessageArena(capacity: 4096)
        let items =
            [UInt8](repeating: 0, count: 0) + (0..<500).flatMap { _ in [0x12, 1, 65] as [UInt8] }
        #expect(sidecart__v1__score_request__unpack(arena.allocator, items.count, items) == nil)
        #expect(arena.isExhausted)
        arena.reset()
        #expect(sidecart__v1__score_request__unpack(arena.allocator, 2, [0x12, 9]) == nil)
        #expect(!arena.isExhausted)
    }
}

@Suite struct RouterTests {
    @Test func everyMethodIsFoundAndOnlyThose() throws {
        let router = Router()
        for i in 0..<50 { router.add("svc\(i % 7)", "m\(i)") { _ throws(RPCError) in } }
        func look(_ service: String, _ method: String) throws {
            try Array(service.utf8).withUnsafeBytes { service in
                try Array(method.utf8).withUnsafeBytes { _ = try router.handler(service, $0) }
            }
        }
        for i in 0..<50 { try look("svc\(i % 7)", "m\(i)") }
        #expect(throws: RPCError(.unimplemented, "service 'svc0' has no method 'm1'")) {
            try look("svc0", "m1")
        }
        #expect(throws: RPCError(.unimplemented, "there is no service 'svc' here")) {
            try look("svc", "m0")
        }
        #expect(throws: RPCError.self) { try look("", "") }
    }

    @Test func limitsThatDoNotFitAreNamed() {
        var limits = RPCLimits()
        #expect(limits.problems.isEmpty)
        limits.writeLowWaterBytes = limits.writeHighWaterBytes
        limits.frameBytesMax = 5 << 20
        limits.callsPerTurnMax = 0
        limits.queueWaitMax = .zero
        limits.connectionsMax = 0
        let named = [
            "writeLowWaterBytes", "frameBytesMax", "callsPerTurnMax", "queueWaitMax",
            "connectionsMax",
        ]
        for name in named { #expect(limits.problems.contains { $0.contains(name) }, "\(name)") }
    }
}
