import Bundles
import CrossSell
import EmbeddingStore
import Evaluation
import Interactions
import ModelParts
import Models
import RankerTraining
import SampleShop
import Testing

/// Whether the probabilities on slates are what happens.
@Suite struct ProbabilityTests {
    @Test func `an evaluation tells by bins how often what was given a probability happened`()
        throws
    {
        let shop = SampleShop(
            SampleShopOptions(items: 300, shoppers: 800, baskets: 8_000, seed: 5)
        ).dataset
        let split = try EventSplits(dataset: shop).makeBasketPlan(at: [10]).splits[0]
        var model = TwoStageRanker()
        (model.queriesMax, model.trees.treesMax) = (3_000, 60)
        func judge(_ model: some Recommender) throws -> Judgement {
            let parts = try model.train(
                on: split.training, with: TrainingContext(threads: 2, seed: 1))
            return Judgement(of: try EngineRanker.maker(parts, split, split.tasks[0], 2), at: [10])
        }
        let judgement = try judge(model)
        let probabilities = try #require(judgement.probabilities)
        let hits = judgement.figures(Measure(.hitRate, at: 10)).reduce(0, +)
        #expect(probabilities.happened == Int(hits))
        var told = 0
        for bin in probabilities.bins where bin.expected > 30 {
            told += 1
            // Poisson's deviation, four times, and a third for what changed since.
            let allowed = 4 * bin.expected.squareRoot() + 0.33 * bin.expected
            #expect(abs(Double(bin.happened) - bin.expected) < allowed, "\(bin)")
        }
        #expect(told >= 2)
        #expect(try judge(model.first).probabilities == nil)
    }

    @Test(
        "Of the baskets after those learned from, about as many take an item as its score says, by the trees and by the weighted sum alone",
        arguments: [true, false])
    func calibration(hasTrees: Bool) throws {
        let shop = SampleShop(
            SampleShopOptions(items: 300, shoppers: 800, baskets: 8_000, seed: 4)
        ).dataset
        let data = try TrainingData(dataset: shop)
        let (baskets, log) = (try #require(data.baskets), try #require(data.log))
        let dated = log.rowsByTime
        let cut = dated.count * 4 / 5
        let past = data.keepingBaskets(Array(dated[..<cut]))
        var model = TwoStageRanker()
        (model.queriesMax, model.trees.treesMax) = (3_000, 60)
        var parts = try model.train(on: past, with: TrainingContext(threads: 2, seed: 1))
        try #require(parts.ranker?.trees != nil && parts.ranker?.linear != nil)
        if !hasTrees { parts.ranker?.trees = nil }
        let engine = try Engine(
            Generation(
                ModelBundle(
                    numbering: parts, histories: past.historiesByTime,
                    itemCount: baskets.columnCount), storeBytesMax: 1 << 30, readersMax: 1))
        let ids = TextTable(count: baskets.columnCount) { "\($0)" }
        let users = TextTable(count: log.userCount) { "\($0)" }
        var (expected, hits) = (0.0, 0.0)
        var asked = 0
        var random = SeededGenerator(seed: 2)
        for row in dated[cut...] where baskets.row(row).count > 1 {
            let items = baskets.columns[baskets.row(row)].shuffled(using: &random)
            var query = Query()
            if log.users[row] >= 0 { query.user = users[Int(log.users[row])] }
            query.basket = items.dropFirst().map { ids[Int($0)] }
            (query.k, query.rules.includesPurchased, query.wantsReasons) = (3, true, false)
            guard engine.recommend(query) == .full else { continue }
            asked += 1
            for item in engine.slate {
                expected += Double(item.score)
                hits += item.ordinal == UInt32(items[0]) ? 1 : 0
            }
            engine.endTurn()
        }
        try #require(asked > 500)
        // Poisson's deviation, three times, and a fourth for what changed since.
        #expect(abs(hits - expected) < 3 * expected.squareRoot() + 0.25 * expected)
    }
}
