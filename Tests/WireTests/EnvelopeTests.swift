import CSidecartProto
import Interactions
import TestFrames
import Testing
import Wire

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
}
