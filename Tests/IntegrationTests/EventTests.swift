import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    /// Events and catalog through a real server.
    @Suite struct EventTests {
        private let shop: TrainedShop
        private let folder = TemporaryFolder()
        private let kept = Kept()

        init() throws { shop = try TrainedShop.shared.get() }

        /// Serves the journal. The server from before is killed, unless this one takes over from it,
        /// and this one lives as long as the test.
        private func serve(_ more: String...) throws -> (Server, SidecartClient) {
            if !more.contains("--take-over") { kept.servers.removeAll() }
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"],
                arguments: ["--events-db", folder["e.db"]] + more)
            kept.servers.append(server)
            var configuration = SidecartConfiguration()
            configuration.timeout = .seconds(20)
            return (server, SidecartClient(socketPath: folder["s"], configuration: configuration))
        }

        private final class Kept { var servers: [Server] = [] }

        @Test("What was acknowledged is told back, by a restarted server too")
        func recordAndHistory() async throws {
            let events = [
                Event(.view, of: "i1", by: "ann", time: 100, id: "first"),
                Event(.rating, of: "i2", by: "ann", in: "b", value: -2.5, time: 50, id: "second"),
            ]
            do {
                let (server, client) = try serve()
                #expect(try await client.record(events) == RecordReceipt(recorded: 2, watermark: 2))
                let again = try await client.record(
                    events + [Event(.cart, of: "i3", by: "bob", time: 7, id: "third")])
                #expect(again == RecordReceipt(recorded: 1, duplicates: [0, 1], watermark: 3))
                #expect(server.end(SIGKILL) == 128 + SIGKILL)
            }
            let (server, client) = try serve("--threads", "2")
            #expect(try await client.history(ofUser: "ann") == events.reversed())
            #expect(try await client.history(ofUser: "ann", count: 1) == [events[1]])
            await expect(.notFound, naming: "nobody") {
                _ = try await client.history(ofUser: "nobody")
            }
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("A call that is made while the server is away is answered once it is back")
        func restart() async throws {
            let events = [Event(.view, of: "i", by: "u", time: 5)]
            let first: SidecartClient
            do {
                let (server, client) = try serve()
                first = client
                try await client.record(events)
                #expect(server.end(SIGKILL) == 128 + SIGKILL)
            }
            async let receipt = first.record(events)
            await expect(.unavailable) { _ = try await first.history(ofUser: "u") }
            let (server, _) = try serve()
            #expect(try await receipt == RecordReceipt(recorded: 1, watermark: 2))
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("A server that takes over has the journal too, and no call fails")
        func takeOver() async throws {
            let (first, client) = try serve()
            try await client.record([Event(.view, of: "i", by: "u", time: 5)])
            let recording = Task {
                var sent = 0
                while !Task.isCancelled {
                    sent += 1
                    try await client.record([Event(.view, of: "i", by: "v", time: 5)])
                }
                return sent
            }
            let (second, other) = try serve("--take-over")
            #expect(first.end() == 0)
            try second.wait(for: "opened the journal")
            try await other.record([Event(.view, of: "j", by: "u", time: 6)])
            recording.cancel()
            let sent = try? await recording.value
            #expect(try await other.history(ofUser: "u").map(\.itemID) == ["j", "i"])
            let kept = try await other.history(ofUser: "v", count: 1_000).count
            #expect(kept > 0 && sent.map { min($0, 1_000) == kept } != false)
            #expect(second.end(SIGTERM) == 0)
        }

        @Test("A batch with one bad event changes nothing, and the field is named")
        func badEvents() async throws {
            let (_, client) = try serve()
            let good = Event(.view, of: "i", by: "u", id: "good")
            var tooLong = good
            tooLong.itemID = String(repeating: "x", count: 257)
            await expect(.invalidArgument, naming: "events[1].item_id", "257") {
                _ = try await client.record([good, tooLong])
            }
            await expect(.invalidArgument, naming: "events[0]", "user_id", "basket_id") {
                _ = try await client.record([Event(.view, of: "i")])
            }
            await expect(.invalidArgument, naming: "events[0].value", "-1") {
                _ = try await client.record([Event(.purchase, of: "i", by: "u", value: -1)])
            }
            await expect(.invalidArgument, naming: "events[0].time", "-3") {
                _ = try await client.record([Event(.purchase, of: "i", by: "u", time: -3)])
            }
            await expect(.invalidArgument, naming: "events has 1001", "1000") {
                _ = try await client.record(
                    Array(repeating: good, count: 1_001))
            }
            await expect(.invalidArgument, naming: "events is empty") {
                _ = try await client.record([])
            }
            await expect(.invalidArgument, naming: "events[0].event_id server-7") {
                _ = try await client.record([Event(.view, of: "i", by: "u", id: "server-7")])
            }
            await expect(.notFound) { _ = try await client.history(ofUser: "u") }
            #expect(try await client.record([good]).recorded == 1)
        }

        @Test("A server without a journal says how to get one")
        func noJournal() async throws {
            kept.servers.append(try Server(bundle: shop.bundle, socket: folder["s"]))
            let connection = BlockingConnection(socketPath: folder["s"])
            for call in [
                { try connection.record([Event(.view, of: "i", by: "u")]).watermark },
                { Int64(try connection.putItems([CatalogItem(id: "i")]).added) },
            ] as [() throws -> Int64] {
                await expect(.failedPrecondition, naming: "--events-db") { _ = try call() }
            }
        }

        @Test("A forgotten shopper is gone, her receipt says what is left, and restarts keep it so")
        func forget() async throws {
            do {
                let (_, client) = try serve()
                try await client.record([
                    Event(.view, of: "i", by: "ann", time: 10),
                    Event(.view, of: "i", by: "ann", time: 20), Event(.view, of: "i", by: "bob"),
                ])
                let receipt = try await client.forget(user: "ann")
                #expect(receipt.events == 2 && receipt.isLogEmptied)
                #expect(receipt.oldestTime == 10 && receipt.newestTime == 20)
                #expect(receipt.remains.contains { $0.contains("training") })
                await expect(.notFound) { _ = try await client.history(ofUser: "ann") }
                #expect(try await client.forget(user: "ann").events == 0)
            }
            let (_, client) = try serve()
            await expect(.notFound) { _ = try await client.history(ofUser: "ann") }
            #expect(try await client.history(ofUser: "bob").count == 1)
        }

        @Test("The catalog keeps what is put, takes part of it, and names what is wrong")
        func catalog() async throws {
            let (_, client) = try serve()
            var pot = CatalogItem(id: "pot", price: 9.5, stock: 3)
            (pot.title, pot.category, pot.attributes) = ("Pot", ["Kitchen", "Tea"], ["color=red"])
            #expect(
                try await client.putItems([pot, CatalogItem(id: "lid")])
                    == PutCounts(added: 2, replaced: 0))
            var change = CatalogItem(id: "pot", stock: 0)
            change.isDiscontinued = true
            #expect(try await client.putItems([change]) == PutCounts(added: 0, replaced: 1))
            (pot.stock, pot.isDiscontinued) = (0, true)
            #expect(
                try await client.items(["pot", "none", "lid"])
                    == FoundItems(items: [pot, CatalogItem(id: "lid")], unknown: [1]))
            await expect(.invalidArgument, naming: "items[1].price", "-1") {
                try await client.putItems([pot, CatalogItem(id: "x", price: -1)])
            }
            #expect(try await client.items(["x"]).unknown == [0])
            #expect(try await client.removeItems(["pot", "none"]) == 1)
            #expect(try await client.items(["pot"]).items.isEmpty)
        }

        @Test(
            "Events of a file are recorded once however often it is sent, and trained from while the server runs"
        )
        func commands() async throws {
            let (server, client) = try serve()
            func run(_ arguments: String...) throws -> Program.Outcome {
                let outcome = try Program.run(arguments)
                #expect(outcome.code == 0, "\(arguments): \(outcome.errors)")
                return outcome
            }
            let first = try run("record", "--socket", server.socket, shop.events, "--json").json()
            let recorded = try #require(first["recorded"] as? Int)
            #expect(recorded > 2_500 && first["duplicates"] as? Int == 0)
            let second = try run("record", "--socket", server.socket, shop.events, "--json").json()
            #expect(second["recorded"] as? Int == 0 && second["duplicates"] as? Int == recorded)
            _ = try run("catalog", "put", "--socket", server.socket, "--file", shop.catalog)
            _ = try run(
                "record", "--socket", server.socket, "--user", "new", "--item", shop.item(0),
                "--kind", "cart", "--time", "1700000000")
            let history = try run("history", "--socket", server.socket, "new", "--json")
                .json([[String: Any]].self)
            #expect(history.count == 1 && history[0]["kind"] as? String == "cart")
            let trained = try run(
                ["train", "--events-db", folder["e.db"], "--out", folder["bundle"], "--json"]
                    + TrainedShop.model)
            let read = try #require(try trained.json()["read"] as? [String: Any])
            #expect(read["eventsKept"] as? Int == recorded + 1)
            #expect(read["catalogItems"] as? Int == shop.shop.dataset.items.count)
            let receipt = try run("forget", "--socket", server.socket, "new", "--json").json()
            #expect(receipt["events"] as? Int == 1)
            await expect(.notFound) { _ = try await client.history(ofUser: "new") }

            func run(_ arguments: [String]) throws -> Program.Outcome {
                let outcome = try Program.run(arguments)
                #expect(outcome.code == 0, "\(arguments): \(outcome.errors)")
                return outcome
            }
        }

        @Test("A server that cannot keep events does not start, and says why")
        func refusedFiles() throws {
            let file = folder["other.db"]
            try Data(repeating: 65, count: 5_000).write(to: URL(filePath: file))
            for (path, words) in [
                (file, "not an SQLite database"), (folder["none/e.db"], "folder"),
            ] {
                let outcome = try Program.run(
                    "serve", "--bundle", shop.bundle, "--socket", folder["s"], "--events-db", path)
                #expect(outcome.code == 1)
                #expect(outcome.errors.contains(words) && outcome.errors.contains(path))
            }
        }

        @Test("Too old events go, and an unknown kind or time is refused")
        func retention() async throws {
            do {
                let (_, client) = try serve()
                try await client.record([
                    Event(.view, of: "old", by: "u", time: 1_000),
                    Event(.purchase, of: "kept", by: "u", time: 1_000),
                    Event(.view, of: "new", by: "u"),
                ])
            }
            let (server, client) = try serve("--retain", "view=30d")
            try server.wait(for: "removed events that were too old")
            #expect(try await client.history(ofUser: "u").map(\.itemID) == ["new", "kept"])
            for bad in ["look=1d", "view=1x", "view", "view=0d"] {
                let outcome = try Program.run(
                    "serve", "--bundle", shop.bundle, "--socket", folder["t"], "--events-db",
                    folder["f.db"], "--retain", bad)
                #expect(outcome.code == 64, "\(bad)")
            }
        }
    }
}
