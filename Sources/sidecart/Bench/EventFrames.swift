import Interactions

/// Record calls made ahead, in which only the ids are filled in anew: every event has an id of its
/// own, as clients make them, and one of 262,144 users.
struct EventFrames {
    private struct Template {
        let frame: [UInt8]
        /// Where the eight digits of each event's number begin, and the six of its user.
        let numbers: [Int]
        let users: [Int]
    }

    private static let usersMask: UInt64 = 0x3ffff
    private static let digits = Array("0123456789abcdef".utf8)
    private let templates: [Template]
    private var next = 0
    private var number: UInt64 = 0
    let events: Int

    /// - Parameters:
    ///   - events: in one call.
    ///   - run: 0 to 255; frames of different runs have different ids.
    init(events: Int, run: Int) {
        self.events = events
        var random = SeededGenerator(seed: UInt64(run))
        let prefix = String(run + 0x100, radix: 16).dropFirst()
        templates = (0..<16).map { _ in
            var message = ProtobufBytes()
            for _ in 0..<events {
                var event = ProtobufBytes()
                event.append(1, "0f8fad\(prefix)-d9cb-469f-a165-7086@@@@@@@@")
                event.append(2, "u######")
                event.append(3, "item-\(Int.random(in: 10_000..<20_000, using: &random))")
                event.append(4, integer: Int.random(in: 1...4, using: &random))
                event.append(6, integer: 1_700_000_000 + Int.random(in: 0..<9_000, using: &random))
                message.append(1, event)
            }
            var pool = FramePool()
            pool.append(.record, message)
            let frame = Array(pool.frame(0))
            return Template(
                frame: frame, numbers: Self.places(of: UInt8(ascii: "@"), in: frame),
                users: Self.places(of: UInt8(ascii: "#"), in: frame))
        }
    }

    /// Appends the next call to `output` under a stream id.
    mutating func append(stream: UInt32, to output: inout [UInt8]) {
        let template = templates[next]
        next = (next + 1) % templates.count
        let start = output.count
        output.append(contentsOf: template.frame)
        output.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: stream.bigEndian, toByteOffset: start + 4, as: UInt32.self)
            for event in 0..<events {
                number += 1
                Self.write(number, 8, at: start + template.numbers[event], to: bytes)
                // A multiplication by an odd number visits all users in a jumbled order.
                let user = (number &* 0x9e37_79b9_7f4a_7c15) >> 20 & Self.usersMask
                Self.write(user, 6, at: start + template.users[event], to: bytes)
            }
        }
    }

    private static func write(
        _ number: UInt64, _ count: Int, at offset: Int, to bytes: UnsafeMutableRawBufferPointer
    ) {
        for place in 0..<count {
            bytes[offset + place] = digits[Int(number >> (4 * UInt64(count - 1 - place)) & 15)]
        }
    }

    /// Where runs of a byte begin.
    private static func places(of byte: UInt8, in frame: [UInt8]) -> [Int] {
        frame.indices.filter { frame[$0] == byte && frame[$0 - 1] != byte }
    }
}
