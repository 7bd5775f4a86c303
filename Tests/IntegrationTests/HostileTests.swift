import CAllocationCounter
import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    @Suite struct HostileTests {
        /// More than this a server does not keep after all those clients are gone.
        private static let keptBytesMax = 24 << 20

        @Test("A crowd of bad clients leaves no trace on the next good one")
        func mix() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let server = try Server(bundle: shop.bundle, socket: folder["s"])
            let good = BlockingConnection(socketPath: folder["s"])
            let context = Context(userID: shop.user(0))
            let slate = try good.recommend(for: context, timeout: .seconds(20))
            let before = try good.status(timeout: .seconds(20)).residentBytes

            for _ in 0..<2 {
                var crowd = try (0..<1_000).map { _ in try RawPeer(folder["s"]) }
                for (number, peer) in crowd.enumerated() {
                    try peer.send(RawPeer.recommend(stream: 1, k: 100 + number % 300))
                }
                for peer in crowd {
                    let code = try peer.receive()?.code
                    // Under a sanitizer some wait for longer than a second, and are refused.
                    #expect(code == 0 || (code == 8 && !sc_allocations_counted()))
                }
                #expect(try good.status(timeout: .seconds(20)).connections == 1_001)
                crowd.removeAll()
                try garbage(folder["s"])
                try cutFrames(folder["s"])
                try deafClients(folder["s"])
            }

            #expect(try good.recommend(for: context, timeout: .seconds(20)).items == slate.items)
            // The server notices that a client is gone in its own time: ask until it has.
            var status = try good.status(timeout: .seconds(20))
            while status.connections > 1 { status = try good.status(timeout: .seconds(20)) }
            // A sanitizer's allocator holds freed memory back, to catch who still uses it.
            if sc_allocations_counted() {
                #expect(
                    status.residentBytes < before + Self.keptBytesMax,
                    "\(before) bytes before, \(status.residentBytes) after")
            }
            #expect(server.end(SIGTERM) == 0)
        }

        private func garbage(_ path: String) throws {
            for seed in 1...50 {
                var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15
                let bytes: [UInt8] = (0..<500).map { _ in
                    state ^= state << 13
                    state ^= state >> 7
                    state ^= state << 17
                    return UInt8(truncatingIfNeeded: state)
                }
                let peer = try RawPeer(path)
                // The server may hang up in the middle of it.
                try? peer.send(bytes)
            }
        }

        private func cutFrames(_ path: String) throws {
            let frame = RawPeer.recommend(stream: 1, k: 100)
            for length in 1..<frame.count {
                let peer = try RawPeer(path)
                try peer.send(Array(frame.prefix(length)))
            }
        }

        /// They ask for big slates and never read one.
        private func deafClients(_ path: String) throws {
            var frames: [UInt8] = []
            for call in 0..<100 {
                frames += RawPeer.recommend(stream: UInt32(2 * call + 1), k: 1_000)
            }
            let peers = try (0..<8).map { _ in try RawPeer(path) }
            for peer in peers { peer.flood(frames, limit: frames.count) }
            let good = BlockingConnection(socketPath: path)
            #expect(try good.health(timeout: .seconds(20)) == .serving)
            withExtendedLifetime(peers) {}
        }
    }
}
