import Evaluation
import Foundation
import Interactions
import Models
import Testing

private let dataFolder = ProcessInfo.processInfo.environment["SIDECART_DATA"]

/// Published figures on the ML-1M files of the NCF protocol.
///
/// Needs `SIDECART_DATA`, a folder whose folder `ml-1m-ncf` has `ml-1m.train.pairs.tsv.gz`,
/// `ml-1m.test.rating.gz` and `ml-1m.test.negative.gz`: the data may not be redistributed.
@Suite(.enabled(if: dataFolder != nil, "SIDECART_DATA names no folder"), .serialized)
struct MovieLensTests {
    private func readSplit() throws -> LeaveOneOut {
        try LeaveOneOut(
            train: "ml-1m.train.pairs.tsv.gz", test: "ml-1m.test.rating.gz",
            negatives: "ml-1m.test.negative.gz"
        ) { file in
            var lines: [String] = []
            let path = "\(try #require(dataFolder))/ml-1m-ncf/\(file)"
            try forEachLine(of: path) { _, line in
                line.withUnsafeBufferPointer {
                    lines.append(String(decoding: $0, as: UTF8.self))
                }
            }
            return lines
        }
    }

    private struct Report {
        let hitRate: Double
        let ndcg: Double
    }

    private func evaluate(_ model: some Recommender) throws -> Report {
        let split = try readSplit().makePlan(at: [10]).splits[0]
        let parts = try model.train(
            on: split.training, with: TrainingContext(threads: 2, seed: 1))
        let judgement = Judgement(
            of: try BatchScorer(parts: parts, task: split.tasks[0], threads: 2), at: [10])
        return Report(
            hitRate: judgement.mean(Measure(.hitRate, at: 10)),
            ndcg: judgement.mean(Measure(.ndcg, at: 10)))
    }

    @Test func `popularity reaches its published figures`() throws {
        let report = try evaluate(Popularity())
        #expect(abs(report.hitRate - 0.4531) < 0.002 && abs(report.ndcg - 0.2542) < 0.002)
    }

    @Test func `neighbors and linear models reach their published figures`() throws {
        let items = try evaluate(ItemKNN())
        #expect(items.hitRate >= 0.665 && items.ndcg >= 0.395, "\(items)")
        let ease = try evaluate(EASE())
        #expect(ease.hitRate >= 0.718 && ease.ndcg >= 0.450, "\(ease)")
    }

    @Test(arguments: [(64, 0.715, 0.440), (192, 0.725, 0.450)])
    func `iALS reaches its published figures`(dimensions: Int, hitRate: Double, ndcg: Double)
        throws
    {
        var model = IALS()
        model.dimensions = dimensions
        let report = try evaluate(model)
        #expect(report.hitRate >= hitRate && report.ndcg >= ndcg, "\(report)")
    }

    @Test(arguments: [BPR(), WARP()] as [any Recommender])
    func `pairwise ranking reaches its published figures`(model: any Recommender) throws {
        let report = try evaluate(model)
        #expect(report.hitRate >= 0.70 && report.ndcg >= 0.42, "\(report)")
    }

    @Test(arguments: [(64, 0.71, 0.438), (192, 0.715, 0.442)])
    func `eALS passes its published figures`(dimensions: Int, hitRate: Double, ndcg: Double)
        throws
    {
        var model = EALS()
        model.dimensions = dimensions
        if dimensions == 192 {
            model.unobservedWeight = 1112
            model.popularityExponent = -0.2
            model.regularization = 9
        }
        let report = try evaluate(model)
        #expect(report.hitRate >= hitRate && report.ndcg >= ndcg, "\(report)")
    }
}
