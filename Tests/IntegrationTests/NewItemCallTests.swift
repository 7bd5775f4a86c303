import Foundation
import SampleShop
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    /// Who and what the events do not know, through training and a real server.
    @Suite struct NewItemCallTests {
        private static let shop = SampleShop(
            SampleShopOptions(items: 140, shoppers: 400, baskets: 4_000, seed: 3))

        /// Trains on the sample shop and a catalog with more items, which no event has: each has the
        /// words, category and price of one that sells.
        private func serve(
            _ folder: TemporaryFolder, model: String, copies: [Int]
        ) throws -> Server {
            let shop = Self.shop.dataset
            try shop.writeEvents(to: folder["events.csv"])
            try shop.writeCatalog(to: folder["items.csv"])
            var catalog = try folder.read("items.csv")
            var lines = catalog.split(separator: "\n").map(String.init)
            for copy in copies {
                let id = shop.items[copy]
                let line = lines.first { $0.hasPrefix(id + ",") }!
                lines.append("new-of-" + line)
            }
            catalog = lines.joined(separator: "\n") + "\n"
            try catalog.write(toFile: folder["items.csv"], atomically: true, encoding: .utf8)
            let trained = try Program.run(
                "train", folder["events.csv"], "--catalog", folder["items.csv"], "--out",
                folder["b"], "--model", model)
            try #require(trained.code == 0, "\(trained.errors)")
            return try Server(bundle: folder["b"], socket: folder["s"])
        }

        /// The best sellers among the items.
        private var sellers: [Int] {
            let shop = Self.shop.dataset
            var counts = Array(repeating: 0, count: shop.items.count)
            for item in shop.events.items { counts[Int(item)] += 1 }
            return counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
        }

        @Test(
            "An item that no event has reaches slates by what the catalog says, and says so",
            arguments: ["lambdamart", "slim", "ials", "copurchase"])
        func newItem(model: String) async throws {
            let folder = TemporaryFolder()
            let copies = Array(sellers.prefix(12))
            let server = try serve(folder, model: model, copies: copies)
            defer { withExtendedLifetime(server) {} }
            let client = SidecartClient(socketPath: folder["s"])
            defer { client.close() }
            var options = SlateOptions(count: 20)
            options.includesOutOfStock = true
            var found = Set<String>()
            for basketItem in sellers.prefix(40) {
                let id = Self.shop.dataset.items[basketItem]
                let slate = try await client.recommend(for: Context(basket: [id]), options)
                let new = slate.items.filter { $0.itemID.hasPrefix("new-of-") }
                #expect(new.count <= 2)
                for item in new {
                    found.insert(item.itemID)
                    let reason = try #require(item.reasons.first { $0.kind == .new })
                    #expect("new-of-" + reason.itemID == item.itemID)
                    // Trees may hold something else against it.
                    let names = item.reasons.contains { $0.kind == .taste && $0.itemID == id }
                    #expect(names || model == "lambdamart")
                    #expect(!item.reasons.contains { $0.kind == .popular })
                }
            }
            #expect(!found.isEmpty, "\(model)")
            options.leavesOutNewItems = true
            let known = options
            for basketItem in sellers.prefix(10) {
                let id = Self.shop.dataset.items[basketItem]
                let slate = try await client.recommend(for: Context(basket: [id]), known)
                #expect(!slate.items.contains { $0.itemID.hasPrefix("new-of-") })
            }
            // In a basket it leads to what its likes lead to.
            let newID = "new-of-" + Self.shop.dataset.items[copies[0]]
            let beside = try await client.recommend(for: Context(basket: [newID]), known)
            #expect(beside.tier == .full && beside.unknown.isEmpty && beside.items.count > 3)
        }

        @Test("A new shopper has a slate, with a basket and with nothing")
        func newShopper() async throws {
            let folder = TemporaryFolder()
            let server = try serve(folder, model: "lambdamart", copies: [])
            defer { withExtendedLifetime(server) {} }
            let client = SidecartClient(socketPath: folder["s"])
            defer { client.close() }
            let options = SlateOptions(count: 8)
            let nobody = try await client.recommend(for: Context(), options)
            let stranger = try await client.recommend(for: Context(userID: "stranger"), options)
            #expect(nobody.tier == .popular && nobody.items.count == 8)
            #expect(stranger.items == nobody.items && stranger.tier == .popular)
            #expect(nobody.items.allSatisfy { $0.reasons.map(\.kind) == [.popular] })
            let basket = [Self.shop.dataset.items[sellers[0]]]
            let first = try await client.recommend(
                for: Context(userID: "stranger", basket: basket), options)
            #expect(first.tier == .full && first.items.count == 8)
            #expect(first.items != nobody.items)
            #expect(first.items.contains { $0.reasons.contains { $0.itemID == basket[0] } })
        }

        @Test("Margins of the catalog count by the weight that a call or a rule set gives them")
        func margins() async throws {
            let folder = TemporaryFolder()
            let shop = Self.shop.dataset
            try shop.writeEvents(to: folder["events.csv"])
            // The later an item, the more is earned on it.
            let rows = (0..<shop.items.count).map { "\(shop.items[$0]),\(1 + $0)" }
            _ = try folder.write("items.csv", "id,margin\n" + rows.joined(separator: "\n") + "\n")
            let trained = try Program.run(
                "train", folder["events.csv"], "--catalog", folder["items.csv"], "--out",
                folder["b"])
            try #require(trained.code == 0, "\(trained.errors)")
            _ = try folder.write("rules.json", #"{"earn": {"margin_weight": 1}}"#)
            let server = try Server(
                bundle: folder["b"], socket: folder["s"], "--rules", folder["rules.json"])
            defer { withExtendedLifetime(server) {} }
            let client = SidecartClient(socketPath: folder["s"])
            defer { client.close() }
            let context = Context(basket: [shop.items[sellers[0]]])
            func earned(_ slate: Slate) -> Int {
                slate.items.reduce(0) { $0 + Int(shop.items.index(of: $1.itemID)!) + 1 }
            }
            var options = SlateOptions(count: 10)
            let plain = try await client.recommend(for: context, options)
            options.marginWeight = 1
            let weighed = try await client.recommend(for: context, options)
            #expect(earned(weighed) > earned(plain))
            (options.marginWeight, options.ruleSet) = (0, "earn")
            let bySet = try await client.recommend(for: context, options)
            #expect(bySet.items == weighed.items)
            options.marginWeight = 1.5
            let heavy = options
            await expect(.invalidArgument, naming: "margin_weight is 1.5, not 0 to 1") {
                _ = try await client.recommend(for: context, heavy)
            }
            let run = try Program.run(
                "recommend", "--socket", folder["s"], "--basket", context.basket[0],
                "--margin-weight", "1", "-k", "10", "--json")
            let ids = (try run.json()["items"] as? [[String: Any]])?.map { $0["itemId"] as? String }
            #expect(ids == weighed.items.map(\.itemID))
        }

        @Test("A margin weight is refused where the catalog has no margin")
        func noMargins() async throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let server = try Server(bundle: shop.bundle, socket: folder["s"])
            defer { withExtendedLifetime(server) {} }
            let client = SidecartClient(socketPath: folder["s"])
            defer { client.close() }
            var options = SlateOptions(count: 3)
            options.marginWeight = 0.5
            let weighed = options
            await expect(
                .failedPrecondition, naming: "margin_weight: this model's catalog has no"
            ) { _ = try await client.recommend(for: Context(basket: [shop.item(0)]), weighed) }
        }
    }
}
