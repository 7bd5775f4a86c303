import Foundation
import Histogram
import Interactions
import SampleShop
import SidecartClient

/// The calls of the demo, as a shop's services would make them.
struct DemoVisit {
    let client: SidecartClient
    let shop: SampleShop

    func run() async throws {
        let status = try await client.status()
        try Output.print(
            "   sidecart \(status.version), model \(status.modelKind) \(status.modelVersion), ready"
        )
        try Output.print("\n4. Ask it.")
        try await basketOfAStranger()
        try await basketOfARegular()
        try await homePage()
        try await productPage()
        try await howFast()
    }

    /// A guest's checkout: only the basket speaks.
    private func basketOfAStranger() async throws {
        let items = shop.groups[0].items.prefix(2).map { shop.dataset.items[Int($0)] }
        try say("At the checkout, a guest", basket: items)
        try show(await client.recommend(for: Context(basket: items), SlateOptions(count: 5)))
    }

    /// A shopper with a history: basket and taste together, and no more than two items of a
    /// category.
    private func basketOfARegular() async throws {
        let regular = busiestShopper
        let basket = [shop.dataset.items[Int(shop.groups[shop.groups.count / 2].items[0])]]
        try say("At the checkout, \(regular), who has bought here often", basket: basket)
        var options = SlateOptions(count: 5)
        options.perCategoryMax = 2
        try show(await client.recommend(for: Context(userID: regular, basket: basket), options))
    }

    /// Nothing is known: the answer says that it is what sells best.
    private func homePage() async throws {
        try say("On the home page, somebody new with an empty basket", basket: [])
        try show(
            await client.recommend(for: Context(userID: "nobody-yet"), SlateOptions(count: 3)))
    }

    private func productPage() async throws {
        let item = Int(shop.groups[shop.groups.count / 3].items[0])
        let id = shop.dataset.items[item]
        try Output.print(
            "\n   On the page of \(shop.dataset.catalog.titles[item]) (\(id)): goes well with")
        let related = try await client.related(to: id, by: [.complement], count: 4)
        var table = Table(["item", "title", ">lift", ">confidence"])
        for item in related.items {
            table.add([
                item.itemID, item.title.truncated(to: 40), SlateText.lift(item.lift),
                SlateText.percent(item.confidence),
            ])
        }
        try Output.print(table.render(indent: 3))
    }

    private func howFast() async throws {
        let baskets = shop.groups.map { Context(basket: [shop.dataset.items[Int($0.items[0])]]) }
        var latencies = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
        let calls = 2_000
        for call in 0..<calls {
            let start = ContinuousClock.now
            _ = try await client.recommend(for: baskets[call % baskets.count])
            latencies.record(UInt64((ContinuousClock.now - start).seconds * 1e9))
        }
        func micro(_ percent: Double) -> String {
            String(format: "%.0f µs", Double(latencies.valueAtPercentile(percent)) / 1_000)
        }
        try Output.print(
            "\n   \(calls.grouped) slates of 10 with reasons, one after the other: p50 \(micro(50)), "
                + "p99 \(micro(99)), there and back")
    }

    // MARK: Printing

    private func say(_ who: String, basket: [String]) throws {
        try Output.print("\n   \(who)\(basket.isEmpty ? "" : ":")")
        for id in basket {
            let item = shop.dataset.items.index(of: id).map { Int($0) } ?? 0
            let price = String(format: "%.2f", shop.dataset.catalog.prices[item])
            try Output.print("     basket: \(shop.dataset.catalog.titles[item]) (\(id), \(price))")
        }
    }

    private func show(_ slate: Slate) throws {
        try Output.print(SlateText.render(slate, indent: 3))
    }

    private var busiestShopper: String {
        var counts = Array(repeating: 0, count: shop.dataset.users.count)
        for user in shop.dataset.events.users where user >= 0 { counts[Int(user)] += 1 }
        let busiest = counts.indices.max { counts[$0] < counts[$1] } ?? 0
        return shop.dataset.users[busiest]
    }
}
