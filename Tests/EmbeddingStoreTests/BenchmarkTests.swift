import EmbeddingStore
import Foundation
import Testing

/// The benchmark runs tiny as a test, so that it cannot rot; SIDECART_BENCHMARK_ROWS=10000,100000
/// prints figures.
@Suite struct BenchmarkTests {
    @Test func `the benchmark measures everything`() throws {
        let figures = try StoreBenchmark(rows: 100, repetitions: 3).run(seed: 1)
        #expect(
            [figures.put, figures.find, figures.score100, figures.nearest10, figures.plainScan]
                .allSatisfy { $0 > 0 })
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["SIDECART_BENCHMARK_ROWS"] != nil))
    func `figures at the sizes asked for`() throws {
        let sizes = ProcessInfo.processInfo.environment["SIDECART_BENCHMARK_ROWS"] ?? ""
        for rows in sizes.split(separator: ",").compactMap({ Int($0) }) {
            print(try StoreBenchmark(rows: rows).run(seed: 1))
        }
    }
}
