/// How often what was given a probability happened, by bins of the probability: whether a model's
/// probabilities are what happens.
package struct ProbabilityBins: Sendable, Equatable {
    /// Where bins end; the first one begins at 0.
    package static let ends: [Float] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1]

    package struct Bin: Sendable, Equatable {
        /// How often a probability of the bin was given.
        package var count = 0
        /// The sum of these probabilities: what was to be expected.
        package var expected = 0.0
        /// How often it happened.
        package var happened = 0
    }

    /// One for each of ``ends``.
    package private(set) var bins = Array(repeating: Bin(), count: ends.count)

    package init() {}

    package var count: Int { bins.reduce(0) { $0 + $1.count } }
    package var expected: Double { bins.reduce(0) { $0 + $1.expected } }
    package var happened: Int { bins.reduce(0) { $0 + $1.happened } }

    /// - Parameter probability: 0 to 1.
    package mutating func add(_ probability: Float, happened: Bool) {
        let bin = Self.ends.firstIndex { probability < $0 } ?? Self.ends.count - 1
        bins[bin].count += 1
        bins[bin].expected += Double(probability)
        bins[bin].happened += happened ? 1 : 0
    }

    static func sum(_ a: ProbabilityBins?, _ b: ProbabilityBins?) -> ProbabilityBins? {
        guard var sum = a, let b else { return a ?? b }
        for bin in sum.bins.indices {
            sum.bins[bin].count += b.bins[bin].count
            sum.bins[bin].expected += b.bins[bin].expected
            sum.bins[bin].happened += b.bins[bin].happened
        }
        return sum
    }
}
