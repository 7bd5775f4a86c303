internal import Glibc

/// How a model's lists use the catalog, over all queries of a task.
package struct CatalogUse: Sendable, Equatable {
    /// The share of the catalog that is on some list, 0 to 1.
    package var coverage: Double
    /// The mean over recommendations of -log2 of the share of training takers who took the item, in
    /// bits.
    ///
    /// An item that nobody took counts as taken by one. Source: Zhou et al. 2010, "Solving the
    /// apparent diversity-accuracy dilemma of recommender systems" (self-information).
    package var novelty: Double
    /// How unevenly recommendations fall on the catalog: 0 all items alike, 1 all on one.
    package var gini: Double
    /// The share of recommendations that fall on the most popular items, for each of
    /// ``longTailShares`` of the catalog; the last is 1.
    package var longTail: [Double]

    /// The shares of the catalog, most popular items first, at which ``longTail`` is taken.
    package static let longTailShares: [Double] =
        [0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1]

    /// - Parameters:
    ///   - recommended: how often each item was recommended, shape `[I]`.
    ///   - popularity: how often each item was taken in training, shape `[I]`.
    ///   - takers: how many could have taken each item: users or baskets.
    package init(recommended: [Int], popularity: [Float], takers: Int) {
        precondition(recommended.count == popularity.count)
        let total = Double(max(1, recommended.reduce(0, +)))
        coverage = Double(recommended.count { $0 > 0 }) / Double(max(1, recommended.count))
        novelty =
            zip(recommended, popularity).reduce(0) { sum, item in
                let share = Double(max(1, item.1)) / Double(max(1, takers))
                return sum - Double(item.0) * log2(min(1, share))
            } / total
        gini = Self.gini(recommended)
        // Equals stand by number, so that the curve is the same on every run.
        let order = popularity.indices.sorted {
            (popularity[$1], $0) < (popularity[$0], $1)
        }
        var sums = [0.0]
        for item in order { sums.append(sums.last! + Double(recommended[item])) }
        longTail = Self.longTailShares.map {
            sums[Int(($0 * Double(recommended.count)).rounded())] / total
        }
    }

    /// Gini's coefficient of counts: half the mean absolute difference over the mean; 0 where all
    /// are 0.
    package static func gini(_ counts: [Int]) -> Double {
        let total = counts.reduce(0, +)
        guard total > 0 else { return 0 }
        let n = Double(counts.count)
        var weighted = 0.0
        for (index, count) in counts.sorted().enumerated() {
            weighted += (2 * Double(index + 1) - n - 1) * Double(count)
        }
        return weighted / (n * Double(total))
    }
}
