import Evaluation
import Interactions
import ModelParts
import Models
import RankerTraining
import SampleShop
import Testing

/// Both stages, taught and judged on a generated shop's year.
@Suite struct TwoStageRankerTests {
    private static let shop = SampleShop(
        SampleShopOptions(items: 300, shoppers: 800, baskets: 8_000, seed: 3)
    ).dataset

    private func train(_ model: TwoStageRanker, _ data: TrainingData, threads: Int = 2) throws
        -> ModelParts
    { try model.train(on: data, with: TrainingContext(threads: threads, seed: 5)) }

    private var quick: TwoStageRanker {
        var model = TwoStageRanker()
        (model.queriesMax, model.trees.treesMax) = (2_000, 40)
        return model
    }

    @Test(
        "Trees are kept where they rank held-out baskets better, and the same bytes at any thread count"
    )
    func trees() throws {
        let data = try TrainingData(dataset: Self.shop)
        let parts = try train(quick, data)
        let trees = try #require(parts.ranker?.trees)
        #expect(1...40 ~= trees.count)
        #expect(parts.profiles != nil && parts.itemWeights != nil)
        let linear = try #require(parts.ranker?.linear)
        #expect(!linear.weights.contains { !$0.isFinite } && linear.weights.contains { $0 != 0 })
        let again = try train(quick, data, threads: 1)
        #expect(again.ranker == parts.ranker)
        #expect(again.profiles == parts.profiles)
    }

    @Test("It serves held-out baskets better than its first stage")
    func lift() throws {
        let splits = EventSplits(dataset: Self.shop)
        let plan = try splits.makeBasketPlan()
        let figures = try ["slim", "lambdamart"].map { name in
            let run = try Contest(plan: plan).run(
                ModelRegistry.entry(name), context: TrainingContext(threads: 2, seed: 5))
            guard case .judged(let model) = run else {
                Issue.record("\(run)")
                return 0.0
            }
            return model.judgement.mean(plan.leading)
        }
        #expect(figures[1] > figures[0])
    }

    @Test("A weighted sum alone is kept where it surely ranks better, and never with trees")
    func linear() throws {
        let data = try TrainingData(dataset: Self.shop)
        var model = LinearRanker()
        model.stages.queriesMax = 2_000
        let ranker = try model.train(on: data, with: TrainingContext(threads: 2, seed: 5)).ranker
        #expect(ranker?.trees == nil)
        #expect(ranker == nil || ranker?.linear != nil)
        #expect(model.hyperparameters["trees_max"] == nil)
        #expect(model.hyperparameters["queries_max"] == 2_000)
    }

    @Test("Without times the first stage is the model, to the bit")
    func undated() throws {
        var dataset = Self.shop
        let events = dataset.events
        dataset.events = EventTable()
        for event in 0..<events.count {
            dataset.events.append(
                user: events.users[event], item: events.items[event], kind: events.kinds[event],
                value: events.values[event], basket: events.baskets[event])
        }
        let data = try TrainingData(dataset: dataset)
        let parts = try train(quick, data)
        let alone = try SLIM().train(on: data, with: TrainingContext(threads: 2, seed: 5))
        #expect(parts.ranker == nil && parts.profiles == nil)
        #expect(parts.itemWeights == alone.itemWeights)
    }

    @Test(
        "Settings out of range are refused by name",
        arguments: [
            ("newest_share", 1.0), ("queries_max", 0), ("negatives", 0), ("trees_max", 0),
            ("leaves_max", 65), ("learning_rate", 0), ("judging_share", 0),
            ("next_basket_share", 1), ("partial_share", 1.1), ("trees_l2", -1),
            ("leaf_rows_min", 0), ("truncation", 0),
        ])
    func settings(name: String, value: Double) throws {
        let model = try ModelRegistry.entry("lambdamart").make([name: value])
        let data = try TrainingData(dataset: Self.shop)
        #expect {
            try model.train(on: data, with: TrainingContext(threads: 1, seed: 1))
        } throws: { "\($0)".contains(name) }
    }
}
