import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    /// Rules, rule sets and profiles through a real server.
    @Suite struct RuleCallTests {
        private let shop: TrainedShop
        private let folder: TemporaryFolder
        private let server: Server
        private let client: SidecartClient

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
            try #"""
            {"checkout": {"per_category_max": 1, "exclude": ["\#(shop.item(5))"],
                          "boosts": [{"item_id": "\#(shop.item(3))", "factor": 900}]},
             "only": {"allow": ["\#(shop.item(1))", "\#(shop.item(2))"]}}
            """#.write(toFile: folder["rules.json"], atomically: true, encoding: .utf8)
            server = try Server(
                bundle: shop.bundle, socket: folder["s"], "--rules", folder["rules.json"])
            client = SidecartClient(socketPath: folder["s"])
        }

        @Test("A rule set holds together with the call's own rules")
        func ruleSet() async throws {
            var options = SlateOptions(count: 30)
            options.ruleSet = "checkout"
            options.excluding = [shop.item(6)]
            options.includesOutOfStock = true
            let context = Context(basket: [shop.item(0)])
            let slate = try await client.recommend(for: context, options)
            let ids = slate.items.map(\.itemID)
            #expect(!ids.contains(shop.item(5)) && !ids.contains(shop.item(6)))
            let categories = slate.items.map(\.category)
            #expect(Set(categories).count == categories.count && ids.count > 1)
            #expect(ids.first == shop.item(3))
            options.ruleSet = "chekout"
            let mistyped = options
            await expect(
                .notFound, naming: "rule_set 'chekout' is not known; there are checkout, only"
            ) {
                _ = try await client.recommend(for: context, mistyped)
            }
            options.ruleSet = "only"
            options.allowing = [shop.item(4)]
            let twice = options
            await expect(
                .invalidArgument, naming: "allow is set by the call and by rule set 'only'"
            ) { _ = try await client.recommend(for: context, twice) }
        }

        @Test("Scores come with what they add up from where that is asked for")
        func parts() async throws {
            let context = Context(basket: [shop.item(0), shop.item(1)])
            var options = SlateOptions(count: 5)
            let plain = try await client.recommend(for: context, options)
            #expect(!plain.items.contains { !$0.parts.isEmpty })
            options.scoreParts = true
            options.whyNot = [shop.item(9)]
            let slate = try await client.recommend(for: context, options)
            #expect(slate.items.count == 5 && slate.items.map(\.score) == plain.items.map(\.score))
            for item in slate.items {
                let sum = item.parts.reduce(0) { $0 + $1.contribution }
                let isProbability = item.parts.contains { $0.feature == "bought_share" }
                let score = isProbability ? log(item.score / (1 - item.score)) : item.score
                #expect(abs(sum - score) < 1e-3 * max(1, abs(score)))
                let shares = item.parts.flatMap(\.items)
                #expect(
                    shares.allSatisfy { $0.itemID.isEmpty || context.basket.contains($0.itemID) })
            }
            #expect(slate.items.contains { $0.parts.contains { !$0.items.isEmpty } })
            options.count = 101
            let long = options
            await expect(
                .invalidArgument, naming: "k is 101, the limit with score_parts is 100"
            ) { _ = try await client.recommend(for: context, long) }
            let run = try Program.run(
                "recommend", "--socket", folder["s"], "--basket", shop.item(0), "-k", "2", "--parts"
            )
            #expect(run.output.contains("product") && run.output.contains("together"))
        }

        @Test("A slate that rules keep short says which rules left out how many items")
        func leftOut() async throws {
            var options = SlateOptions(count: 10)
            options.ruleSet = "only"
            options.includesPurchased = true
            options.includesOutOfStock = true
            let slate = try await client.recommend(for: Context(basket: [shop.item(1)]), options)
            #expect(slate.items.map(\.itemID) == [shop.item(2)])
            #expect(slate.leftOut.map(\.rule) == [.inBasket, .notAllowed])
            #expect(slate.leftOut[1].items == shop.shop.dataset.items.count - 2)
            let full = try await client.recommend(for: Context(basket: [shop.item(1)]))
            #expect(full.items.count == 10 && full.leftOut.isEmpty)
        }

        @Test(
            "Why an item is not on a slate: the rule, or its place on a longer one and its reasons")
        func whyNot() async throws {
            let context = Context(userID: shop.user(3), basket: [shop.item(0)])
            let longer = try await client.recommend(for: context, SlateOptions(count: 20))
            var options = SlateOptions(count: 3)
            options.whyNot = [
                longer.items[15].itemID, shop.item(0), longer.items[1].itemID, "nonsense",
            ]
            let slate = try await client.recommend(for: context, options)
            #expect(slate.items == Array(longer.items.prefix(3)))
            let told = slate.whyNot
            #expect(told.map(\.outcome) == [.rankedLower, .byRule, .onSlate, .unknown])
            #expect(told[0].rank == 16 && told[0].score == longer.items[15].score)
            #expect(told[0].missing == slate.items[2].score - told[0].score)
            #expect(told[0].reasons == longer.items[15].reasons)
            #expect(told[1].rule == .inBasket && told[2].rank == 2)
        }

        @Test(
            "A rule out of its range is refused by its field, and an unknown one of a file by its set"
        )
        func refused() async throws {
            func refuse(_ naming: String, _ change: (inout SlateOptions) -> Void) async {
                var options = SlateOptions()
                change(&options)
                let asked = options
                await expect(.invalidArgument, naming: naming) {
                    _ = try await client.recommend(for: Context(), asked)
                }
            }
            await refuse("diversity is 1.0, not 0 to below 1") { $0.diversity = 1 }
            await refuse("boosts[0].factor is -1.0, not 0.001 to 1000.0") {
                $0.boosts = [Boost(.item("x"), by: -1)]
            }
            await refuse("boosts[0] names one of item_id and category") {
                $0.boosts = [Boost(.category(""), by: 2)]
            }
            await refuse("category_level is 2 without per_category_max") { $0.categoryLevel = 2 }
            await refuse("explore.share is 0.6, not above 0 and at most 0.5") {
                $0.exploration = Exploration(share: 0.6, seed: 1)
            }
            await refuse("explore.places is 11, above k, 10") {
                $0.exploration = Exploration(share: 0.1, places: 11, seed: 1)
            }
            await refuse("explore.pool is 51, not 2 to 50") {
                $0.exploration = Exploration(share: 0.1, pool: 51, seed: 1)
            }
            await refuse("basket_budget is -1.0, not 0 or more") { $0.basketBudget = -1 }
            for (text, fault) in [
                (#"{"a": {"per_catgory_max": 1}}"#, "a: 'per_catgory_max' is none of allow,"),
                (#"{"a": {"diversity": 2}}"#, "a: diversity is 2.0, not 0 to below 1"),
                (#"{"a": {"price_max": "5"}}"#, "a.price_max: expected a number"),
                (#"{"a": {"exclude": [""]}}"#, "a: exclude[0] "),
                (#"{"a": {"categories": [""]}}"#, "a: categories[0] has 0 bytes, not 1 to 1024"),
                (#"{"a": {"basket_budget": -1}}"#, "a: basket_budget is -1.0, not 0 or more"),
                (#"{"a": "#, "rules.json: "),
            ] {
                try text.write(toFile: folder["rules.json"], atomically: true, encoding: .utf8)
                let outcome = try Program.run(
                    "serve", "--bundle", shop.bundle, "--socket", folder["t"], "--rules",
                    folder["rules.json"])
                #expect(outcome.code == 1 && outcome.errors.contains(fault), "\(outcome.errors)")
                #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
            }
        }

        @Test("An explored slate tells each item's propensity, and the command line shows it")
        func exploration() async throws {
            var options = SlateOptions(count: 5)
            options.exploration = Exploration(share: 0.5, places: 2, pool: 4, seed: 9)
            let slate = try await client.recommend(
                for: Context(basket: [shop.item(0)]), options)
            let told = slate.items.map(\.propensity)
            #expect(told.prefix(3) == [1, 1, 1])
            #expect(told.suffix(2).allSatisfy { $0 == 0.625 || $0 == 0.125 })
            let printed = try Program.run(
                "recommend", "--socket", folder["s"], "--basket", shop.item(0), "-k", "5",
                "--explore", "0.5", "--explore-places", "2", "--explore-pool", "4",
                "--explore-seed", "9", "--json")
            let items = try #require(printed.json()["items"] as? [[String: Any]])
            #expect(items.map { $0["itemId"] as? String } == slate.items.map(\.itemID))
            #expect(items.compactMap { ($0["propensity"] as? NSNumber)?.floatValue } == told)
        }

        @Test("A shopper's and an item's profile are what the events say")
        func profiles() async throws {
            let user = try await client.profile(ofUser: shop.user(0), count: 1_000)
            let events = shop.shop.dataset.events
            let own = (0..<events.count).filter {
                events.users[$0] == 0 && events.kinds[$0] == .purchase
            }
            #expect(user.items == Set(own.map { events.items[$0] }).count)
            #expect(user.baskets == Set(own.map { events.baskets[$0] }).count)
            #expect(user.own.count == user.items && !user.categories.isEmpty)
            #expect(abs(user.categories.reduce(0) { $0 + $1.share } - 1) < 1e-4)
            #expect(user.priceLow <= user.priceMedian && user.priceMedian <= user.priceHigh)
            let times = Dictionary(grouping: own) { events.items[$0] }.mapValues { places in
                Set(places.map { events.baskets[$0] }).count
            }
            for item in user.own {
                let number = shop.shop.dataset.items.index(of: item.itemID)!
                #expect(item.times == times[number])
            }
            let item = try await client.profile(ofItem: shop.item(0))
            #expect(item.taken > 0 && item.rank >= 1 && item.stock >= -1)
            #expect(Set(item.relations.map(\.relation)).isSuperset(of: [.complement, .substitute]))
            await expect(.notFound, naming: "user_id nobody is not known") {
                _ = try await client.profile(ofUser: "nobody")
            }
            let printed = try Program.run(
                "inspect", "item", shop.item(0), "--socket", folder["s"], "--json")
            #expect(try printed.json()["rank"] as? Int == item.rank)
            let text = try Program.run("inspect", "user", shop.user(0), "--socket", folder["s"])
            #expect(text.output.contains("\(user.items) items in \(user.baskets) baskets"))
        }
    }
}
