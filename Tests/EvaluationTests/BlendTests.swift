import Evaluation
import Interactions
import ModelParts
import Models
import Testing

/// Gives back parts that were made before.
private struct Fixed: Recommender {
    static let name = "fixed"
    var parts: ModelParts
    var hyperparameters: [String: Double] { [:] }

    func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    { parts }
}

@Suite struct BlendTests {
    private let context = TrainingContext(threads: 2, seed: 1)
    private let users = 12
    private let items = 40

    private func random(_ generator: inout SeededGenerator) -> Float {
        Float(generator.next() >> 40) * 0x1p-24 - 0.5
    }

    private func matrix(_ rows: Int, _ columns: Int, _ generator: inout SeededGenerator) -> Matrix {
        Matrix(
            rows: rows, columns: columns,
            values: (0..<rows * columns).map { _ in random(&generator) })
    }

    private func lists(_ rows: Int, _ generator: inout SeededGenerator) -> NeighborLists {
        var offsets = [0]
        var entries: [(item: Int32, score: Float)] = []
        for _ in 0..<rows {
            let chosen = (0..<Int32(items)).shuffled(using: &generator).prefix(9)
            entries += chosen.map { ($0, random(&generator)) }.sorted { $0.1 > $1.1 }
            offsets.append(entries.count)
        }
        let zeros = Array(repeating: Float(0), count: entries.count)
        return NeighborLists(
            offsets: offsets, items: entries.map(\.item), scores: entries.map(\.score),
            lifts: zeros, confidences: zeros)
    }

    /// Two models of each kind that knows users, and one of neighbors.
    private func models(seed: UInt64) -> [ModelParts] {
        var generator = SeededGenerator(seed: seed)
        let popularity = (0..<items).map { Float($0) }
        var all: [ModelParts] = []
        for dimensions in [3, 5] {
            var parts = ModelParts(popularity: popularity)
            parts.embeddings = EmbeddingParts(
                items: matrix(items, dimensions, &generator),
                users: matrix(users, dimensions, &generator), foldIn: nil)
            all.append(parts)
        }
        for _ in 0..<2 {
            var parts = ModelParts(popularity: popularity)
            parts.itemWeights = lists(items, &generator)
            all.append(parts)
        }
        for _ in 0..<2 {
            var parts = ModelParts(popularity: popularity)
            parts.userLists = lists(users, &generator)
            all.append(parts)
        }
        var neighbors = ModelParts(popularity: popularity)
        neighbors.neighbors[.complement] = lists(items, &generator)
        return all + [neighbors, ModelParts(popularity: popularity)]
    }

    private func scores(_ parts: ModelParts, _ task: RankingTask) throws -> [[Float]] {
        let scorer = try BatchScorer(parts: parts, task: task, threads: 1)
        let all = UnsafeMutableBufferPointer<[Float]>.allocate(capacity: task.count)
        all.initialize(repeating: [])
        defer { all.deinitialize().deallocate() }
        nonisolated(unsafe) let target = all
        scorer.forEachQuery { _, query, scores in target[query] = Array(scores) }
        return Array(all)
    }

    private func task() -> RankingTask {
        let data = makeRandomData(users: users, items: items, pairs: 90, seed: 5)
        return RankingTask(
            users: (0..<users).map { Int32($0) }, contexts: data.interactions,
            relevant: makeMatrix((0..<users).map { [Int32($0)] }, columns: items),
            excludesContext: false)
    }

