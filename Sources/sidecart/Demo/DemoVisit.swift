import Foundation
import Histogram
import Interactions
import SampleShop
import SidecartClient

/// The calls of the demo, as a shop's services would make them.
struct DemoVisit {
    let client: SidecartClient
    let shop: SampleShop
    /// What was asked and answered, in order.
    private(set) var scenes: [DemoScene] = []

    init(client: SidecartClient, shop: SampleShop) {
        self.client = client
        self.shop = shop
    }

    mutating func run() async throws {
        let status = try await client.status()
        try Output.print(
            "   sidecart \(status.version), model \(status.modelKind) \(status.modelVersion), ready"
        )
        try Output.print("\n4. Ask it.")
        try await basketOfAStranger()
        try await basketByTheRules()
        try await whatIsDue()
        try await homePage()
        try await productPage()
        try await howFast()
    }

    /// A guest's checkout: only the basket speaks.
    private mutating func basketOfAStranger() async throws {
        let items = shop.groups[0].items.prefix(2).map { shop.dataset.items[Int($0)] }
        try await play("At the checkout, a guest", Context(basket: items), SlateOptions(count: 5))
    }

    /// A shopper with a history; the shop's rules keep out what would be bought instead of the
    /// basket's item, and the answer says so.
    private mutating func basketByTheRules() async throws {
        let item = shop.dataset.items[Int(shop.groups[shop.groups.count / 2].items[0])]
        let context = Context(userID: busiestShopper, basket: [item])
        var options = SlateOptions(count: 4)
        options.ruleSet = "checkout"
        let substitutes = try await client.related(to: item, by: [.substitute], count: 40)
            .items.map(\.itemID)
        let longer = try await client.recommend(for: context, SlateOptions(count: 12))
        let tempting = longer.items.map(\.itemID).first(where: substitutes.contains)
        options.whyNot = [tempting ?? substitutes.first].compactMap(\.self)
        if let low = longer.items.last(where: { !options.whyNot.contains($0.itemID) }) {
            options.whyNot.append(low.itemID)
        }
        try await play(
            "At the checkout, \(context.userID), by the rule set \"checkout\"", context, options)
    }

    /// What a shopper bought before is left out, unless she is due to buy it again.
    private mutating func whatIsDue() async throws {
        for user in shoppers.prefix(50) {
            let profile = try await client.profile(ofUser: user, count: 50)
            let due = profile.own.filter(\.isDue).map(\.itemID)
            guard !due.isEmpty else { continue }
            var options = SlateOptions(count: 4)
            options.includesDue = true
            options.boosts = due.prefix(3).map { Boost(.item($0), by: 20) }
            return try await play(
                "On the start page, \(user), with what is due to be bought again in front",
                Context(userID: user), options)
        }
    }

    /// Nothing is known: the answer says that it is what sells best.
    private mutating func homePage() async throws {
        try await play(
            "On the start page, somebody new with an empty basket", Context(userID: "nobody-yet"),
            SlateOptions(count: 3))
    }

    private func productPage() async throws {
        let item = Int(shop.groups[shop.groups.count / 3].items[0])
        let id = shop.dataset.items[item]
        try Output.print("\n   On the page of \(shop.dataset.catalog.titles[item]) (\(id))")
        for (relation, name) in [
            (Relation.complement, "goes with"), (.substitute, "instead of it"),
        ] {
            let related = try await client.related(to: id, by: [relation], count: 3)
            var table = Table([name, "title", ">score"])
            for item in related.items {
                table.add([
                    item.itemID, item.title.truncated(to: 40), SlateText.score(item.score),
                ])
            }
            try Output.print(table.render(indent: 3))
        }
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

    /// Asks, prints and keeps what was answered.
    private mutating func play(
        _ who: String, _ context: Context, _ options: SlateOptions
    ) async throws {
        let slate = try await client.recommend(for: context, options)
        let basket = context.basket.map { id -> String in
            let item = shop.dataset.items.index(of: id).map { Int($0) } ?? 0
            let price = String(format: "%.2f", shop.dataset.catalog.prices[item])
            return "\(shop.dataset.catalog.titles[item]) (\(id), \(price))"
        }
        try Output.print("\n   \(who)\(basket.isEmpty ? "" : ":")")
        for item in basket { try Output.print("     basket: \(item)") }
        try Output.print(SlateText.render(slate, indent: 3))
        scenes.append(DemoScene(title: who, basket: basket, slate: slate))
    }

    private var busiestShopper: String { shoppers.first ?? "" }

    /// Those with the most events first.
    private var shoppers: [String] {
        var counts = Array(repeating: 0, count: shop.dataset.users.count)
        for user in shop.dataset.events.users where user >= 0 { counts[Int(user)] += 1 }
        return counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
            .map { shop.dataset.users[$0] }
    }
}
