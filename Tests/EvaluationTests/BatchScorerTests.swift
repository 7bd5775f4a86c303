import CKernels
import Evaluation
import Interactions
import ModelParts
import Models
import ReferenceScorer
import Testing

@Suite struct BatchScorerTests {
    private static let context = TrainingContext(threads: 2, seed: 3)

    private func task(_ data: TrainingData, excluding: Bool) -> RankingTask {
        RankingTask(
            users: (0..<Int32(data.interactions.rows)).map { $0 }, contexts: data.interactions,
            relevant: data.interactions, excludesContext: excluding)
    }

    /// Parts of every kind that the scorer knows.
    static func parts(_ data: TrainingData) throws -> [String: ModelParts] {
        var ials = IALS()
        ials.dimensions = 17
        ials.epochs = 2
        let factors = try ials.train(on: data, with: context)
        var folded = factors
        folded.embeddings?.users = nil
        let pairs = try CoPurchase().train(on: data, with: context)
        var weights = ModelParts(popularity: data.popularity)
        weights.itemWeights = pairs.neighbors[.complement]
        return [
            "vectors": factors, "folding in": folded, "neighbors": pairs, "weights": weights,
            "popularity": ModelParts(popularity: data.popularity),
        ]
    }

    @Test(arguments: ["vectors", "folding in", "neighbors", "weights", "popularity"])
    func `scores are those of a plain loop`(kind: String) throws {
        let data = makeRandomData(users: 53, items: 71, pairs: 900, seed: 5)
        let parts = try #require(try Self.parts(data)[kind])
        var plain = parts
        // The plain scorer's neighbors sum the same lists.
        if let weights = parts.itemWeights { plain.neighbors[.complement] = weights }
        plain.itemWeights = nil
        let reference = PartsScorer(parts: plain, histories: data.interactions)
        let items = Array(0..<Int32(71))
        let expected = (0..<53).map { reference.scores(user: $0, candidates: items) }
        let scorer = try BatchScorer(parts: parts, task: task(data, excluding: true), threads: 2)
        let histories = (0..<53).map { Set(data.interactions.columns[data.interactions.row($0)]) }
        scorer.forEachQuery { _, query, scores in
            for item in 0..<71 {
                if histories[query].contains(Int32(item)) {
                    #expect(scores[item] == BatchScorer.excluded)
                } else {
                    #expect(abs(scores[item] - expected[query][item]) < 1e-4, "\(query) \(item)")
                }
            }
        }
    }

    @Test func `the best items are those of a full sort`() throws {
        let data = makeRandomData(users: 40, items: 333, pairs: 4_000, seed: 6)
        for (kind, parts) in try Self.parts(data) {
            let scorer = try BatchScorer(
                parts: parts, task: task(data, excluding: true), threads: 2)
            for k in [1, 2, 7, 50, 333, 400] {
                let best = scorer.topItems(k)
                scorer.forEachQuery { _, query, scores in
                    let found = best[query * k..<(query + 1) * k].filter { $0 >= 0 }
                    let allowed = scores.count { $0 > BatchScorer.excluded }
                    #expect(found.count == min(k, allowed), "\(kind), \(k)")
                    #expect(Set(found).count == found.count)
                    let sorted = scores.sorted(by: >).prefix(k).filter {
                        $0 > BatchScorer.excluded
                    }
                    #expect(found.map { scores[Int($0)] } == Array(sorted), "\(kind), \(k)")
                }
            }
        }
    }

    @Test func `the best items do not depend on the number of threads`() throws {
        let data = makeRandomData(users: 200, items: 150, pairs: 4_000, seed: 7)
        for (kind, parts) in try Self.parts(data) {
            let lists = try [1, 2, 5].map {
                try BatchScorer(parts: parts, task: task(data, excluding: true), threads: $0)
                    .topItems(20)
            }
            #expect(lists[0] == lists[1] && lists[0] == lists[2], "\(kind)")
        }
    }

    @Test func `user lists rank what they hold and nothing else`() throws {
        let data = makeRandomData(users: 2, items: 5, pairs: 6, seed: 8)
        var parts = ModelParts(popularity: data.popularity)
        parts.userLists = NeighborLists(
            offsets: [0, 3, 4], items: [4, 0, 2, 1], scores: [9, 5, 1, 2],
            lifts: [0, 0, 0, 0], confidences: [0, 0, 0, 0])
        let scorer = try BatchScorer(parts: parts, task: task(data, excluding: false), threads: 1)
        #expect(scorer.topItems(4) == [4, 0, 2, -1, 1, -1, -1, -1])
    }

    @Test func `models that know users alone refuse baskets`() throws {
        let data = makeRandomData(users: 9, items: 8, pairs: 60, seed: 9)
        var basket = task(data, excluding: true)
        basket.context = .basket
        var parts = try #require(try Self.parts(data)["vectors"])
        parts.embeddings?.foldIn = nil
        let error = #expect(throws: EvaluationError.self) {
            try BatchScorer(parts: parts, task: basket, threads: 1)
        }
        #expect(try #require(error).description.contains("only users it was trained on"))
    }

    @Test(arguments: [0, 1, 15, 16, 31, 32, 33, 64, 65, 100])
    func `equal scores stand in an order of their own, and NaN nowhere`(count: Int) {
        var keys = Array(repeating: UInt64(0), count: 2 * count + Int(SC_RANK_ITEMS) + 2)
        var best = Array(repeating: Int32(-1), count: count + 1)
        let equal = Array(repeating: Float(-0.5), count: count)
        #expect(sc_rank_top(equal, count, count + 1, &keys, &best) == count)
        #expect(Set(best.prefix(count)) == Set(0..<Int32(count)))
        if count > 30 { #expect(Array(best.prefix(count)) != Array(0..<Int32(count))) }
        var mixed = equal
        for i in stride(from: 0, to: count, by: 2) { mixed[i] = i % 4 == 0 ? .nan : -.infinity }
        #expect(sc_rank_top(mixed, count, count + 1, &keys, &best) == count / 2)
        let standing = sc_rank_count(mixed, count, -0.5)
        #expect(standing.higher == 0 && standing.tied == count / 2)
    }
}
