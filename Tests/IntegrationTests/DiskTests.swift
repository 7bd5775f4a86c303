import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    /// A journal on a disk that has no room, or cannot be written.
    @Suite struct DiskTests {
        @Test(
            "A full disk takes nothing, loses nothing, and is written again once it has room",
            .enabled(if: Namespace.isPossible))
        func full() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let disk = folder["disk"]
            try FileManager.default.createDirectory(
                atPath: disk, withIntermediateDirectories: true)
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"],
                within: Namespace.small(disk, mebibytes: 4),
                arguments: ["--events-db", disk + "/e.db"])
            // What the server sees there.
            let seen = "/proc/\(server.processID)/root" + disk
            let filler = seen + "/filler"
            #expect(
                FileManager.default.createFile(
                    atPath: filler, contents: Data(repeating: 1, count: 2 << 20)))
            var configuration = SidecartConfiguration()
            configuration.timeout = .seconds(20)
            let connection = BlockingConnection(
                socketPath: folder["s"], configuration: configuration)
            var acknowledged = 0
            var refusal: SidecartError?
            func batch(_ start: Int) -> [Event] {
                (0..<200).map {
                    Event(.purchase, of: shop.item($0 % 50), by: "u\(start)", id: "e\(start + $0)")
                }
            }
            while refusal == nil, acknowledged < 100_000 {
                do {
                    acknowledged += try connection.record(batch(acknowledged)).recorded
                } catch {
                    refusal = error
                }
            }
            #expect(refusal?.code == .resourceExhausted, "\(String(describing: refusal))")
            #expect(refusal?.message.contains("full") == true)
            #expect(acknowledged > 0)
            func check(_ until: Int) throws {
                for start in stride(from: 0, to: until, by: 200) {
                    #expect(try connection.history(ofUser: "u\(start)", count: 1_000).count == 200)
                }
            }
            try check(acknowledged)
            // What was refused is nowhere: not in the journal, nor in what answers.
            let refused = "u\(acknowledged)"
            do {
                _ = try connection.history(ofUser: refused)
                Issue.record("\(refused) has a history")
            } catch { #expect(error.code == .notFound) }
            let stranger = try connection.recommend(for: Context(userID: refused)).items
            #expect(try connection.recommend(for: Context(userID: "nobody")).items == stranger)
            try FileManager.default.removeItem(atPath: filler)
            #expect(try connection.record(batch(acknowledged)).recorded == 200)
            try check(acknowledged + 200)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test(
            "A journal that turns out damaged while it is served takes no more events, and says so")
        func damagedMeanwhile() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            func serve() throws -> Server {
                try Server(
                    bundle: shop.bundle, socket: folder["s"], "--events-db", folder["e.db"],
                    "--events-check", "later")
            }
            var server = try serve()
            var connection = BlockingConnection(socketPath: folder["s"])
            for batch in 0..<5 {
                try connection.record(
                    (0..<1_000).map {
                        Event(
                            .purchase, of: shop.item($0 % 50), by: "u\(batch)", id: "\(batch)-\($0)"
                        )
                    })
            }
            let status = try connection.status()
            // A new file is.
            #expect(status.journalCheck == .passed && status.journalWatermark == 5_000)
            #expect(status.onlineEvents == 5_000 && status.onlineEventsMax > 100_000)
            #expect(status.onlineUsers == 5 && status.onlineItems == 50)
            #expect(0...status.onlineBytesMax ~= status.onlineBytes && status.onlineBytes > 300_000)
            #expect(status.onlineLagEvents == 0)
            let text = try Program.run("status", "--socket", folder["s"]).output
            #expect(text.contains("5,000 events recorded; its file is whole"), "\(text)")
            #expect(text.contains("5 users, 50 items"), "\(text)")
            #expect(server.end(SIGTERM) == 0)
            server = try serve()
            try server.wait(for: "the journal's file is whole")
            connection = BlockingConnection(socketPath: folder["s"])
            #expect(try connection.status().journalCheck == .passed)
            #expect(server.end(SIGTERM) == 0)

            try swapRows(folder["e.db"])
            server = try serve()
            try server.wait(for: "the journal has failed")
            connection = BlockingConnection(socketPath: folder["s"])
            #expect(try connection.status().journalCheck == .failed)
            do {
                try connection.record([Event(.purchase, of: shop.item(1), by: "u")])
                Issue.record("a damaged journal took an event")
            } catch { #expect(error.code == .dataLoss && error.message.contains("e.db")) }
            #expect(try !connection.recommend(for: Context()).items.isEmpty)
            #expect(server.end(SIGTERM) == 0)
            // Without the option so small a file is checked first.
            let refused = try Program.run(
                "serve", "--bundle", shop.bundle, "--socket", folder["s"], "--events-db",
                folder["e.db"])
            #expect(refused.code == 1 && refused.errors.contains("damaged"), "\(refused)")
        }

        /// Has two rows of a table come in the wrong order, which no reader meets and every check.
        private func swapRows(_ path: String) throws {
            var bytes = try #require(FileManager.default.contents(atPath: path))
            // A leaf of a table: its type, and from byte 8 on where its rows are, two bytes each.
            let page = try #require(
                stride(from: 20 * 4_096, to: bytes.count, by: 4_096).first {
                    bytes[$0] == 0x0d && bytes[$0 + 4] > 4
                })
            for place in page + 8...page + 9 { bytes.swapAt(place, place + 2) }
            try bytes.write(to: URL(fileURLWithPath: path))
        }

        @Test(
            "A journal in a folder that cannot be written is refused, and says why",
            .enabled(if: Namespace.isPossible))
        func readOnly() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let disk = folder["disk"]
            try FileManager.default.createDirectory(
                atPath: disk, withIntermediateDirectories: true)
            func serve() throws -> Program.Outcome {
                try Program.run(
                    [
                        "serve", "--bundle", shop.bundle, "--socket", folder["s"], "--events-db",
                        disk + "/e.db",
                    ], within: Namespace.readOnly(disk))
            }
            let without = try serve()
            #expect(without.code == 1)
            #expect(without.errors.contains(disk), "\(without.errors)")
            #expect(without.errors.contains("writ"), "\(without.errors)")
            do {
                let server = try Server(
                    bundle: shop.bundle, socket: folder["s"],
                    arguments: ["--events-db", disk + "/e.db"])
                let connection = BlockingConnection(socketPath: folder["s"])
                try connection.record([Event(.view, of: "i", by: "u")])
                #expect(server.end(SIGTERM) == 0)
            }
            let with = try serve()
            #expect(with.code == 1)
            #expect(with.errors.contains("writ"), "\(with.errors)")
        }
    }
}
