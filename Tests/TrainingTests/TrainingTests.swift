import Evaluation
import Interactions
import ModelParts
import Models
import Testing
import Training

/// Likes all items alike, at once.
private struct Quick: Recommender {
    static let name = "quick"
    var hyperparameters: [String: Double] { [:] }

    func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    { ModelParts(popularity: data.popularity) }
}

/// Trains until it is cancelled.
private struct Endless: Recommender {
    static let name = "endless"
    var hyperparameters: [String: Double] { [:] }

    func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        while !context.isCancelled() {}
        throw TrainingError("endless: training was cancelled")
    }
}

@Suite struct TrainingTests {
    /// Baskets of three of ten items in the order of time, each of one of 20 users.
    private static let shop: Dataset = {
        var generator = SeededGenerator(seed: 3)
        var dataset = Dataset()
        dataset.users = IdentifierTable((0..<20).map { "u\($0)" })
        dataset.items = IdentifierTable((0..<10).map { "i\($0)" })
        dataset.baskets = IdentifierTable((0..<200).map { "b\($0)" })
        dataset.catalog.grow(to: 10)
        for basket in 0..<Int32(200) {
            for item in (0..<Int32(10)).shuffled(using: &generator).prefix(3) {
                dataset.events.append(
                    user: basket % 20, item: item, time: Int64(basket), basket: basket)
            }
        }
        return dataset
    }()

    private func heats(_ budget: Duration) throws -> Heats {
        Heats(
            ModelSelection(threads: 1, seed: 1, budget: budget),
            plan: try EventSplits(dataset: Self.shop).makeBasketPlan(), report: { _ in })
    }

    @Test func `a candidate that takes too long is cancelled, and the best so far stands`() throws {
        var heats = try heats(.milliseconds(500))
        for (place, entry) in [
            ModelEntry(Quick()), ModelEntry(Endless()), ModelEntry(Quick()),
        ].enumerated() {
            try heats.judge((entry, [:]), place: place, of: 3)
        }
        #expect(heats.ranked.map(\.name) == ["quick", "quick"])
        #expect(heats.refusals.map(\.model) == ["endless"])
        #expect(heats.refusals[0].reason.contains("its share of the budget of 0.5 s"))
    }

    @Test func `nothing is started once the budget is used up`() throws {
        var heats = try heats(.zero)
        try heats.judge((ModelEntry(Endless()), [:]), place: 0, of: 1)
        #expect(heats.judged.isEmpty)
        #expect(heats.refusals.map(\.reason) == ["not tried, since the budget of 0 s was used up"])
        let selection = ModelSelection(threads: 1, seed: 1, budget: .zero)
        let error = #expect(throws: EvaluationError.self) {
            try selection.choose(for: Self.shop, report: { _ in })
        }
        #expect(error?.description.contains("not tried") == true)
    }

    @Test func `names and settings are checked before there is data`() {
        for (model, settings, reason) in [
            ("bogus", [], "no model is called 'bogus'"), ("ials,ease", [], "'ials,ease' names 2"),
            ("ials", ["slim.l1=1"], "slim is not among the models"),
            ("ials", ["dimensions=0.5"], "ials.dimensions must be a whole number"),
        ] {
            let error = #expect(throws: EvaluationError.self) {
                try TrainingJob(
                    model: model,
                    selection: ModelSelection(
                        threads: 1, seed: 1, settings: settings.compactMap { ModelSetting($0) }))
            }
            #expect(error?.description.contains(reason) == true, "\(model) \(settings)")
        }
    }

    @Test func `a job makes a bundle, and tells each part's time`() throws {
        let job = try TrainingJob(
            model: "popularity", selection: ModelSelection(threads: 1, seed: 1))
        let outcome = try job.run(on: Self.shop)
        #expect(outcome.bundle.info.kind == "popularity" && outcome.choice == nil)
        #expect(outcome.bundle.items.count == 10)
        #expect(outcome.timings.preparation > 0 && outcome.timings.bundle > 0)
    }
}
