import Evaluation
import Foundation
import Models
import Testing

@Suite struct MeasureTests {
    @Test func `probabilities are counted in the bin they lie in, with what came of them`() {
        var bins = ProbabilityBins()
        for (probability, happened) in [
            (0, false), (0.0009, true), (0.001, false), (0.05, true), (0.099, false), (1, true),
        ] as [(Float, Bool)] { bins.add(probability, happened: happened) }
        #expect(bins.bins.map(\.count) == [2, 1, 0, 0, 2, 0, 1])
        #expect(bins.bins.map(\.happened) == [1, 0, 0, 0, 1, 0, 1])
        #expect(abs(bins.bins[4].expected - 0.149) < 1e-6)
        #expect(bins.count == 6 && bins.happened == 3 && abs(bins.expected - 1.1509) < 1e-6)
    }

    @Test func `the bootstrap interval of yes and no figures is the binomial one`() throws {
        // Of 400 figures a quarter is 1, so the mean's standard error is sqrt(.25 x .75 / 400) =
        // .0217.
        let figures = (0..<400).map { Float($0 % 4 == 0 ? 1 : 0) }
        let interval = try #require(
            bootstrapInterval(of: figures, samples: 4_000, seed: 1, threads: 2))
        #expect(abs(interval.low - (0.25 - 1.96 * 0.02165)) < 0.004)
        #expect(abs(interval.high - (0.25 + 1.96 * 0.02165)) < 0.004)
        #expect(interval == bootstrapInterval(of: figures, samples: 4_000, seed: 1, threads: 1))
        #expect(interval != bootstrapInterval(of: figures, samples: 4_000, seed: 2, threads: 1))
        #expect(bootstrapInterval(of: [], seed: 1, threads: 1) == nil)
        #expect(
            bootstrapInterval(of: [3, 3, 3], seed: 1, threads: 1) == Interval(low: 3, high: 3))
    }

    @Test func `the randomisation test gives the share of sign patterns as far out`() {
        // Eight differences of 1: only all plus and all minus are as far out, 2 of 256.
        let ones = Array(repeating: Float(1), count: 8)
        let zeros = Array(repeating: Float(0), count: 8)
        let p = randomizationTest(ones, zeros, rounds: 100_000, seed: 1, threads: 2)
        #expect(abs(p - 2.0 / 256) < 0.001)
        #expect(p == randomizationTest(zeros, ones, rounds: 100_000, seed: 1, threads: 1))
        #expect(randomizationTest(ones, ones, seed: 1, threads: 1) == 1)
        // Plus and minus alike is the most likely pattern of all.
        #expect(randomizationTest([1, 0, 1, 0], [0, 1, 0, 1], seed: 1, threads: 1) == 1)
    }

    @Test func `the Gini coefficient is 0 for equals and 1 - 1 / n for one that has all`() {
        #expect(CatalogUse.gini([5, 5, 5]) == 0)
        #expect(abs(CatalogUse.gini([0, 0, 0, 8]) - 0.75) < 1e-12)
        #expect(abs(CatalogUse.gini([1, 3]) - 0.25) < 1e-12)
        #expect(CatalogUse.gini([0, 0]) == 0)
    }

    @Test func `coverage, novelty and the long tail are counted`() {
        // Item 0 was taken by half of 8 takers, 1 bit; item 3 by one, 3 bits, as if item 2 were.
        let use = CatalogUse(recommended: [2, 0, 1, 1], popularity: [4, 2, 0, 1], takers: 8)
        #expect(use.coverage == 0.75)
        #expect(abs(use.novelty - (2 * 1 + 3 + 3) / 4) < 1e-12)
        #expect(use.longTail.first == 0 && use.longTail.last == 1)
        // The most popular quarter of the catalog, and a half.
        #expect(use.longTail[CatalogUse.longTailShares.firstIndex(of: 0.3)!] == 0.5)
        #expect(use.longTail[CatalogUse.longTailShares.firstIndex(of: 0.5)!] == 0.5)
    }

    @Test func `errors of ratings are those of the clamped prediction`() {
        let errors = RatingErrors(
            predicted: [4.4, 9, 2.6, 1], given: [4, 5, 2, 3], scale: [1, 2, 3, 4, 5])
        #expect(errors.count == 4)
        #expect(abs(errors.rmse - ((0.16 + 0 + 0.36 + 4) / 4).squareRoot()) < 1e-6)
        #expect(abs(errors.mae - 0.75) < 1e-6)
        #expect(errors.accuracy == 0.5)
    }
}
