import Foundation
import Interactions
import TestFolders
import Testing

extension ProgramTests {
    @Suite struct ReplayTests {
        /// A log of the shop's baskets after its events: items by lot, each with its propensity.
        private func writeLog(_ shop: TrainedShop, to path: String) throws {
            var random = SeededGenerator(seed: 5)
            let items = shop.shop.dataset.items
            let time = shop.shop.dataset.events.times.max()! + 60
            var lines = ["request,user,basket,time,item,position,propensity,click"]
            for request in 0..<3_000 {
                let basket = items[Int.random(in: 0..<items.count, using: &random)]
                let user = request % 2 == 0 ? shop.user(request % 200) : ""
                let shown = (0..<items.count).shuffled(using: &random).prefix(2)
                for (place, item) in shown.enumerated() {
                    lines.append(
                        "r\(request),\(user),\(basket),\(time + Int64(request)),\(items[item]),"
                            + "\(place + 1),\(1 / Double(items.count)),\(item % 5 == 0 ? 1 : 0)")
                }
            }
            try (lines.joined(separator: "\n") + "\n").write(
                toFile: path, atomically: true, encoding: .utf8)
        }

        private func policies(_ outcome: Program.Outcome) throws -> [String: [String: Any]] {
            try #require(outcome.code == 0, "\(outcome.errors)")
            let list = try #require(try outcome.json()["policies"] as? [[String: Any]])
            return Dictionary(uniqueKeysWithValues: list.map { ($0["name"] as? String ?? "", $0) })
        }

        @Test func `evaluate judges models by a log, and a real server's slates alike`() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            try writeLog(shop, to: folder["log.csv"])
            let arguments = [
                "evaluate", folder["log.csv"], "--protocol", "replay", "--events", shop.events,
                "--models", "slim,popularity,bpr,uniform", "--json",
            ]
            let outcome = try Program.run(arguments + ["--report", folder["page.html"]])
            let found = try policies(outcome)
            #expect(Set(found.keys) == ["logged", "uniform", "slim", "popularity"])
            let logged = try #require(found["logged"]?["ips"] as? [String: Double])
            let uniform = try #require(found["uniform"]?["ips"] as? [String: Double])
            #expect(abs(logged["value"]! - uniform["value"]!) < 1e-9)
            let slim = try #require(found["slim"])
            #expect(try #require(slim["matchedImpressions"] as? Int) > 10)
            let refused = try #require(try outcome.json()["refused"] as? [[String: String]])
            #expect(refused.map { $0["model"] } == ["bpr"])
            let page = try folder.read("page.html")
            #expect(page.contains("<svg") && page.contains("slim") && !page.contains("http"))

            let served = try policies(Program.run(arguments + ["--served"]))
            for name in ["slim", "popularity"] {
                let (one, other) = (try #require(found[name]), try #require(served[name]))
                #expect(other["served"] != nil)
                for figure in ["ips", "snips"] {
                    #expect(
                        one[figure] as? [String: Double] == other[figure] as? [String: Double])
                }
            }
            let table = try Program.run(Array(arguments.dropLast()))
            #expect(table.output.contains("left out: bpr"))
        }

        @Test func `the Open Bandit Dataset's format is judged without events`() throws {
            let folder = TemporaryFolder()
            var lines = [
                ",timestamp,item_id,position,click,propensity_score,user_feature_0,"
                    + "user-item_affinity_0,user-item_affinity_1"
            ]
            for line in 0..<400 {
                lines.append(
                    "\(line),2019-11-24 00:\(10 + line / 60):\(10 + line % 50).004101+00:00,\(line % 2),"
                        + "\(1 + line % 3),\(line % 10 == 0 ? 1 : 0),0.5,81ce12,0.0,0.0")
            }
            try lines.joined(separator: "\n").write(
                toFile: folder["all.csv"], atomically: true, encoding: .utf8)
            let found = try policies(
                Program.run("evaluate", folder["all.csv"], "--protocol", "replay", "--json"))
            #expect(Set(found.keys) == ["logged", "uniform", "popularity"])
            // Drawn evenly, the log is that of the uniform policy.
            for name in ["logged", "uniform"] {
                let ips = try #require(found[name]?["ips"] as? [String: Double])
                #expect(abs(ips["value"]! - 0.1) < 1e-9)
            }
        }

        @Test(
            arguments: [
                (["--trials", "3"], 64, "--trials has no meaning for --protocol replay"),
                (["-k", "5"], 64, "-k has no meaning for --protocol replay"),
                (["--weight-max", "0"], 64, "--weight-max is 0.0; it must be above 0"),
                (["--models", "slime"], 1, "slime"),
                (["--log-columns", "item:sku"], 1, "lacks the = between role and column"),
                ([], 1, "column 3 (propensity): 2.0 is no propensity"),
            ])
        func `what is wrong is said and nothing is judged`(
            more: [String], code: Int32, message: String
        ) throws {
            let folder = TemporaryFolder()
            try "item,click,propensity\na,1,2\n".write(
                toFile: folder["log.csv"], atomically: true, encoding: .utf8)
            let outcome = try Program.run(
                ["evaluate", folder["log.csv"], "--protocol", "replay"] + more)
            #expect(outcome.code == code && outcome.output.isEmpty)
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
        }

        @Test func `options of a replay are refused by other protocols`() throws {
            let outcome = try Program.run("evaluate", "events.csv", "--weight-max", "5")
            #expect(outcome.code == 64)
            #expect(outcome.errors.contains("--weight-max is for --protocol replay alone"))
        }
    }
}
