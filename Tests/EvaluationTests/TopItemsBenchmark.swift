import Evaluation
import Foundation
import Interactions
import ModelParts
import Models
import Testing

/// How long the best hundred items of every user take, on data of the size of MovieLens 1M.
///
/// `SIDECART_BENCHMARK_TOP=64,192 swift test -c release --filter TopItemsBenchmark` prints the
/// median of nine runs for these dimensions; as a test it runs once on a hundredth of that.
@Suite struct TopItemsBenchmark {
    private func seconds(users: Int, items: Int, pairs: Int, dimensions: Int, runs: Int) throws
        -> Double
    {
        let data = makeRandomData(users: users, items: items, pairs: pairs, seed: 1)
        var generator = SeededGenerator(seed: 2)
        func vectors(_ rows: Int) -> Matrix {
            Matrix(
                rows: rows, columns: dimensions,
                values: (0..<rows * dimensions).map { _ in Float(generator.nextNormal()) })
        }
        var parts = ModelParts(popularity: data.popularity)
        parts.embeddings = EmbeddingParts(items: vectors(items), users: vectors(users), foldIn: nil)
        let task = RankingTask(
            users: (0..<users).map { Int32($0) }, contexts: data.interactions,
            relevant: makeMatrix((0..<users).map { _ in [0] }, columns: items),
            excludesContext: true)
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let scorer = try BatchScorer(parts: parts, task: task, threads: threads)
        let times = (0..<runs).map { _ in
            let started = ContinuousClock.now
            let best = scorer.topItems(100)
            let taken = ContinuousClock.now - started
            #expect(best.count == 100 * users)
            return Double(taken.components.attoseconds) * 1e-18 + Double(taken.components.seconds)
        }
        return times.sorted()[runs / 2]
    }

    @Test func `the benchmark measures something`() throws {
        #expect(try seconds(users: 60, items: 400, pairs: 1_000, dimensions: 16, runs: 1) > 0)
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["SIDECART_BENCHMARK_TOP"] != nil))
    func `figures for the dimensions asked for`() throws {
        let asked = ProcessInfo.processInfo.environment["SIDECART_BENCHMARK_TOP"] ?? ""
        for dimensions in asked.split(separator: ",").compactMap({ Int($0) }) {
            let time = try seconds(
                users: 6_040, items: 3_706, pairs: 994_169, dimensions: dimensions, runs: 9)
            print(
                "best 100 of 3706 items for 6040 users, \(dimensions) dimensions: "
                    + String(format: "%.1f ms", time * 1000))
        }
    }
}
