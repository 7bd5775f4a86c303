import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    /// What others feel of a process that attacks the server over HTTP/2.
    @Suite(.timeLimit(.minutes(5))) struct HostileNeighborTests {
        private static let kinds = [
            "reset", "reset-calls", "continuation", "settings", "tiny-windows", "header-bomb",
        ]

        /// The `attacker`, which is built beside the test bundle.
        private final class Attacker {
            private let process = Process()
            private let output = Pipe()

            init(_ kind: String, socket: String, connections: Int, seconds: Double) throws {
                process.executableURL = Program.path.deletingLastPathComponent()
                    .appendingPathComponent("attacker")
                process.arguments = [socket, kind, "\(connections)", "\(seconds)"]
                process.standardOutput = output
                try process.run()
            }

            deinit { process.terminate() }

            var isRunning: Bool { process.isRunning }

            /// Waits for its end: how many frames it sent, and on how many connections.
            func finish() throws -> (frames: Int, connections: Int) {
                let text = String(
                    decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                process.waitUntilExit()
                try #require(process.terminationStatus == 0)
                let numbers = text.split { $0.isWhitespace }.compactMap { Int($0) }
                try #require(numbers.count == 2, "\(text)")
                return (numbers[0], numbers[1])
            }
        }

        private let shop: TrainedShop
        private let folder: TemporaryFolder

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
        }

        /// How long each of a neighbor's calls took, in microseconds, sorted; until `isOver`.
        private func latencies(until isOver: () -> Bool) throws -> [Double] {
            let peer = try RawPeer(folder["s"])
            let items = (0..<20).flatMap { number -> [UInt8] in
                let name = Array(shop.item(number).utf8)
                return [0x12, UInt8(name.count)] + name
            }
            var (latencies, stream) = ([Double](), UInt32(1))
            while !isOver() {
                let request = RawPeer.request("Score", payload: items, stream: stream)
                let start = ContinuousClock.now
                try peer.send(request)
                let reply = try #require(try peer.receive())
                latencies.append((ContinuousClock.now - start) / .microseconds(1))
                #expect(reply.stream == stream && reply.code == 0)
                stream += 2
                // So that calls come at any moment of what the server does.
                usleep(useconds_t.random(in: 0..<500))
            }
            return latencies.sorted()
        }

        private func report(_ name: String, _ latencies: [Double], _ more: String = "") {
            func at(_ share: Double) -> String {
                String(
                    format: "%.0f",
                    latencies[min(latencies.count - 1, Int(share * Double(latencies.count)))])
            }
            Attack.report(
                "neighbor's Score beside \(name): p50 \(at(0.5)) us, p99 \(at(0.99)), p99.9 \(at(0.999)) of \(latencies.count)\(more)"
            )
        }

        @Test("Who floods the server over HTTP/2 is served slowly, and its neighbors as ever")
        func neighbors() throws {
            let seconds = Attack.isFull ? 5.0 : 0.5
            let server = try Server(bundle: shop.bundle, socket: folder["s"])
            let good = BlockingConnection(socketPath: folder["s"])
            let end = ContinuousClock.now + .seconds(seconds)
            report("nobody", try latencies { ContinuousClock.now >= end })
            // What running beside others costs, whatever they do.
            let spinning = try Attacker(
                "spin", socket: folder["s"], connections: 4, seconds: seconds)
            report("4 threads that spin", try latencies { !spinning.isRunning })

            let before = try good.status(timeout: .seconds(20)).residentBytes
            for kind in Self.kinds {
                let broken = try good.status(timeout: .seconds(20)).brokenOffFlooded
                let attacker = try Attacker(
                    kind, socket: folder["s"], connections: 4, seconds: seconds)
                let latencies = try latencies { !attacker.isRunning }
                let (frames, connections) = try attacker.finish()
                let status = try good.status(timeout: .seconds(20))
                #expect(frames > 0, "\(kind)")
                if Server.givesMemoryBack {
                    #expect(status.residentBytes < before + (48 << 20), "\(kind)")
                }
                report(
                    "4 connections of \(kind)", latencies,
                    "; \(frames) frames on \(connections) connections, \(status.brokenOffFlooded - broken) of them ended, \((status.residentBytes - before) >> 20) MiB more"
                )
            }
            #expect(try good.health(timeout: .seconds(20)) == .serving)
            #expect(server.end(SIGTERM) == 0)
        }
    }
}
