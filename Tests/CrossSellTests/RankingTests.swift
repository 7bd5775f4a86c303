import Bundles
import CrossSell
import Evaluation
import Interactions
import ModelParts
import Models
import ReferenceScorer
import Testing

/// The engine against a plain ranking of every item, over random models and queries.
@Suite struct RankingTests {
    static let shapes: [RandomShop] = [
        RandomShop(seed: 1),
        RandomShop(seed: 2, dimensions: 16),
        RandomShop(seed: 3, hasUserVectors: false),
        RandomShop(seed: 4, hasFoldIn: false),
        RandomShop(seed: 5, hasUserVectors: false, hasFoldIn: false),
        RandomShop(seed: 6, hasNeighbors: false),
        RandomShop(seed: 7, hasEmbeddings: false),
        RandomShop(seed: 8, hasEmbeddings: false, hasNeighbors: false),
        RandomShop(seed: 10, items: 600, dimensions: 20, categories: 40),
        RandomShop(seed: 9, items: 3, users: 1, dimensions: 1, categories: 1),
        RandomShop(seed: 41, hasItemWeights: true, hasUserLists: true, ranker: .init()),
        RandomShop(
            seed: 42, hasItemWeights: true,
            ranker: .init(features: [.product, .itemWeights])),
        RandomShop(
            seed: 43, hasUserVectors: false, hasItemWeights: true, hasUserLists: true,
            ranker: .init(widths: [20, 7], usesVectors: true)),
        RandomShop(
            seed: 44, dimensions: 16, hasItemWeights: true, hasUserLists: true,
            ranker: .init(widths: [16])),
        RandomShop(
            seed: 45, hasEmbeddings: false, hasItemWeights: true,
            ranker: .init(
                features: [.popularity, .complement, .itemWeights, .historyLength], widths: [5])),
        RandomShop(
            seed: 46, items: 500, dimensions: 20, categories: 40, hasItemWeights: true,
            hasUserLists: true, ranker: .init(widths: [32, 16], usesVectors: true)),
        RandomShop(seed: 51, hasVariants: true),
        RandomShop(seed: 52, hasEmbeddings: false, hasVariants: true),
        RandomShop(seed: 53, items: 600, dimensions: 20, categories: 40, hasVariants: true),
        RandomShop(
            seed: 54, dimensions: 16, hasItemWeights: true, hasUserLists: true, hasVariants: true,
            ranker: .init(widths: [16])),
    ]

    @Test("Slates are those of the plain ranking", arguments: shapes)
    func slates(shop: RandomShop) throws {
        let bundle = shop.makeBundle()
        let engine = try Engine(bundle.serve())
        var random = SeededGenerator(seed: shop.seed + 100)
        for round in 0..<150 {
            let ask = Ask.random(items: shop.items, users: shop.users, using: &random)
            check(engine.answer(ask), ask, ReferenceRanking(bundle), "\(shop), round \(round)")
        }
    }

    @Test("Slates follow what is put and deleted while serving")
    func changes() throws {
        let shop = RandomShop(seed: 11)
        let bundle = shop.makeBundle()
        let model = try bundle.serve()
        let engine = try Engine(model)
        var reference = ReferenceRanking(bundle)
        var random = SeededGenerator(seed: 12)
        for round in 0..<150 {
            // Ids up to three past the catalog's.
            let number = Int.random(in: 0..<shop.items + 3, using: &random)
            let id = RandomShop.item(number)
            if number < shop.items || Bool.random(using: &random) {
                let vector = (0..<shop.dimensions).map { _ in Float(random.nextNormal() * 0.3) }
                try model.put(id, vector)
                reference.vectors[id] = vector.map(Double.init)
                if number >= shop.items { reference.extraOrdinals[id] = number }
            } else {
                model.delete(id)
                reference.vectors[id] = nil
            }
            var ask = Ask.random(items: shop.items, users: shop.users, using: &random)
            // What was put has no popularity, so only a user vector finds it.
            ask.user = "u0"
            check(engine.answer(ask), ask, reference, "seed 12, round \(round)")
        }
    }

