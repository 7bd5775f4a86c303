import Evaluation
import Interactions
import ModelParts
import Models
import Testing

/// Which models can be asked about a basket of a shopper whom they do not know.
@Suite struct BasketModelsTests {
    private static let context = TrainingContext(threads: 2, seed: 1)

    /// Two or three baskets for each of 60 users, some of it again and again.
    private static func plan() throws -> EvaluationPlan {
        var generator = SeededGenerator(seed: 8)
        var events: [(user: Int32, item: Int32, time: Int64, basket: Int32)] = []
        for basket in 0..<Int32(150) {
            for _ in 0..<4 {
                let item = Int32.random(in: 0..<30, using: &generator)
                events.append((basket % 60, item, Int64(basket) * 86_400, basket))
            }
        }
        var dataset = makeDataset(users: 60, items: 30, baskets: 150, events)
        for item in 0..<30 { dataset.catalog.update(item: item, category: ["c\(item % 3)"]) }
        return try EventSplits(dataset: dataset, seed: 1).makeBasketPlan(
            BasketCompletion(itemBasketsMin: 1), at: [5])
    }

    @Test(arguments: ModelRegistry.all.map(\.name))
    func `what a model says of baskets before it is trained is what its parts can do`(
        name: String
    ) throws {
        let split = try #require(try Self.plan().splits.first)
        let task = try #require(split.tasks.first)
        try #require(task.context == .basket)
        let entry = try ModelRegistry.entry(name)
        let model = try entry.make(
            entry.axes.contains { $0.name == "epochs" } ? ["epochs": 1] : [:])
        var data = split.training
        if entry.predictsRatings {
            let pairs = data.interactions
            data.hasRatings = true
            data.interactions = SparseMatrix(
                rows: pairs.rows, columnCount: pairs.columnCount, rowOffsets: pairs.rowOffsets,
                columns: pairs.columns, values: pairs.columns.map { Float($0 % 5) })
        }
        let parts = try model.train(on: data, with: Self.context)
        let scorer = Result { try BatchScorer(parts: parts, task: task, threads: 1) }
        #expect(model.answersBaskets == ((try? scorer.get()) != nil))
    }

    /// Knows only its users, and must not be trained where a protocol asks with baskets.
    private struct Personal: Recommender {
        static let name = "personal"
        let answersBaskets = false
        let hyperparameters: [String: Double] = [:]

        func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
            -> ModelParts
        {
            Issue.record("trained for nothing")
            return ModelParts(popularity: data.popularity)
        }
    }

    @Test func `a model that a protocol cannot ask is refused before it is trained`() throws {
        struct Other: Recommender {
            static let name = "other"
            let base = Personal()
            var answersBaskets: Bool { base.answersBaskets }
            var hyperparameters: [String: Double] { base.hyperparameters }

            func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
                -> ModelParts
            { try base.fit(on: data, with: context) }
        }
        let (one, other) = (ModelEntry(Personal()), ModelEntry(Other()))
        for entry in [one, ModelEntry(blending: [one, other])] {
            let result = try Contest(plan: Self.plan()).run(entry, context: Self.context)
            guard case .refused(entry.name, let reason) = result else {
                Issue.record("\(result)")
                return
            }
            #expect(reason.contains("it knows only users it was trained on"))
        }
    }

    @Test(arguments: [1, 2])
    func `a blend is asked where one of its models can be, however many settings are tried`(
        trials: Int
    ) throws {
        let result = try Contest(plan: Self.plan(), trialsMax: trials).run(
            try ModelRegistry.entry("item-knn+tifu-knn"), context: Self.context)
        guard case .judged(let model) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(model.name == "item-knn+tifu-knn")
    }
}
