import Foundation
import Interactions
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    /// What is recorded acts on the next call, through a real server.
    @Suite struct LearningTests {
        private let shop: TrainedShop
        private let folder = TemporaryFolder()

        init() throws { shop = try TrainedShop.shared.get() }

        private func serve(_ name: String = "s", journal: String = "e.db", _ more: String...) throws
            -> (Server, BlockingConnection)
        {
            let server = try Server(
                bundle: shop.bundle, socket: folder[name],
                arguments: ["--events-db", folder[journal]] + more)
            return (server, connect(name))
        }

        private func connect(_ name: String = "s") -> BlockingConnection {
            var configuration = SidecartConfiguration()
            configuration.timeout = .seconds(20)
            return BlockingConnection(socketPath: folder[name], configuration: configuration)
        }

        private func purchase(_ item: Int, by user: String, in basket: String = "", _ time: Int64)
            -> Event
        {
            Event(.purchase, of: shop.item(item), by: user, in: basket, time: time)
        }

        private static let later: Int64 = 1_790_000_000

        private func slate(_ connection: BlockingConnection, _ user: String, basket: [String] = [])
            throws -> [SlateItem]
        {
            try connection.recommend(
                for: Context(userID: user, basket: basket), SlateOptions(count: 20)
            ).items
        }

        /// Waits until no item's vector waits to be solved anew.
        private func settle(_ connection: BlockingConnection) throws {
            while true {
                let waiting = try connection.metrics().split(separator: "\n")
                    .filter { $0.hasPrefix("sidecart_online_items_waiting{") }
                if waiting.allSatisfy({ $0.hasSuffix(" 0") }) { return }
            }
        }

        @Test("A call after the acknowledgement knows of the event, on any loop and connection")
        func readYourWrites() throws {
            let (server, recording) = try serve("s", journal: "e.db", "--threads", "2")
            let others = (0..<6).map { _ in connect() }
            for round in 0..<30 {
                let user = "new-\(round % 7)"
                let bought = try slate(others[round % 6], user).map(\.itemID)
                let item = bought[0]
                try recording.record([
                    Event(.purchase, of: item, by: user, time: Self.later + Int64(round) * 10_000)
                ])
                for other in others {
                    let now = try slate(other, user)
                    #expect(!now.contains { $0.itemID == item }, "round \(round)")
                    #expect(!now.isEmpty)
                }
            }
            let newcomer = try others[0].profile(ofUser: "new-0")
            #expect(newcomer.items > 0)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test(
            "A shopper with new events is answered as with her history in the call, and off is off")
        func asHistory() throws {
            let bought = [3, 9, 27].map(shop.item)
            let events = bought.enumerated().map { place, item in
                Event(.purchase, of: item, by: "someone", time: Self.later + Int64(place) * 10_000)
            }
            let (server, client) = try serve()
            try client.record(events)
            let got = try slate(client, "someone")
            let inline = try client.recommend(
                for: Context(history: bought), SlateOptions(count: 20)
            ).items
            #expect(got.map(\.itemID) == inline.map(\.itemID))
            let scored = try client.score([shop.item(5)], for: Context(userID: "someone"))
            let expected = try client.score([shop.item(5)], for: Context(history: bought))
            #expect(abs(scored.values[0] - expected.values[0]) < 1e-5)
            #expect(server.end(SIGTERM) == 0)

            let (other, off) = try serve("t", journal: "other.db", "--online", "off")
            let before = try slate(off, "someone")
            try off.record(events)
            #expect(try slate(off, "someone") == before)
            #expect(other.end(SIGTERM) == 0)
        }

        @Test(
            "After kills and restarts a server answers as one that replays the whole journal once")
        func replay() throws {
            var random = SeededGenerator(seed: 5)
            let users = (0..<12).map { $0 % 3 == 0 ? "new-\($0)" : shop.user($0) }
            var time = Self.later
            for round in 0..<5 {
                let (server, client) = try serve("s", journal: "e.db", "--threads", "2")
                for _ in 0..<20 {
                    let basket = "b\(Int.random(in: 0..<500, using: &random))"
                    let user = users.randomElement(using: &random)!
                    try client.record(
                        (0..<Int.random(in: 1...6, using: &random)).map { _ in
                            time += Int64.random(in: -3_000...9_000, using: &random)
                            return purchase(
                                Int.random(in: 0..<140, using: &random), by: user,
                                in: Bool.random(using: &random) ? basket : "", time)
                        })
                }
                if round == 2 { _ = try client.forget(user: users[0]) }
                if round < 4 {
                    let signal = round % 2 == 0 ? SIGKILL : SIGTERM
                    #expect(server.end(signal) == (round % 2 == 0 ? 128 + SIGKILL : 0))
                    continue
                }
                let asks = users + ["nobody"]
                func answers(_ client: BlockingConnection) throws -> [[SlateItem]] {
                    try asks.flatMap { user in
                        [
                            try slate(client, user),
                            try slate(client, user, basket: [shop.item(1), shop.item(2)]),
                        ]
                    }
                }
                try settle(client)
                let lived = try answers(client)
                let related = try (0..<140).map {
                    try client.related(to: shop.item($0), by: [.complement], count: 100)
                }
                #expect(server.end(SIGKILL) == 128 + SIGKILL)
                // The third server was the last that ended in peace, and kept what it had learned.
                for hasState in [true, false] {
                    if !hasState { #expect(unlink(folder["e.db.live"]) == 0) }
                    let (fresh, other) = try serve()
                    let replayed = try #require(Self.replayed(fresh))
                    #expect(replayed > 0 && (replayed < 140) == hasState, "\(replayed)")
                    try settle(other)
                    for (a, b) in zip(lived, try answers(other)) {
                        #expect(a.map(\.itemID) == b.map(\.itemID))
                        for (x, y) in zip(a, b) { #expect(abs(x.score - y.score) < 1e-5) }
                    }
                    for (place, before) in related.enumerated() {
                        let after = try other.related(
                            to: shop.item(place), by: [.complement], count: 100)
                        #expect(before == after)
                    }
                    #expect(fresh.end(SIGKILL) == 128 + SIGKILL)
                }
            }
        }

        /// How many events a server read from its journal as it started.
        private static func replayed(_ server: Server) -> Int? {
            let line = server.log.split(separator: "\n").last {
                $0.contains("answering with recorded events")
            }
            return line?.firstMatch(of: /replayed=(\d+)/).flatMap { Int($0.1) }
        }

        @Test("What a server keeps for the next start holds nobody who was forgotten")
        func forgottenState() throws {
            let (server, client) = try serve()
            for user in ["ann", "bob"] {
                try client.record((0..<6).map { purchase($0, by: user, Self.later + Int64($0)) })
            }
            #expect(server.end(SIGTERM) == 0)
            let (second, again) = try serve()
            #expect(Self.replayed(second) == 0)
            #expect(try again.profile(ofUser: "ann").items == 6)
            _ = try again.forget(user: "ann")
            #expect(second.end(SIGKILL) == 128 + SIGKILL)
            // The state held her, and is passed by.
            let (third, last) = try serve()
            #expect(Self.replayed(third) == 6)
            #expect(try last.profile(ofUser: "bob").items == 6)
            #expect(throws: (any Error).self) { try last.profile(ofUser: "ann") }
            #expect(third.end(SIGTERM) == 0)
        }

        @Test("Past its memory the oldest events go, and a restart ends at the same ones")
        func expiry() throws {
            let users = (0..<50).map { "new-\($0)" }
            func answers(_ client: BlockingConnection) throws -> [[SlateItem]] {
                try users.map { try slate(client, $0, basket: [shop.item(4)]) }
            }
            var random = SeededGenerator(seed: 8)
            let (server, client) = try serve("s", journal: "e.db", "--online-mebibytes-max", "1")
            for batch in 0..<9 {
                try client.record(
                    (0..<1_000).map { number in
                        purchase(
                            Int.random(in: 0..<140, using: &random),
                            by: users.randomElement(using: &random)!,
                            in: "b\((batch * 1_000 + number) / 3)",
                            Self.later + Int64(batch * 1_000 + number))
                    })
            }
            let metrics = try client.metrics()
            #expect(metrics.contains("sidecart_online_events 4096\n"))
            #expect(metrics.contains("sidecart_online_events_expired_total 4904\n"))
            let lived = try answers(client)
            #expect(server.end(SIGKILL) == 128 + SIGKILL)
            let (fresh, other) = try serve("s", journal: "e.db", "--online-mebibytes-max", "1")
            #expect(try other.metrics().contains("sidecart_online_events 4096\n"))
            for (a, b) in zip(lived, try answers(other)) {
                #expect(a.map(\.itemID) == b.map(\.itemID))
                for (x, y) in zip(a, b) { #expect(abs(x.score - y.score) < 1e-5) }
            }
            #expect(fresh.end(SIGTERM) == 0)
        }

        @Test("Forgetting a shopper takes back what was learned from her")
        func forget() throws {
            let (server, client) = try serve()
            let basket = [shop.item(2), shop.item(77)]
            let before = try slate(client, "ann")
            let related = try client.related(
                to: shop.item(2), by: [.complement], count: 100)
            for number in 0..<30 {
                try client.record(
                    basket.map {
                        Event(
                            .purchase, of: $0, by: "ann", in: "ann-\(number)",
                            time: Self.later + Int64(number))
                    })
            }
            #expect(try slate(client, "ann").map(\.itemID) != before.map(\.itemID))
            let learned = try client.related(
                to: shop.item(2), by: [.complement], count: 100)
            #expect(learned != related)
            #expect(learned.items.prefix(3).contains { $0.itemID == shop.item(77) })
            let receipt = try client.forget(user: "ann")
            #expect(receipt.events == 60)
            #expect(receipt.remains.contains { $0.contains("since then is gone") })
            #expect(try slate(client, "ann") == before)
            #expect(
                try client.related(to: shop.item(2), by: [.complement], count: 100)
                    == related)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("A model that is promoted keeps what was recorded, and memory is told in metrics")
        func promotion() throws {
            let (server, client) = try serve()
            let item = try slate(client, "ann")[0].itemID
            try client.record([Event(.purchase, of: item, by: "ann", time: Self.later)])
            let copy = folder["copy"]
            try FileManager.default.copyItem(atPath: shop.bundle, toPath: copy)
            let manifest = copy + "/manifest.json"
            let text = try String(contentsOfFile: manifest, encoding: .utf8)
            try text.replacing("shop-1", with: "shop-2")
                .write(toFile: manifest, atomically: true, encoding: .utf8)
            #expect(server.end(SIGTERM) == 0)
            let again = try Server(
                bundle: shop.bundle, socket: folder["s"],
                arguments: ["--events-db", folder["e.db"], "--models-dir", folder.path])
            let other = connect()
            _ = try other.loadModel(at: copy, promotes: true)
            try again.wait(for: "shop-2", times: 2)
            while try other.status().modelVersion != "shop-2" {}
            #expect(!(try slate(other, "ann").contains { $0.itemID == item }))
            let metrics = try other.metrics()
            #expect(metrics.contains("sidecart_online_events 1"))
            #expect(metrics.contains("sidecart_online_lag_events 0"))
            #expect(metrics.contains("sidecart_online_baskets{version=\"shop-2\"} 1"))
            #expect(again.end(SIGTERM) == 0)
        }
    }
}
