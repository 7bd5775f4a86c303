import Evaluation
import Interactions
import ModelParts
import Models
import Testing

/// Scores items by number, upwards or downwards, or refuses.
private struct Directed: Recommender {
    static let name = "directed"
    var slope = 1.0
    var power = 1
    var hyperparameters: [String: Double] { ["slope": slope, "power": Double(power)] }

    func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        guard slope != 0 else { throw TrainingError("directed: slope must not be 0") }
        let items = data.interactions.columnCount
        return ModelParts(popularity: (0..<items).map { Float(slope) * Float($0) })
    }
}

@Suite struct ContestTests {
    private static let entry = ModelEntry(
        Directed(), Parameter("slope", \.slope, try: [0, -1, -2]), Parameter("power", \.power))
    private let context = TrainingContext(threads: 2, seed: 1)

    /// Everyone takes low numbers, in training and later.
    private var plan: EvaluationPlan {
        get throws {
            try GivenSplit(
                train: ("train", (0..<30).map { "\($0) 0 1 2 3 4 5 \(30 + $0)" }),
                test: ("test", (0..<30).map { "\($0) 6 7" })
            ).makePlan(at: [5])
        }
    }

    @Test func `a search finds on validation data what the test data then confirms`() throws {
        for (trials, expected) in [(1, 1.0), (2, 1.0), (3, -1.0), (9, -1.0)] {
            let result = try Contest(plan: plan, trialsMax: trials).run(
                Self.entry, context: context)
            guard case .judged(let model) = result else {
                Issue.record("\(result)")
                return
            }
            #expect(model.hyperparameters == [["slope": expected, "power": 1]], "\(trials)")
            #expect(model.trials == (trials == 1 ? 0 : min(trials, 4)))
            #expect(model.judgement.mean(Measure(.hitRate, at: 5)) == (expected < 0 ? 1 : 0))
        }
    }

    @Test func `what is set is not searched`() throws {
        let result = try Contest(plan: plan, trialsMax: 9).run(
            Self.entry, set: ["slope": 3], context: context)
        guard case .judged(let model) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(model.hyperparameters == [["slope": 3, "power": 1]])
    }

    @Test func `a model that the data does not suit is refused with its reason`() throws {
        for (entry, values, reason) in [
            (Self.entry, ["slope": 0.0], "directed: slope must not be 0"),
            (ModelEntry(CoPurchase()), [:], "copurchase: no baskets"),
        ] {
            let result = try Contest(plan: plan).run(entry, set: values, context: context)
            guard case .refused(let name, let found) = result else {
                Issue.record("\(result)")
                return
            }
            #expect(name == entry.name && found.hasPrefix(reason))
        }
    }

    @Test func `models that predict ratings are held to the ratings given`() throws {
        // Item i is always rated i + 1, and the model predicts i: an error of 1 but for item 0,
        // where 0 counts as 1.
        var dataset = makeDataset(users: 12, items: 4, [])
        for user in 0..<Int32(12) {
            for item in 0..<Int32(4) {
                dataset.events.append(
                    user: user, item: item, kind: .rating, value: Float(item + 1))
            }
        }
        let plan = try EventSplits(dataset: dataset).makeFoldPlan(folds: 4, at: [2])
        for predicts in [true, false] {
            let entry = ModelEntry(Directed(), predictsRatings: predicts)
            guard case .judged(let model) = try Contest(plan: plan).run(entry, context: context)
            else {
                Issue.record("refused")
                return
            }
            #expect((model.ratings != nil) == predicts)
            guard let ratings = model.ratings else { continue }
            #expect(ratings.count == 48)
            #expect(abs(ratings.rmse - 0.75.squareRoot()) < 1e-6)
            #expect(ratings.accuracy == 0.25)
        }
    }

    @Test func `the standings put the best first and say how sure that is`() throws {
        let models = try [1.0, -1, -3].map { slope in
            let result = try Contest(plan: plan).run(
                Self.entry, set: ["slope": slope], context: context)
            guard case .judged(let model) = result else { throw EvaluationError("\(result)") }
            return model
        }
        let leading = Measure(.ndcg, at: 5)
        let standings = Standings(models, leading: leading, seed: 1, threads: 2)
        #expect(standings.rows.map { $0.model.hyperparameters[0]["slope"]! } == [-1, -3, 1])
        #expect(standings.rows[0].pAgainstLeader == nil)
        #expect(standings.rows[1].pAgainstLeader == 1)
        #expect(try #require(standings.rows[2].pAgainstLeader) < 0.001)
        let figure = try #require(standings.rows[0].figures[leading])
        #expect(abs(figure.mean - 1) < 1e-6 && figure.interval == Interval(low: 1, high: 1))
    }

    @Test func `hyperparameters are set by name, and nothing else is`() throws {
        let model = try ModelRegistry.entry("ials").make(["dimensions": 8, "regularization": 0.5])
        #expect(model.hyperparameters["dimensions"] == 8)
        #expect(model.hyperparameters["regularization"] == 0.5)
        for (values, reason) in [
            (["size": 3.0], "ials has no hyperparameter 'size'"),
            (["dimensions": 8.5], "ials.dimensions must be a whole number"),
            (["regularization": .nan], "ials.regularization must be a number"),
        ] {
            let error = #expect(throws: EvaluationError.self) {
                try ModelRegistry.entry("ials").make(values)
            }
            #expect(error?.description.hasPrefix(reason) == true)
        }
        let knn = try ModelRegistry.entry("item-knn")
        #expect(try knn.make(["similarity": 2]).hyperparameters["similarity"] == 2)
        for value in [-1.0, 9] {
            let outside = #expect(throws: EvaluationError.self) {
                try knn.make(["similarity": value])
            }
            #expect(outside?.description.contains("must be one of 0 (cosine), 1 (jac") == true)
        }
        #expect(try knn.value("cosine", of: "similarity") == 0)
        #expect(try knn.value("4", of: "similarity") == 4)
        #expect(knn.text(4, of: "similarity") == "asymmetric-cosine")
        let unknown = #expect(throws: EvaluationError.self) {
            try knn.value("euclid", of: "similarity")
        }
        #expect(unknown?.description.contains("must be one of cosine, jaccard") == true)
        let error = #expect(throws: EvaluationError.self) { try ModelRegistry.entry("magic") }
        #expect(error?.description.contains("popularity") == true)
    }

    @Test(arguments: ModelRegistry.names)
    func `what can be set is what the manifest records`(name: String) throws {
        let entry = try ModelRegistry.entry(name)
        #expect(entry.axes.map(\.name).sorted() == entry.standards.keys.sorted())
        for axis in entry.axes {
            #expect(axis.note.hasSuffix("."), "\(axis.name)")
            #expect(axis.value(axis.text(axis.standard)) != nil, "\(axis.name)")
            #expect(entry.standards[axis.name] == axis.standard, "\(axis.name)")
            for value in axis.values {
                let model = try entry.make([axis.name: value])
                let recorded = try #require(model.hyperparameters[axis.name])
                #expect(abs(recorded - value) <= 1e-6 * abs(value), "\(axis.name)")
            }
        }
        #expect(ModelRegistry.names.count { $0 == name } == 1)
    }
}
