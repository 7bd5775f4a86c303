internal import Interactions
internal import ModelParts
internal import Models

/// Where a mean lies, as the spread of the figures it is taken of tells.
package struct Interval: Sendable, Equatable {
    package var low: Double
    package var high: Double

    package init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }
}

/// Percentile bootstrap: the middle 95 % of the means of samples drawn from the figures with
/// replacement.
///
/// Source: Efron and Tibshirani 1993, "An introduction to the bootstrap", section 13.3.
///
/// - Parameters:
///   - figures: one a query.
///   - samples: at least 40, so that 2.5 % of them is one.
/// - Returns: nil without figures.
/// - Complexity: O(samples x figures), the same bits at any number of threads.
package func bootstrapInterval(
    of figures: [Float], samples: Int = 1_000, seed: UInt64, threads: Int
) -> Interval? {
    precondition(samples >= 40, "\(samples) samples")
    guard !figures.isEmpty else { return nil }
    let sums = makeSamples(samples, seed: seed, threads: threads) { generator in
        let count = UInt64(figures.count)
        var sum = 0.0
        figures.withUnsafeBufferPointer { figures in
            // One draw of 64 bits makes two indexes; the bias of the products is below 2^-32 x
            // count.
            for _ in 0..<figures.count / 2 {
                let bits = generator.next()
                sum += Double(figures[Int(((bits & 0xffff_ffff) * count) >> 32)])
                sum += Double(figures[Int(((bits >> 32) * count) >> 32)])
            }
            if figures.count % 2 == 1 {
                sum += Double(figures[Int(((generator.next() >> 32) * count) >> 32)])
            }
        }
        return sum / Double(figures.count)
    }.sorted()
    // Mirrored ranks, so that the interval of mirrored figures is mirrored.
    let cut = samples * 25 / 1_000
    return Interval(low: sums[cut], high: sums[samples - 1 - cut])
}

/// The chance of a difference in means at least as large if both models were the same: a paired
/// randomisation test.
///
/// Under that assumption each query's two figures could as well be swapped, so the signs of the
/// differences are drawn anew in each round. Two-sided. Source: Smucker, Allan and Carterette 2007,
/// "A comparison of statistical significance tests for information retrieval evaluation".
///
/// - Precondition: both have the same queries, one figure each.
/// - Complexity: O(rounds x figures), the same bits at any number of threads.
package func randomizationTest(
    _ a: [Float], _ b: [Float], rounds: Int = 5_000, seed: UInt64, threads: Int
) -> Double {
    precondition(a.count == b.count, "\(a.count) != \(b.count)")
    // Equal figures stay equal when they are swapped.
    let differences = zip(a, b).map { $0 - $1 }.filter { $0 != 0 && !$0.isNaN }
    let observed = abs(differences.reduce(0) { $0 + Double($1) })
    // What rounding may make of equal sums.
    let slack = 1e-9 * differences.reduce(1) { $0 + Double(abs($1)) }
    let sums = makeSamples(rounds, seed: seed, threads: threads) { generator in
        var sum = 0.0
        differences.withUnsafeBufferPointer { differences in
            for first in stride(from: 0, to: differences.count, by: 64) {
                var bits = generator.next()
                for i in first..<min(first + 64, differences.count) {
                    sum += bits & 1 == 0 ? Double(differences[i]) : -Double(differences[i])
                    bits >>= 1
                }
            }
        }
        return sum
    }
    let asLarge = sums.count { abs($0) >= observed - slack }
    return Double(asLarge + 1) / Double(rounds + 1)
}

/// Runs `body` `count` times, each with a generator of its own.
private func makeSamples(
    _ count: Int, seed: UInt64, threads: Int,
    _ body: @escaping @Sendable (inout SeededGenerator) -> Double
) -> [Double] {
    Array(unsafeUninitializedCapacity: count) { samples, initialized in
        nonisolated(unsafe) let base = samples.baseAddress!
        parallelFor(count: count, chunk: 16, threads: threads) { _, range in
            for sample in range {
                // Seeds in sequence would give the generator's own sequence, shifted by one.
                var seeds = SeededGenerator(seed: seed ^ (UInt64(sample) &* 0xd1b5_4a32_d192_ed03))
                var generator = SeededGenerator(seed: seeds.next())
                base.advanced(by: sample).initialize(to: body(&generator))
            }
        }
        initialized = count
    }
}
