import Bundles
import CrossSell
import Interactions
import Models
import Testing

@Suite struct ReasonTests {
    /// Folded-in users with complements, which give the reasons their facts.
    private static let shop = RandomShop(seed: 31, items: 60, hasUserVectors: false)

    @Test("With a fold-in, an item's reason is its whole score and names an item of the context")
    func sum() throws {
        let bundle = Self.shop.makeBundle()
        let engine = try Engine(bundle.serve())
        let reference = ReferenceRanking(bundle)
        let lists = try #require(bundle.parts.neighbors[.complement])
        var random = SeededGenerator(seed: 32)
        var checked = 0
        for round in 0..<100 {
            var ask = Ask.random(items: 60, users: 8, using: &random)
            ask.wantsReasons = true
            let answer = engine.answer(ask)
            let context = reference.context(ask)
            for item in answer.items where answer.tier == .full {
                let comment = Comment(rawValue: "seed 32, round \(round), \(item)")
                // What speaks against an item is no reason to show it.
                guard item.score > 0 else {
                    #expect(item.reasons.isEmpty, comment)
                    continue
                }
                try #require(item.reasons.count == 1, comment)
                let reason = item.reasons[0]
                #expect(abs(reason.contribution - item.score) < 1e-5, comment)
                let cause = try #require(reason.item, comment)
                #expect(
                    (context.past + context.basket).contains(bundle.items[Int(cause)]), comment)
                let number = try #require(bundle.items.index(of: item.id))
                let edge = lists.range(of: Int(cause)).first { lists.items[$0] == number }
                #expect((reason.kind == .boughtTogether) == (edge != nil), comment)
                #expect(reason.lift == edge.map { lists.lifts[$0] } ?? 0, comment)
                checked += 1
            }
        }
        #expect(checked > 300)
    }

    @Test("A neighbor's reason is the edge of the basket item that speaks loudest for it")
    func edges() throws {
        let bundle = RandomShop(seed: 35, items: 60, hasEmbeddings: false).makeBundle()
        let lists = try #require(bundle.parts.neighbors[.complement])
        let engine = try Engine(bundle.serve())
        var ask = Ask(k: 60, includesOutOfStock: true)
        for first in 0..<20 {
            ask.basket = [RandomShop.item(first), RandomShop.item(first + 20)]
            let answer = engine.answer(ask)
            for item in answer.items {
                let number = bundle.items.index(of: item.id)!
                let edges = [first, first + 20].flatMap { basketItem in
                    lists.range(of: basketItem).filter { lists.items[$0] == number }.map {
                        (basketItem, $0)
                    }
                }
                let loudest = edges.max { lists.scores[$0.1] < lists.scores[$1.1] }
                let reason = item.reasons.first { $0.kind == .boughtTogether }
                #expect((loudest == nil) == (reason == nil), "\(ask.basket), \(item)")
                guard let loudest, let reason else { continue }
                #expect(reason.item == UInt32(loudest.0))
                #expect(reason.lift == lists.lifts[loudest.1])
                #expect(reason.confidence == lists.confidences[loudest.1])
            }
        }
    }

    @Test("Best sellers say so, with their share; and no reasons are given where none are wanted")
    func popular() throws {
        let bundle = Self.shop.makeBundle()
        let engine = try Engine(bundle.serve())
        let answer = engine.answer(Ask())
        #expect(answer.tier == .popular)
        for item in answer.items {
            #expect(item.reasons.map(\.kind) == [.popular])
            #expect(item.reasons[0].contribution == item.score && item.reasons[0].item == nil)
        }
        let plain = engine.answer(Ask(wantsReasons: false))
        #expect(plain.ids == answer.ids && plain.items.allSatisfy { $0.reasons.isEmpty })
    }

    @Test("An item put while serving can be a past item's reason")
    func newItem() throws {
        let shop = Self.shop
        let bundle = shop.makeBundle()
        let model = try bundle.serve()
        let vector = (0..<shop.dimensions).map { $0 == 0 ? Float(2) : 0 }
        try model.put("new", vector)
        let engine = try Engine(model)
        let answer = engine.answer(Ask(history: ["new"], k: 60))
        #expect(answer.tier == .full && answer.unknown.isEmpty)
        let causes = answer.items.flatMap(\.reasons).map(\.item)
        #expect(!causes.isEmpty && causes.allSatisfy { $0 == UInt32(shop.items) })
        #expect(!answer.ids.contains("new"))
        #expect(
            engine.answer(Ask(history: ["i1"], k: 61, includesOutOfStock: true)).ids.contains("new")
        )
    }

    @Test("The reasons of a weighted sum of models add up to its score")
    func rankers() throws {
        let shop = RandomShop(
            seed: 33, items: 60, hasUserVectors: false, hasItemWeights: true, hasUserLists: true,
            ranker: .init(features: [.product, .itemWeights, .userList, .complement]))
        let bundle = shop.makeBundle()
        let bias = try #require(bundle.parts.ranker).bias
        let engine = try Engine(bundle.serve())
        let reference = ReferenceRanking(bundle)
        var random = SeededGenerator(seed: 34)
        var checked = 0
        for round in 0..<100 {
            var ask = Ask.random(items: 60, users: 8, using: &random)
            ask.wantsReasons = true
            let answer = engine.answer(ask)
            let context = reference.context(ask)
            for item in answer.items where answer.tier == .full {
                let comment = Comment(rawValue: "seed 34, round \(round), \(item)")
                #expect(item.reasons.allSatisfy { $0.contribution > 0 })
                for reason in item.reasons {
                    guard let cause = reason.item.map({ bundle.items[Int($0)] }) else { continue }
                    #expect((context.past + context.basket).contains(cause), comment)
                }
                guard !item.reasons.isEmpty else { continue }
                let sum = item.reasons.reduce(bias) { $0 + $1.contribution }
                #expect(abs(sum - item.score) < 1e-4, comment)
                checked += 1
            }
        }
        #expect(checked > 300)
    }
}
