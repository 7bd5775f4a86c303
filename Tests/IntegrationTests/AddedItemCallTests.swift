import Foundation
import Interactions
import SampleShop
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    /// Items that the shop tells of while a server runs, through a real one.
    @Suite struct AddedItemCallTests {
        private static let shop = SampleShop(
            SampleShopOptions(items: 140, shoppers: 400, baskets: 4_000, seed: 3)
        ).dataset
        private let folder = TemporaryFolder()

        private func train(_ model: String) throws {
            try Self.shop.writeEvents(to: folder["events.csv"])
            try Self.shop.writeCatalog(to: folder["items.csv"])
            let trained = try Program.run(
                "train", folder["events.csv"], "--catalog", folder["items.csv"], "--out",
                folder["b"], "--model", model)
            try #require(trained.code == 0, "\(trained.errors)")
        }

        private func serve() throws -> (Server, BlockingConnection) {
            let server = try Server(
                bundle: folder["b"], socket: folder["s"],
                arguments: ["--events-db", folder["e.db"], "--threads", "2"])
            var configuration = SidecartConfiguration()
            configuration.timeout = .seconds(20)
            return (
                server,
                BlockingConnection(socketPath: folder["s"], configuration: configuration)
            )
        }

        /// The best sellers among the items.
        private static let sellers: [Int] = {
            var counts = Array(repeating: 0, count: shop.items.count)
            for item in shop.events.items { counts[Int(item)] += 1 }
            return counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
        }()

        /// An item that is described as one that sells.
        private func copy(of item: Int) -> CatalogItem {
            var copy = CatalogItem(id: "new-of-" + Self.shop.items[item])
            copy.title = Self.shop.catalog.titles[item]
            copy.category = Self.shop.catalog.categories[item]
            copy.attributes = Self.shop.catalog.attributes[item]
            copy.price = Self.shop.catalog.prices[item]
            return copy
        }

        private func slate(
            _ connection: BlockingConnection, basket: [String], leavesOutNew: Bool = false
        ) throws -> [SlateItem] {
            var options = SlateOptions(count: 20)
            options.includesOutOfStock = true
            options.leavesOutNewItems = leavesOutNew
            return try connection.recommend(for: Context(basket: basket), options).items
        }

        @Test(
            "An item reaches slates once the shop has told of it, then by who buys it, and after a restart",
            arguments: ["lambdamart", "slim", "ials", "copurchase"])
        func newItem(model: String) throws {
            try train(model)
            let (server, client) = try serve()
            let baskets = Self.sellers.prefix(30).map { [Self.shop.items[$0]] }
            for basket in baskets {
                #expect(try !slate(client, basket: basket).contains { $0.itemID.hasPrefix("new-") })
            }
            let known = try client.status().items
            try client.putItems(Self.sellers.prefix(12).map(copy))
            #expect(try client.status().items == known + 12)
            var found = Set<String>()
            for basket in baskets {
                let new = try slate(client, basket: basket).filter { $0.itemID.hasPrefix("new-") }
                #expect(new.count <= 2)
                for item in new {
                    found.insert(item.itemID)
                    let reason = try #require(item.reasons.first { $0.kind == .new })
                    #expect("new-of-" + reason.itemID == item.itemID)
                    #expect(!item.title.isEmpty && item.price > 0)
                }
            }
            #expect(!found.isEmpty, "\(model)")

            // What is bought with something that nothing leads from to it.
            let other = Self.shop.items[Self.sellers[60]]
            let bought = "new-of-" + Self.shop.items[Self.sellers[3]]
            let before = try slate(client, basket: [other], leavesOutNew: true)
            #expect(!before.contains { $0.itemID == bought })
            for basket in 0..<12 {
                try client.record(
                    [other, bought].map { item in
                        Event(
                            .purchase, of: item, by: "buyer-\(basket)", in: "basket-\(basket)",
                            time: 1_790_000_000 + Int64(basket))
                    })
            }
            let after = try slate(client, basket: [other], leavesOutNew: true)
            let item = after.first { $0.itemID == bought }
            // Vectors know nothing of pairs.
            #expect(model == "ials" || item != nil)
            #expect(item?.reasons.contains { $0.kind == .new } != true)
            let related = try client.related(to: bought, by: [.complement], count: 20)
            #expect(related.items.contains { $0.itemID == other })
            let lived = try baskets.map { try slate(client, basket: $0) }
            #expect(server.end(SIGKILL) == 128 + SIGKILL)

            let (again, fresh) = try serve()
            for (basket, lived) in zip(baskets, lived) {
                let replayed = try slate(fresh, basket: basket)
                #expect(replayed.map(\.itemID) == lived.map(\.itemID))
                for (a, b) in zip(replayed, lived) { #expect(abs(a.score - b.score) < 1e-5) }
            }
            #expect(try slate(fresh, basket: [other], leavesOutNew: true) == after)
            _ = try fresh.removeItems([bought])
            for basket in baskets {
                #expect(try !slate(fresh, basket: basket).contains { $0.itemID == bought })
            }
            #expect(again.end(SIGTERM) == 0)
        }

        @Test("What is sold no more, or not yet, is left off from the next call on")
        func availability() throws {
            try train("slim")
            let (server, client) = try serve()
            let basket = [Self.shop.items[Self.sellers[0]]]
            let first = try slate(client, basket: basket)
            let item = first[0].itemID
            func tell(_ change: (inout CatalogItem) -> Void) throws -> Bool {
                var told = CatalogItem(id: item)
                change(&told)
                try client.putItems([told])
                return try slate(client, basket: basket).contains { $0.itemID == item }
            }
            #expect(try !tell { $0.isDiscontinued = true })
            #expect(try tell { $0.isDiscontinued = false })
            #expect(try !tell { $0.availableFrom = 4_000_000_000 })
            #expect(try tell { $0.availableFrom = 1_000_000_000 })
            #expect(try slate(client, basket: basket) == first)
            #expect(try !tell { $0.isDiscontinued = true })
            #expect(server.end(SIGTERM) == 0)
            let (again, fresh) = try serve()
            #expect(try !slate(fresh, basket: basket).contains { $0.itemID == item })
            #expect(again.end(SIGTERM) == 0)
        }
    }
}
