import EventJournal
import EventLoop
import Foundation
import Interactions
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    /// Kills at random points while clients record. `make crash-test` makes 200 of them.
    @Suite struct CrashTests {
        /// What a client knows of the batches it has sent; each is of a user of its own.
        private final class Client: Sendable {
            struct Batch: Sendable {
                let user: String
                let events: [Event]
            }

            private let acknowledged = Locked<[Batch]>([])
            /// Sent, and no answer came: it may be there as a whole, or not at all.
            private let unanswered = Locked<[Batch]>([])
            private let name: String

            init(_ name: String) { self.name = name }

            /// Records until the server is gone. What had no answer the last time is sent again first.
            func record(at socket: String, seed: UInt64) {
                var random = SeededGenerator(seed: seed)
                var configuration = SidecartConfiguration()
                (configuration.retriesRecording, configuration.timeout) = (false, .seconds(10))
                let connection = BlockingConnection(
                    socketPath: socket, configuration: configuration)
                var number = 0
                // Every third of them is left as it is, half of nothing or whole.
                var batches = unanswered.withLock { batches in
                    defer { batches.removeAll { !$0.user.hasSuffix("0") } }
                    return batches.filter { !$0.user.hasSuffix("0") }
                }
                while true {
                    let batch =
                        batches.popLast()
                        ?? {
                            number += 1
                            let user = "\(name)-\(seed)-\(number)"
                            let events = (0..<Int.random(in: 1...60, using: &random)).map {
                                Event(
                                    .purchase, of: "item-\($0)", by: user, time: 1_790_000_000,
                                    id: "\(user)-\($0)")
                            }
                            return Batch(user: user, events: events)
                        }()
                    do {
                        try connection.record(batch.events)
                        acknowledged.withLock { $0.append(batch) }
                    } catch {
                        return unanswered.withLock { $0 += batches + [batch] }
                    }
                }
            }

            var batches: (acknowledged: [Batch], unanswered: [Batch]) {
                (acknowledged.withLock { $0 }, unanswered.withLock { $0 })
            }
        }

        /// Has a server load and promote two models in turn until it is gone.
        private static func promote(_ paths: [String], at socket: String) {
            let connection = BlockingConnection(socketPath: socket)
            var number = 0
            while true {
                number += 1
                do {
                    _ = try connection.loadModel(at: paths[number % paths.count], promotes: true)
                } catch {
                    // The one before is still being loaded.
                    guard error.code == .failedPrecondition else { return }
                    sched_yield()
                }
            }
        }

        @Test("Whatever was acknowledged before a kill is there once, and nothing is half there")
        func kills() throws {
            let environment = ProcessInfo.processInfo.environment
            let kills = environment["SIDECART_KILLS"].flatMap { Int($0) } ?? 8
            let seed = environment["SIDECART_SEED"].flatMap { UInt64($0) } ?? 12
            print("crash test: \(kills) kills, SIDECART_SEED=\(seed)")
            var random = SeededGenerator(seed: seed)
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let clients = (0..<4).map { Client("c\($0)") }
            let models = ["a", "b"].map { folder["models-\($0)"] }
            for path in models {
                try FileManager.default.copyItem(atPath: shop.bundle, toPath: path)
            }
            for kill in 0..<kills {
                let server = try Server(
                    bundle: shop.bundle, socket: folder["s"],
                    arguments: [
                        "--events-db", folder["e.db"], "--threads", "2", "--models-dir",
                        folder.path,
                    ])
                let ended = DispatchGroup()
                ended.enter()
                Thread.detachNewThread {
                    Self.promote(models, at: folder["s"])
                    ended.leave()
                }
                for (place, client) in clients.enumerated() {
                    let seed = seed << 32 | UInt64(kill << 8 | place)
                    ended.enter()
                    Thread.detachNewThread {
                        client.record(at: folder["s"], seed: seed)
                        ended.leave()
                    }
                }
                // Anything from before the first call to some hundred commits.
                usleep(UInt32.random(in: 0..<150_000, using: &random))
                #expect(server.end(SIGKILL) == 128 + SIGKILL)
                ended.wait()
            }
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"],
                arguments: ["--events-db", folder["e.db"]])
            let connection = BlockingConnection(socketPath: folder["s"])
            var expected = 0
            func found(_ batch: Client.Batch) throws -> [Event] {
                do {
                    return try connection.history(ofUser: batch.user, count: 1_000)
                } catch {
                    guard error.code == .notFound else { throw error }
                    return []
                }
            }
            for client in clients {
                let batches = client.batches
                for batch in batches.acknowledged {
                    #expect(try found(batch) == batch.events.reversed(), "\(batch.user)")
                    expected += batch.events.count
                }
                for batch in batches.unanswered {
                    let events = try found(batch)
                    #expect(events.isEmpty || events == batch.events.reversed(), "\(batch.user)")
                    expected += events.count
                }
            }
            #expect(server.end(SIGTERM) == 0)
            var events = 0
            try JournalReader(folder["e.db"]).replay { _ in events += 1 }
            #expect(events == expected)
            print("crash test: \(events) events, as many as were acknowledged or are whole")
            #expect(events > 0)
        }

        @Test("A full journal takes nothing, says so, goes on answering, and loses nothing")
        func fullJournal() async throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            var acknowledged = 0
            do {
                let server = try Server(
                    bundle: shop.bundle, socket: folder["s"],
                    arguments: ["--events-db", folder["e.db"], "--events-mebibytes-max", "1"])
                let client = SidecartClient(socketPath: folder["s"])
                var refusal: SidecartError?
                while refusal == nil, acknowledged < 1_000_000 {
                    do {
                        let start = acknowledged
                        acknowledged += try await client.record(
                            (0..<500).map {
                                Event(.view, of: "i", by: "u\($0 % 5)", id: "e\(start + $0)")
                            }, timeout: .seconds(20)
                        ).recorded
                    } catch {
                        refusal = error
                    }
                }
                #expect(refusal?.code == .resourceExhausted)
                #expect(refusal?.message.contains("full") == true, "\(refusal!)")
                #expect(
                    try await client.history(ofUser: "u1", count: 1_000).count
                        == min(1_000, acknowledged / 5))
                #expect(try await client.recommend(for: Context()).items.count == 10)
                #expect(server.end(SIGTERM) == 0)
            }
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"],
                arguments: ["--events-db", folder["e.db"]])
            let client = SidecartClient(socketPath: folder["s"])
            let again = try await client.record(
                (0..<1_000).map {
                    Event(.view, of: "i", by: "u\($0 % 5)", id: "e\(acknowledged - 500 + $0)")
                },
                timeout: .seconds(20))
            #expect(again.recorded == 500 && again.duplicates == Array(0..<500))
            #expect(again.watermark == Int64(acknowledged) + 500)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("A damaged journal is not served, and says what to do")
        func damagedJournal() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            do {
                let server = try Server(
                    bundle: shop.bundle, socket: folder["s"],
                    arguments: ["--events-db", folder["e.db"]])
                let connection = BlockingConnection(socketPath: folder["s"])
                for batch in 0..<20 {
                    try connection.record(
                        (0..<1_000).map { Event(.view, of: "i\($0)", by: "u\(batch)") },
                        timeout: .seconds(20))
                }
                #expect(server.end(SIGTERM) == 0)
            }
            let file = try #require(FileHandle(forUpdatingAtPath: folder["e.db"]))
            try file.seek(toOffset: 30 * 4_096)
            try file.write(contentsOf: Data(repeating: 0x5a, count: 4_096))
            try file.close()
            let outcome = try Program.run(
                "serve", "--bundle", shop.bundle, "--socket", folder["s"], "--events-db",
                folder["e.db"])
            #expect(outcome.code == 1)
            for words in [folder["e.db"], "damaged", ".recover"] {
                #expect(outcome.errors.contains(words), "\(outcome.errors)")
            }
        }
    }
}
