import Bundles
import CrossSell
import Models
import SampleShop
import Testing

/// A small sample shop, trained as `sidecart train` would.
@Suite struct TrainedShopTests {
    private static let shop = SampleShop(
        SampleShopOptions(items: 300, shoppers: 600, baskets: 8_000, seed: 5))
    private static let bundle = Result { try train(seed: 1) }

    private static func train(seed: UInt64) throws -> ModelBundle {
        var ials = IALS()
        ials.dimensions = 16
        ials.epochs = 6
        let context = TrainingContext(threads: 2, seed: seed)
        let data = try TrainingData(dataset: shop.dataset)
        var parts = try ials.train(on: data, with: context)
        parts.neighbors = try CoPurchase().train(on: data, with: context).neighbors
        return ModelBundle(
            info: BundleInfo(version: "v", kind: IALS.name), items: shop.dataset.items,
            users: shop.dataset.users, catalog: shop.dataset.catalog, parts: parts,
            histories: data.interactions)
    }

    @Test("The planted complements come back at the top")
    func complements() throws {
        let engine = try Engine(Self.bundle.get().serve())
        var (found, wanted) = (0, 0)
        for group in Self.shop.groups {
            let ids = group.items.map { Self.shop.dataset.items[Int($0)] }
            let answer = engine.answer(Ask(basket: [ids[0]], k: 5, includesOutOfStock: true))
            found +=
                min(5, ids.count - 1)
                - max(0, min(5, ids.count - 1) - answer.ids.count { ids.contains($0) })
            wanted += min(5, ids.count - 1)
        }
        #expect(wanted > 20)
        #expect(Double(found) > 0.8 * Double(wanted), "\(found) of \(wanted)")
    }

    @Test("A shopper's own vector is what folding in her history gives")
    func foldIn() throws {
        let bundle = try Self.bundle.get()
        let engine = try Engine(bundle.serve())
        let histories = try #require(bundle.histories)
        for user in stride(from: 0, to: bundle.users.count, by: 41) {
            let history = histories.row(user).map { bundle.items[Int(histories.columns[$0])] }
            let stored = engine.answer(Ask(user: bundle.users[user], k: 20))
            let folded = engine.answer(Ask(history: history, k: 20))
            #expect(stored.tier == .full && folded.tier == .full)
            for (a, b) in zip(stored.items, folded.items) {
                // Her own vector was rounded to halves, which have 11 bits.
                #expect(abs(a.score - b.score) < 1e-3, "user \(user)")
            }
        }
    }

    @Test("The same training gives the same slates")
    func determinism() throws {
        let one = try Engine(Self.bundle.get().serve())
        let other = try Engine(Self.train(seed: 1).serve())
        for user in stride(from: 0, to: 600, by: 50) {
            let ask = Ask(user: Self.shop.dataset.users[user % Self.shop.dataset.users.count])
            let first = one.answer(ask)
            #expect(first == one.answer(ask))
            #expect(first == other.answer(ask))
        }
    }

    @Test("Repeats in basket, history and exclusions change nothing")
    func repeats() throws {
        let engine = try Engine(Self.bundle.get().serve())
        let ids = (0..<8).map { Self.shop.dataset.items[$0] }
        let once = Ask(
            basket: Array(ids[0..<2]), history: Array(ids[2..<6]), exclusions: Array(ids[6..<8]))
        var twice = once
        twice.basket += once.basket
        twice.history += once.history
        twice.exclusions += once.exclusions
        #expect(engine.answer(once) == engine.answer(twice))
    }
}
