import Buffers
import Interactions
import TestFrames
import Testing
import Wire

/// A decoder's events as values.
private enum Seen: Equatable {
    case frame(FrameHeader, [UInt8])
    case oversized(FrameHeader)
    case foreign
}

/// Feeds `stream` in pieces that end at `cuts` and collects what comes out.
private func decode(_ stream: [UInt8], cuts: [Int], dataBytesMax: Int, pool: BufferPool) -> [Seen] {
    var decoder = FrameDecoder(dataBytesMax: dataBytesMax, pool: pool)
    var seen: [Seen] = []
    var start = 0
    for end in cuts + [stream.count] {
        stream[start..<end].withUnsafeBytes { piece in
            var input = piece
            loop: while true {
                switch decoder.next(&input) {
                case .frame(let header, let data): seen.append(.frame(header, Array(data)))
                case .oversized(let header): seen.append(.oversized(header))
                case .foreign:
                    seen.append(.foreign)
                    break loop
                case .needsMore: break loop
                }
            }
        }
        start = end
        if seen.last == .foreign { break }
    }
    decoder.discard()
    return seen
}

@Suite struct FrameDecoderTests {
    private let pool = BufferPool()

    @Test func aHeaderIsTheDocumentedTenBytes() {
        let header = FrameHeader(dataBytes: 0x01_0203, stream: 0x0405_0607, kind: .data, flags: 9)
        let bytes = rawFrame(header)
        #expect(bytes == [0, 1, 2, 3, 4, 5, 6, 7, 3, 9])
        #expect(bytes.withUnsafeBytes { FrameHeader($0) } == header)
    }

    @Test func framesComeOutTheSameAtEverySplitPoint() {
        let frames: [Seen] = [
            .frame(.init(dataBytes: 5, stream: 1, kind: .request), [1, 2, 3, 4, 5]),
            .frame(.init(dataBytes: 0, stream: 3, kind: .request), []),
            .oversized(.init(dataBytes: 101, stream: 5, kind: .request)),
            .frame(
                .init(dataBytes: 100, stream: 7, kind: .response), [UInt8](repeating: 9, count: 100)
            ),
        ]
        let stream = frames.flatMap { frame -> [UInt8] in
            switch frame {
            case .frame(let header, let data): rawFrame(header, data)
            case .oversized(let header):
                rawFrame(header, [UInt8](repeating: 0xFF, count: header.dataBytes))
            case .foreign: []
            }
        }
        for cut in 0...stream.count {
            #expect(
                decode(stream, cuts: [cut], dataBytesMax: 100, pool: pool) == frames,
                "cut at \(cut)")
        }
        let everyByte = Array(1..<stream.count)
        #expect(decode(stream, cuts: everyByte, dataBytesMax: 100, pool: pool) == frames)
        #expect(pool.bytesInUse.value == 0)
    }

    @Test func aTruncatedStreamYieldsOnlyItsWholeFrames() {
        let frame = rawFrame(
            .init(dataBytes: 20, stream: 1, kind: .request), [UInt8](repeating: 3, count: 20))
        for count in 0..<frame.count {
            #expect(
                decode(
                    Array((frame + frame)[..<(frame.count + count)]), cuts: [], dataBytesMax: 20,
                    pool: pool
                ).count == 1)
        }
        #expect(pool.bytesInUse.value == 0)
    }

    @Test func anotherProtocolIsForeign() {
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        for cut in 0...preface.count {
            #expect(decode(preface, cuts: [cut], dataBytesMax: 4 << 20, pool: pool) == [.foreign])
        }
    }

    @Test func aPartialFrameTakesMemoryForWhatCameNotForWhatWasAnnounced() {
        var decoder = FrameDecoder(dataBytesMax: 4 << 20, pool: pool)
        let bytes = rawFrame(.init(dataBytes: 4 << 20, stream: 1, kind: .request), [1, 2, 3])
        bytes.withUnsafeBytes {
            var input = $0
            guard case .needsMore = decoder.next(&input) else { return #expect(Bool(false)) }
        }
        #expect(decoder.isInsideFrame)
        #expect((1...BufferPool.capacityMin).contains(pool.bytesInUse.value))
        decoder.discard()
        #expect(pool.bytesInUse.value == 0)
    }

    @Test(arguments: UInt64(1)...20)
    func randomFramesCutAtRandomPointsComeOutTheSame(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var frames: [Seen] = []
        var stream: [UInt8] = []
        for _ in 0..<200 {
            let size = Int.random(
                in: 0...Int.random(in: 0...20_000, using: &random), using: &random)
            let header = FrameHeader(
                dataBytes: size, stream: random.next(), kind: .init(rawValue: random.next()),
                flags: random.next())
            let data = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
            stream += rawFrame(header, data)
            frames.append(size > 15_000 ? .oversized(header) : .frame(header, data))
        }
        let cuts = (0..<Int.random(in: 0...500, using: &random))
            .map { _ in Int.random(in: 0...stream.count, using: &random) }.sorted()
        #expect(
            decode(stream, cuts: cuts, dataBytesMax: 15_000, pool: pool) == frames, "seed \(seed)")
        #expect(pool.bytesInUse.value == 0)
    }
}

@Suite struct StreamRulesTests {
    private func verdict(
        _ rules: inout StreamRules, _ stream: UInt32, _ kind: UInt8 = 1, flags: UInt8 = 0
    ) -> String {
        switch rules.judge(
            .init(dataBytes: 0, stream: stream, kind: .init(rawValue: kind), flags: flags))
        {
        case .call: "call"
        case .ignore: "ignore"
        case .refuse(let code, _): "\(code)"
        }
    }

    @Test func idsMustBeOddAndIncrease() {
        var rules = StreamRules()
        #expect(verdict(&rules, 0) == "INVALID_ARGUMENT")
        #expect(verdict(&rules, 2) == "INVALID_ARGUMENT")
        #expect(verdict(&rules, 3) == "call")
        #expect(verdict(&rules, 3) == "INVALID_ARGUMENT")
        #expect(verdict(&rules, 1) == "INVALID_ARGUMENT")
        #expect(verdict(&rules, 5) == "call")
        #expect(verdict(&rules, .max) == "call")
        #expect(verdict(&rules, 7) == "INVALID_ARGUMENT")
    }

    @Test func unknownKindsAreIgnoredAndStreamsRefused() {
        var rules = StreamRules()
        for kind in [UInt8(0), 2, 4, 255] { #expect(verdict(&rules, 1, kind) == "ignore") }
        #expect(verdict(&rules, 1, 3) == "INVALID_ARGUMENT")
        #expect(verdict(&rules, 1, flags: FrameHeader.remoteOpen) == "UNIMPLEMENTED")
        #expect(verdict(&rules, 1, 3) == "ignore")
        #expect(verdict(&rules, 3, flags: FrameHeader.remoteClosed) == "call")
    }
}
