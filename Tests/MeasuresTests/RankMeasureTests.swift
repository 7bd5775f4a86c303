import Foundation
import Measures
import Testing

@Suite struct RankMeasureTests {
    @Test func `a third place scores as the formulas say`() {
        let third = Standing(of: 5, among: [9, 7, 4, 1])
        #expect(third == Standing(higher: 2, tied: 0))
        #expect(third.expected { $0.hitRate(at: 2) } == 0)
        #expect(third.expected { $0.hitRate(at: 3) } == 1)
        #expect(third.expected { $0.ndcg(at: 2) } == 0)
        #expect(third.expected { $0.ndcg(at: 10) } == 0.5)  // 1 / log2(4)
        #expect(abs(third.expected { $0.reciprocalRank(at: 10) } - 1 / 3) < 1e-12)
    }

    @Test func `ties score the mean over their places`() {
        let tied = Standing(of: 5, among: [9, 5, 5, 1])
        #expect(tied == Standing(higher: 1, tied: 2))
        // Places 2, 3 and 4.
        #expect(abs(tied.expected { $0.hitRate(at: 3) } - 2 / 3) < 1e-12)
        #expect(abs(tied.expected { $0.ndcg(at: 3) } - (1 / log2(3) + 1 / log2(4)) / 3) < 1e-12)
        #expect(
            abs(tied.expected { $0.reciprocalRank(at: 10) } - (1 / 2 + 1 / 3 + 1 / 4) / 3) < 1e-12)
    }

    @Test func `a model that gives all the same score gets what chance gives`() {
        let standing = Standing(of: 0, among: Array(repeating: 0, count: 99))
        #expect(abs(standing.expected { $0.hitRate(at: 10) } - 0.1) < 1e-12)
    }

    @Test func `scores that are not numbers earn nothing`() {
        #expect(Standing(of: .nan, among: [1, 2]) == Standing(higher: 2, tied: 0))
        #expect(Standing(of: .nan, among: [.nan, 2]) == Standing(higher: 2, tied: 0))
        #expect(Standing(of: 3, among: [.nan, 2]) == Standing(higher: 1, tied: 0))
    }

    @Test func `measures of a list against several relevant items`() {
        let ranked = ["a", "b", "c", "d"]
        let relevant: Set = ["b", "d", "x"]
        let ranks = RelevantRanks(in: ranked, relevant: relevant)
        #expect(ranks == RelevantRanks([2, 4], relevantCount: 3))
        #expect(ranks.hitRate(at: 1) == 0 && ranks.hitRate(at: 2) == 1)
        #expect(ranks.recall(at: 2) == 1.0 / 3 && ranks.recall(at: 10) == 2.0 / 3)
        #expect(ranks.precision(at: 4) == 0.5 && ranks.precision(at: 8) == 0.25)
        #expect(ranks.reciprocalRank(at: 1) == 0 && ranks.reciprocalRank(at: 4) == 0.5)
        #expect(abs(ranks.averagePrecision(at: 4) - (0.5 + 0.5) / 3) < 1e-12)
        // Places 2 and 4, against the best list's 1, 2 and 3; at 2, against 1 and 2.
        let gain = 1 / log2(3.0) + 1 / log2(5.0)
        let best = 1 + 1 / log2(3.0) + 0.5
        #expect(abs(ranks.ndcg(at: 4) - gain / best) < 1e-12)
        #expect(ranks.ndcg() == ranks.ndcg(at: 4))
        #expect(abs(ranks.ndcg(at: 2) - 1 / log2(3) / (1 + 1 / log2(3))) < 1e-12)
    }

    @Test func `with nothing relevant every measure is 0`() {
        let none = RelevantRanks(in: [1, 2], relevant: [])
        #expect(none.hitRate(at: 2) == 0 && none.recall(at: 2) == 0 && none.precision(at: 2) == 0)
        #expect(none.reciprocalRank(at: 2) == 0 && none.ndcg(at: 2) == 0 && none.ndcg() == 0)
        #expect(none.averagePrecision(at: 2) == 0)
    }

    @Test func `the area is the share of pairs that a relevant item wins`() {
        // Of 2 x 4 pairs the first wins 3, the second 1 and half of two.
        let standings = [Standing(higher: 1, tied: 0), Standing(higher: 1, tied: 2)]
        #expect(areaUnderCurve(standings, others: 4) == 5.0 / 8)
        #expect(areaUnderCurve(standings, others: 0).isNaN)
        #expect(areaUnderCurve([], others: 4).isNaN)
    }
}