    @Test("Items whose vector was deleted fill a slate only where others do not")
    func deleted() throws {
        let shop = RandomShop(seed: 13, hasNeighbors: false)
        let bundle = shop.makeBundle()
        let model = try bundle.serve()
        let engine = try Engine(model)
        let deleted = Set((0..<shop.items / 2).map(RandomShop.item))
        deleted.forEach(model.delete)
        var ask = Ask(user: "u1", k: 20, includesPurchased: true, includesOutOfStock: true)
        let slate = engine.answer(ask)
        #expect(slate.tier == .full && slate.items.count == 20)
        #expect(deleted.isDisjoint(with: slate.ids))
        ask.k = 1_000
        let all = engine.answer(ask)
        #expect(Set(all.ids) == Set((0..<shop.items).map(RandomShop.item)))
        #expect(all.items.allSatisfy { $0.score == 0 || !deleted.contains($0.id) })
    }

    @Test("Score gives every item the number that Recommend gives it", arguments: shapes)
    func scores(shop: RandomShop) throws {
        let model = try shop.makeBundle().serve()
        if model.dimensions > 0 {
            model.delete("i0")
            try model.put(
                "new", (0..<model.dimensions).map { Float($0) * 0.1 })
        }
        let engine = try Engine(model)
        var random = SeededGenerator(seed: shop.seed + 200)
        for round in 0..<60 {
            var ask = Ask.random(items: shop.items, users: shop.users, using: &random)
            let slate = engine.answer(ask)
            ask.exclusions = ["i1", "i2"]
            let scored = engine.scores(of: slate.ids + ["nothing", "", "i0"], ask)
            #expect(scored.tier == slate.tier, "\(shop), round \(round)")
            #expect(
                Array(scored.scores.prefix(slate.ids.count)) == slate.items.map(\.score),
                "\(shop), round \(round), \(ask)")
            let count = UInt32(slate.ids.count)
            #expect(scored.unknown == [count, count + 1], "\(shop), round \(round)")
            #expect(scored.scores[slate.ids.count].isNaN && !scored.scores.last!.isNaN)
        }
    }

    @Test("An item's score does not depend on the others asked about, nor on their number")
    func independence() throws {
        let shop = RandomShop(seed: 21, items: 300)
        let engine = try Engine(shop.makeBundle().serve())
        let ask = Ask(user: "u1", basket: ["i5"])
        let all = (0..<300).map(RandomShop.item)
        let together = engine.scores(of: all + all, ask).scores
        #expect(Array(together.prefix(300)) == Array(together.suffix(300)))
        for item in stride(from: 0, to: 300, by: 37) {
            #expect(engine.scores(of: [all[item]], ask).scores == [together[item]])
        }
    }

    @Test("Candidates go through the deep part 512 at a time, the best by the wide part first")
    func blocks() throws {
        let shop = RandomShop(
            seed: 51, items: 700, hasItemWeights: true,
            ranker: .init(widths: [16, 8], usesVectors: true))
        let bundle = shop.makeBundle()
        let ranker = try #require(bundle.parts.ranker)
        let engine = try Engine(bundle.serve())
        let reference = ReferenceRanking(bundle)
        let ask = Ask(user: "u1", k: 700, includesOutOfStock: true)
        let context = reference.context(ask)
        let parts = reference.scores(by: ranker, context)
        let slate = engine.answer(ask)
        #expect(slate.items.count == parts.count - context.past.count)
        for item in slate.items {
            let part = try #require(parts[item.id])
            #expect(abs(Double(item.score) - part.wide - part.deep) < 2e-4)
        }
        let (first, rest) = (slate.items.prefix(512), slate.items.dropFirst(512))
        for block in [first, rest] {
            #expect(block.map(\.score) == block.map(\.score).sorted(by: >))
        }
        let least = first.map { parts[$0.id]!.wide }.min()!
        #expect(rest.allSatisfy { parts[$0.id]!.wide < least + 1e-5 })
    }

    @Test("What evaluation ranks by is what is served", arguments: [41, 43, 44, 46, 51])
    func evaluation(seed: UInt64) throws {
        let shop = RandomShop(
            seed: seed, items: 600, hasUserVectors: seed != 43, hasItemWeights: true,
            hasUserLists: true,
            ranker: .init(widths: seed == 41 ? [] : [24, 8], usesVectors: seed % 2 == 1))
        let bundle = shop.makeBundle()
        let histories = try #require(bundle.histories)
        let sorted = SparseMatrix(
            rows: shop.users, columnCount: shop.items,
            entries: (0..<shop.users).flatMap { user in
                histories.row(user).map { (Int32(user), histories.columns[$0], Float(1)) }
            })
        let task = RankingTask(
            users: (0..<Int32(shop.users)).map { $0 }, contexts: sorted, relevant: sorted,
            excludesContext: true)
        let scorer = try BatchScorer(parts: bundle.parts, task: task, threads: 1)
        let engine = try Engine(bundle.serve())
        let all = (0..<shop.items).map(RandomShop.item)
        let expected = (0..<shop.users).map { engine.scores(of: all, Ask(user: "u\($0)")).scores }
        let tiers = (0..<shop.users).map { engine.answer(Ask(user: "u\($0)")).tier }
        scorer.forEachQuery { _, query, scores in
            guard tiers[query] == .full else { return }
            let ranked = scores.indices.filter { scores[$0] > BatchScorer.excluded }
                .sorted { scores[$0] > scores[$1] }
            for item in ranked.prefix(RankerNetwork.blockMax) {
                #expect(abs(scores[item] - expected[query][item]) < 1e-4, "\(query) \(item)")
            }
            let reference = PartsScorer(parts: bundle.parts, histories: sorted)
                .scores(user: query, candidates: ranked.prefix(50).map { Int32($0) })
            for (item, score) in zip(ranked, reference) {
                #expect(abs(scores[item] - score) < 1e-4, "\(query) \(item)")
            }
        }
    }

    private func check(
        _ answer: Answer, _ ask: Ask, _ reference: ReferenceRanking, _ label: String
    ) {
        let context = reference.context(ask)
        let expected = reference.slate(ask, context)
        let scores = reference.scores(context)
        let comment = Comment(rawValue: "\(label): \(ask)")
        #expect(answer.tier == context.tier, comment)
        #expect(answer.unknown.sorted() == context.unknown.sorted(), comment)
        // Where variants and another limit both take places, which of them fill a slate depends on the
        // order in which candidates are looked through.
        let hasTwoLimits =
            (ask.perCategoryMax > 0 || ask.perBasketItemMax > 0)
            && reference.allIDs.contains { !reference.group($0).isEmpty }
        #expect(hasTwoLimits || answer.items.count == expected.count, comment)
        #expect(Set(answer.ids).count == answer.ids.count, comment)
        #expect(
            answer.ids.allSatisfy { reference.isAllowed($0, ask, context) }, comment)
        if ask.perCategoryMax > 0 {
            let counts = Dictionary(grouping: answer.ids, by: reference.category)
            #expect(
                counts.allSatisfy { $0.key.isEmpty || $0.value.count <= ask.perCategoryMax },
                comment)
        }
        let groups = answer.ids.map(reference.group).filter { !$0.isEmpty }
        #expect(Set(groups).count == groups.count, comment)
        // With limits on places or boosts only the best 2 k + 50 items are in the running, not all of
        // them.
        let isPlain =
            ask.perCategoryMax == 0 && ask.perBasketItemMax == 0 && ask.itemBoosts.isEmpty
            && ask.categoryBoosts.isEmpty
            && reference.allIDs.allSatisfy { reference.group($0).isEmpty }
        guard isPlain || reference.allIDs.count <= 2 * ask.k + 50 else { return }
        // Items of nearly the same score may change places.
        for (item, wanted) in zip(answer.items, expected) {
            #expect(abs(Double(item.score) - wanted.score) < 2e-4, comment)
            #expect(abs(Double(item.score) - scores[item.id]!) < 2e-4, comment)
        }
    }
}