    @Test(arguments: [
        [0, 2], [0, 1, 2, 3], [2, 4, 6], [4, 5], [0, 1, 2, 3, 4, 5, 6, 7], [7, 0],
    ])
    func `a blend's score is the weighted sum of its models' scores`(chosen: [Int]) throws {
        let models = models(seed: 3)
        let weights = (0..<8).map { Float(0.5) + Float($0) / 4 }
        let task = task()
        let blend = try ModelParts.blend(
            chosen.map { (models[$0], weights[$0]) }, threads: 2)
        let found = try scores(blend, task)
        var parts = try chosen.map { try scores(models[$0], task) }
        // Best sellers would drown all else by their counts.
        if let place = chosen.firstIndex(of: 7) {
            parts[place] = parts[place].map { $0.map(RankerFeature.popularity) }
        }
        for query in 0..<task.count {
            for item in 0..<items {
                let expected = zip(chosen, parts).reduce(Float(0)) { sum, part in
                    let score = part.1[query][item]
                    return sum + (score > -.infinity ? weights[part.0] * score : 0)
                }
                // Joined vectors are rounded to halves.
                #expect(
                    abs(found[query][item] - expected) < 2e-3, "query \(query), item \(item)")
            }
        }
    }

    @Test func `two models of neighbors alone are refused`() throws {
        let neighbors = models(seed: 1)[6]
        #expect(throws: TrainingError.self) {
            try ModelParts.blend([(neighbors, 1), (neighbors, 1)], threads: 1)
        }
    }

    @Test func `a blend is called by its models' names and takes their settings`() throws {
        let entry = try ModelRegistry.entry("ials+ease")
        #expect(entry.name == "ials+ease")
        #expect(entry.hyperparameters(called: "dimensions", of: nil) == ["ials.dimensions"])
        #expect(entry.hyperparameters(called: "ease", of: "weight") == ["weight.ease"])
        #expect(
            entry.hyperparameters(called: "regularization", of: nil)
                == ["ials.regularization", "ease.regularization"])
        let blend = try entry.make(["ials.dimensions": 16, "weight.ease": 0.25])
        #expect(blend.hyperparameters["ials.dimensions"] == 16)
        #expect(blend.hyperparameters["weight.ease"] == 0.25)
        #expect(throws: EvaluationError.self) { try ModelRegistry.entry("ials+ials") }
        #expect(throws: EvaluationError.self) { try ModelRegistry.entry("ials+") }
        #expect(throws: EvaluationError.self) { try entry.make(["dimensions": 16]) }
    }

    @Test func `weights that are not set are found on validation data`() throws {
        // Everyone likes the items with low numbers; one model knows it and the other is against it.
        let plan = try GivenSplit(
            train: ("train", (0..<30).map { "\($0) 0 1 2 3 4 5 \(20 + $0 % 10)" }),
            test: ("test", (0..<30).map { "\($0) 6 7" })
        ).makePlan(at: [5])
        var right = ModelParts(popularity: Array(repeating: 0, count: 30))
        right.userLists = uniform { Float(30 - $0) }
        var wrong = ModelParts(popularity: Array(repeating: 0, count: 30))
        wrong.itemWeights = uniform { Float($0) }
        let entry = ModelEntry(blending: [
            ModelEntry(Fixed(parts: right)), ModelEntry(Other(parts: wrong)),
        ])
        guard case .judged(let model) = try Contest(plan: plan).run(entry, context: context)
        else {
            Issue.record("not judged")
            return
        }
        #expect(model.hyperparameters[0]["weight.other"] == 0, "\(model.hyperparameters)")
        #expect(model.judgement.mean(Measure(.hitRate, at: 5)) == 1)
        #expect(model.trials > 1)
        let set = try Contest(plan: plan).run(entry, set: ["weight.other": 10], context: context)
        guard case .judged(let spoiled) = set else {
            Issue.record("not judged")
            return
        }
        #expect(spoiled.hyperparameters[0]["weight.other"] == 10)
        #expect(spoiled.judgement.mean(Measure(.hitRate, at: 5)) == 0)
    }

    /// Thirty rows alike, of thirty items.
    private func uniform(_ score: (Int) -> Float) -> NeighborLists {
        let row = (0..<30).map { (Int32($0), score($0)) }.sorted { $0.1 > $1.1 }
        let count = 30 * row.count
        let zeros = Array(repeating: Float(0), count: count)
        return NeighborLists(
            offsets: (0...30).map { $0 * 30 },
            items: (0..<count).map { row[$0 % 30].0 }, scores: (0..<count).map { row[$0 % 30].1 },
            lifts: zeros, confidences: zeros)
    }
}

/// The same under another name.
private struct Other: Recommender {
    static let name = "other"
    var parts: ModelParts
    var hyperparameters: [String: Double] { [:] }

    func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    { parts }
}
