import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    @Suite struct OutcomeTests {
        private let shop: TrainedShop
        private let folder: TemporaryFolder
        private let server: Server
        private let client: BlockingConnection

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
            let rules = try folder.write("rules.json", #"{"cheap": {"price_max": 30}}"#)
            server = try Server(
                bundle: shop.bundle, socket: folder["s"], "--rules", rules, "--threads", "2")
            client = BlockingConnection(socketPath: folder["s"])
        }

        private func slate(
            of count: Int, for context: Context = Context(), ruleSet: String = ""
        ) throws -> Slate {
            var options = SlateOptions(count: count)
            options.ruleSet = ruleSet
            return try client.recommend(for: context, options)
        }

        @Test("Every slate that holds something has an id of its own")
        func ids() throws {
            let ids = try (0..<200).map { _ in try slate(of: 3).id }
            #expect(Set(ids).count == 200 && !ids.contains(0))
            var none = SlateOptions(count: 3)
            none.allowing = ["nonsense"]
            #expect(try client.recommend(for: Context(), none).id == 0)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("What was shown is told by tier, reason and rule set, in the report and the metrics")
        func impressions() throws {
            let known = Context(userID: shop.user(0))
            let slates = [
                try slate(of: 5, for: known), try slate(of: 5, for: known),
                try slate(of: 4, for: known, ruleSet: "cheap"), try slate(of: 2),
            ]
            let outcomes = try client.outcomes()
            #expect(outcomes.slates == 4 && outcomes.missedSlates == 0)
            #expect(outcomes.all.impressions == 16 && outcomes.all.clicks == 0)
            let shown = Set(slates.flatMap(\.items).map(\.itemID))
            #expect(outcomes.all.itemsShown == shown.count && outcomes.all.itemsSold == 0)
            #expect(outcomes.catalogItems == shop.shop.dataset.items.count)
            func impressions(_ rows: [Outcomes.Row]) -> [String: Int] {
                Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0.impressions) })
            }
            #expect(impressions(outcomes.byTier) == ["full": 14, "popular": 2])
            #expect(impressions(outcomes.byRuleSet) == ["": 12, "cheap": 4])
            #expect(impressions(outcomes.byExploration) == ["ranked": 16])
            let names = ["bought_together", "taste", "popular", "bought_before"]
            var reasons: [String: Int] = [:]
            for item in slates.flatMap(\.items) {
                let kind = item.reasons.first.map { names[Int($0.kind.rawValue) - 1] } ?? "none"
                reasons[kind, default: 0] += 1
            }
            #expect(impressions(outcomes.byReason) == reasons)
            let now = Int(Date().timeIntervalSince1970)
            #expect(outcomes.sinceSeconds...now ~= outcomes.oldestSlateSeconds)
            let metrics = try Exposition(try client.metrics())
            #expect(metrics.all("sidecart_impressions_total").reduce(0, +) == 16)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test(
            "After a restart, however the server ended, events are tied to slates from before",
            arguments: [SIGTERM, SIGKILL])
        func restart(signal: Int32) throws {
            let own = TemporaryFolder()
            func serve() throws -> (Server, BlockingConnection) {
                let server = try Server(
                    bundle: shop.bundle, socket: own["s"], "--events-db", own["events.db"])
                return (server, BlockingConnection(socketPath: own["s"]))
            }
            var (server, client) = try serve()
            let slate = try client.recommend(for: Context(userID: shop.user(0)))
            func record(_ kind: Event.Kind, _ place: Int) throws {
                var event = Event(kind, of: slate.items[place].itemID, by: shop.user(0))
                (event.slateID, event.price) = (slate.id, 3)
                try client.record([event])
            }
            try record(.click, 0)
            // What a kill loses is the last quarter of a second.
            try wait(for: "the slate's file") {
                (FileManager.default.contents(atPath: own["events.db.slates"])?.count ?? 0) >= 192
            }
            _ = server.end(signal)
            (server, client) = try serve()
            try record(.click, 0)
            try record(.click, 1)
            try record(.purchase, 2)
            let outcomes = try client.outcomes()
            #expect(outcomes.unknownSlateEvents == 0 && outcomes.notOnSlateEvents == 0)
            #expect(outcomes.all.clicks == 1 && outcomes.all.purchases == 1)
            #expect(outcomes.all.revenue == 3 && outcomes.all.impressions == 0)
            #expect(outcomes.oldestSlateSeconds > 0)
            let next = try client.recommend(for: Context(userID: shop.user(0)))
            #expect(next.id != slate.id)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test(
            "A purchase that is recorded with its slate's id is in the report once it is acknowledged"
        )
        func purchases() throws {
            let own = TemporaryFolder()
            let server = try Server(
                bundle: shop.bundle, socket: own["s"], "--events-db", own["events.db"])
            let client = BlockingConnection(socketPath: own["s"])
            let slate = try client.recommend(for: Context(userID: shop.user(0)))
            let (first, second) = (slate.items[0], slate.items[1])
            var bought = Event(.purchase, of: first.itemID, by: shop.user(0), value: 2, id: "one")
            (bought.slateID, bought.price) = (slate.id, 2.5)
            var viewed = Event(.view, of: second.itemID, by: shop.user(0), id: "two")
            viewed.slateID = slate.id
            var listed = Event(.purchase, of: second.itemID, by: shop.user(0), id: "three")
            listed.slateID = slate.id
            #expect(try client.record([bought, viewed, listed]).recorded == 3)
            // Again, as after an answer that was lost.
            #expect(try client.record([bought, viewed, listed]).duplicates == [0, 1, 2])
            var stray = Event(.click, of: "nonsense", by: shop.user(0))
            stray.slateID = slate.id
            var lost = Event(.click, of: first.itemID, by: shop.user(0))
            lost.slateID = slate.id &+ 1
            let plain = Event(.purchase, of: first.itemID, by: shop.user(0))
            #expect(try client.record([stray, lost, plain]).recorded == 3)
            let outcomes = try client.outcomes()
            #expect(outcomes.all.impressions == 10 && outcomes.all.clicks == 1)
            #expect(outcomes.all.purchases == 2 && outcomes.all.itemsSold == 2)
            #expect(abs(outcomes.all.revenue - 5 - Double(second.price)) < 1e-4)
            #expect(outcomes.notOnSlateEvents == 1 && outcomes.unknownSlateEvents == 1)
            let text = try Program.run(
                "record", "--socket", own["s"], "--user", "u", "--item", first.itemID, "--kind",
                "click", "--slate-id", "\(slate.id)")
            #expect(text.code == 0, "\(text.errors)")
            let metrics = try Exposition(try client.metrics())
            #expect(metrics.all("sidecart_outcome_clicks_total").reduce(0, +) == 2)
            #expect(metrics.all("sidecart_outcome_purchases_total").reduce(0, +) == 2)
            #expect(metrics["sidecart_outcome_unmatched_total", ["cause": "unknown_slate"]] == 1)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("`sidecart report` prints a table, and JSON with the contract's names")
        func report() throws {
            _ = try slate(of: 3, ruleSet: "cheap")
            let text = try Program.run("report", "--socket", folder["s"])
            #expect(text.code == 0 && text.output.contains("1 slates, 3 items shown"))
            #expect(
                text.output.contains("rule set cheap") && text.output.contains("of the catalog"))
            let json = try Program.run("report", "--socket", folder["s"], "--json").json()
            let all = try #require(json["all"] as? [String: Any])
            #expect(all["impressions"] as? Int == 3 && all["revenue"] as? Double == 0)
            #expect(json["byTier"] is [[String: Any]])
            let slate = try Program.run("recommend", "--socket", folder["s"], "--json").json()
            #expect(UInt64(try #require(slate["slateId"] as? String)) != nil)
            #expect(server.end(SIGTERM) == 0)
        }
    }
}
