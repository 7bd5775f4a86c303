import Evaluation
import Foundation
import Testing

@Suite struct MetricsTests {
    @Test func `a third place scores as the formulas say`() {
        let third = Standing(of: 5, among: [9, 7, 4, 1])
        #expect(third == Standing(higher: 2, tied: 0))
        #expect(third.hitRate(at: 2) == 0)
        #expect(third.hitRate(at: 3) == 1)
        #expect(third.ndcg(at: 2) == 0)
        #expect(third.ndcg(at: 10) == 0.5)  // 1 / log2(4)
        #expect(abs(third.reciprocalRank(at: 10) - 1 / 3) < 1e-12)
    }

    @Test func `ties score the mean over their places`() {
        let tied = Standing(of: 5, among: [9, 5, 5, 1])
        #expect(tied == Standing(higher: 1, tied: 2))
        // Places 2, 3 and 4.
        #expect(abs(tied.hitRate(at: 3) - 2 / 3) < 1e-12)
        #expect(abs(tied.ndcg(at: 3) - (1 / log2(3) + 1 / log2(4)) / 3) < 1e-12)
        #expect(abs(tied.reciprocalRank(at: 10) - (1 / 2 + 1 / 3 + 1 / 4) / 3) < 1e-12)
    }

    @Test func `a model that gives all the same score gets what chance gives`() {
        let standing = Standing(of: 0, among: Array(repeating: 0, count: 99))
        #expect(abs(standing.hitRate(at: 10) - 0.1) < 1e-12)
    }

    @Test func `scores that are not numbers earn nothing`() {
        #expect(Standing(of: .nan, among: [1, 2]) == Standing(higher: 2, tied: 0))
        #expect(Standing(of: .nan, among: [.nan, 2]) == Standing(higher: 2, tied: 0))
        #expect(Standing(of: 3, among: [.nan, 2]) == Standing(higher: 1, tied: 0))
    }

    @Test func `measures of a list against several relevant items`() {
        let ranked = ["a", "b", "c", "d"]
        let relevant: Set = ["b", "d", "x"]
        #expect(Metrics.hitRate(ranked, relevant: relevant, at: 1) == 0)
        #expect(Metrics.hitRate(ranked, relevant: relevant, at: 2) == 1)
        #expect(Metrics.recall(ranked, relevant: relevant, at: 2) == 1.0 / 3)
        #expect(Metrics.recall(ranked, relevant: relevant, at: 10) == 2.0 / 3)
        #expect(Metrics.reciprocalRank(ranked, relevant: relevant, at: 1) == 0)
        #expect(Metrics.reciprocalRank(ranked, relevant: relevant, at: 4) == 0.5)
        // Places 2 and 4, against the best list's 1, 2 and 3; at 2, against 1 and 2.
        let gain = 1 / log2(3.0) + 1 / log2(5.0)
        let best = 1 + 1 / log2(3.0) + 0.5
        #expect(abs(Metrics.ndcg(ranked, relevant: relevant, at: 4) - gain / best) < 1e-12)
        #expect(
            abs(Metrics.ndcg(ranked, relevant: relevant, at: 2) - 1 / log2(3) / (1 + 1 / log2(3)))
                < 1e-12)
    }

    @Test func `with nothing relevant every measure is 0`() {
        let none: Set<Int> = []
        #expect(Metrics.hitRate([1, 2], relevant: none, at: 2) == 0)
        #expect(Metrics.recall([1, 2], relevant: none, at: 2) == 0)
        #expect(Metrics.reciprocalRank([1, 2], relevant: none, at: 2) == 0)
        #expect(Metrics.ndcg([1, 2], relevant: none, at: 2) == 0)
    }
}
