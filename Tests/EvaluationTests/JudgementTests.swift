import Evaluation
import Foundation
import Interactions
import Models
import Testing

@Suite struct JudgementTests {
    /// Six items that score 6 down to 1; the user took item 0, and 2 and 4 are relevant.
    private func judge(
        excluding: Bool, relevant: [[Int32]] = [[2, 4]], candidates: [[Int32]]? = nil
    ) throws -> Judgement {
        let task = RankingTask(
            users: [0], contexts: makeMatrix([[0]], columns: 6),
            relevant: makeMatrix(relevant, columns: 6),
            candidates: candidates.map { makeMatrix($0, columns: 6) }, excludesContext: excluding)
        let scorer = try BatchScorer(
            parts: makeParts(scores: [6, 5, 4, 3, 2, 1]), task: task, threads: 1)
        return Judgement(of: scorer, at: [1, 3])
    }

    private func expect(
        _ judgement: Judgement, _ expected: [String: Double],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for (name, value) in expected {
            let measure = try #require(Measure(name: name))
            #expect(
                abs(judgement.mean(measure) - value) < 1e-6,
                "\(name) is \(judgement.mean(measure)), not \(value)",
                sourceLocation: sourceLocation)
        }
    }

    @Test func `a full ranking scores as the formulas say`() throws {
        // Ranked 1, 2, 3, 4, 5: hits at places 2 and 4. Of 2 x 3 pairs, item 2 wins two and item 4
        // one.
        let judgement = try judge(excluding: true)
        try expect(
            judgement,
            [
                "hr@1": 0, "hr@3": 1, "recall@3": 0.5, "precision@3": 1.0 / 3,
                "ndcg@3": 1 / log2(3) / (1 + 1 / log2(3)), "map@3": 0.25, "mrr@3": 0.5,
                "mrr@1": 0, "auc": 0.5,
            ])
        #expect(!judgement.measures.contains(Measure(.repeatRecall, at: 3)))
        #expect(judgement.recommended == [0, 1, 1, 1, 0, 0])
    }

    @Test func `repeats and discoveries are told apart`() throws {
        // Ranked 0, 1, 2, ...: the repeat 0 is found at once, of the new 2 and 4 one in three
        // places.
        let judgement = try judge(excluding: false, relevant: [[0, 2, 4]])
        try expect(
            judgement,
            [
                "recall@3": 2.0 / 3, "repeat-recall@1": 1, "explore-recall@1": 0,
                "explore-recall@3": 0.5, "map@3": (1 + 2.0 / 3) / 3,
            ])
        let none = try judge(excluding: false, relevant: [[2]])
        #expect(none.mean(Measure(.repeatRecall, at: 3)).isNaN)
    }

    @Test func `given candidates stand against the held-out item alone`() throws {
        // Item 2 among 1, 3 and 5: second of four.
        let judgement = try judge(excluding: false, relevant: [[2]], candidates: [[1, 3, 5]])
        try expect(
            judgement,
            [
                "hr@1": 0, "hr@3": 1, "ndcg@3": 1 / log2(3), "mrr@3": 0.5, "map@3": 0.5,
                "auc": 2.0 / 3, "precision@3": 1.0 / 3,
            ])
        #expect(judgement.recommended == [0, 1, 1, 1, 0, 0])
    }

    @Test func `items that are not to be ranked are in no list and no pair`() throws {
        var task = RankingTask(
            users: [-1], contexts: makeMatrix([[0]], columns: 6),
            relevant: makeMatrix([[4]], columns: 6), context: .basket, excludesContext: true)
        task.unrankable = [1, 2]
        let scorer = try BatchScorer(
            parts: makeParts(scores: [6, 5, 4, 3, 2, 1]), task: task, threads: 1)
        let judgement = Judgement(of: scorer, at: [2])
        try expect(judgement, ["mrr@2": 0.5, "auc": 0.5])
        #expect(judgement.recommended == [0, 0, 0, 1, 1, 0])
    }

    @Test func `a model that likes all items alike has the AUC of chance`() throws {
        let task = RankingTask(
            users: [0], contexts: makeMatrix([[0]], columns: 6),
            relevant: makeMatrix([[2, 4]], columns: 6), excludesContext: true)
        let scorer = try BatchScorer(
            parts: makeParts(scores: [1, 1, 1, 1, 1, 1]), task: task, threads: 1)
        #expect(Judgement(of: scorer, at: [2]).mean(Measure(.auc)) == 0.5)
    }

    @Test func `measures are known by their names`() {
        #expect(Measure(name: "ndcg@10") == Measure(.ndcg, at: 10))
        #expect(Measure(name: "auc") == Measure(.auc))
        #expect(Measure(.reciprocalRank, at: 5).description == "mrr@5")
        for bad in ["ndcg", "ndcg@", "ndcg@0", "auc@3", "hits@3", "ndcg@1@2", ""] {
            #expect(Measure(name: bad) == nil, "\(bad)")
        }
    }

    @Test func `queries of two tasks are pooled, and seeds are averaged`() throws {
        let first = try judge(excluding: true)
        let second = try judge(excluding: true, relevant: [[1]])
        let both = first.appending(second)
        #expect(both.queryCount == 2)
        #expect(both.mean(Measure(.hitRate, at: 1)) == 0.5)
        #expect(both.recommended == [0, 2, 2, 2, 0, 0])
        let mean = Judgement.mean(of: [first, second])
        #expect(mean.queryCount == 1)
        #expect(mean.mean(Measure(.hitRate, at: 1)) == 0.5)
    }
}
