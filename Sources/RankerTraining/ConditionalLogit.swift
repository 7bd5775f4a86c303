internal import ModelParts
package import Models

/// A weighted sum of features that makes the relevant candidate of each group as likely as it can.
///
/// With x the features of a candidate, each divided by its deviation, the probability that a group's
/// relevant one is i is exp(w . x_i) / sum over the group of exp(w . x_j). The logarithm of all groups'
/// probabilities, less `l2` / 2 |w|^2, is largest at one w, which Newton's method finds.
///
/// Source: McFadden 1974, "Conditional logit analysis of qualitative choice behavior", sections I and III.
package struct ConditionalLogit {
    /// 0 or more.
    package var l2 = 1.0

    package init() {}

    private static let stepsMax = 30
    private static let tolerance = 1e-6

    /// - Parameters:
    ///   - groups: the features of all candidates.
    ///   - columns: which of the features are summed.
    ///   - taught: the groups that are learned from.
    ///   - shouldStop: asked before each step.
    /// - Returns: a weight for each of `columns`, in the unit of its feature.
    /// - Complexity: O(steps x rows x columns^2); some ten steps.
    package func fit(
        _ groups: RankingGroups, columns: [Int], taught: [Int], shouldStop: () -> Bool
    ) -> [Float] {
        let count = columns.count
        let scales = columns.map { Self.deviation(groups.columns[$0]) }
        // Row-major, so that one candidate's features lie together.
        var rows = Array(repeating: 0.0, count: groups.rows * count)
        for (place, column) in columns.enumerated() where scales[place] > 0 {
            for row in 0..<groups.rows {
                rows[row * count + place] = Double(groups.columns[column][row]) / scales[place]
            }
        }
        var weights = Array(repeating: 0.0, count: count)
        var best = -Double.infinity
        var step = weights
        for _ in 0..<Self.stepsMax {
            guard !shouldStop() else { break }
            var system = NewtonSystem(count: count)
            var value = -l2 / 2 * weights.reduce(0) { $0 + $1 * $1 }
            for group in taught {
                value += system.add(
                    groups.range(of: group), relevant: groups.relevant[group], rows, weights)
            }
            // A step too far is halved.
            guard value >= best else {
                guard step.contains(where: { abs($0) > Self.tolerance }) else { break }
                for k in 0..<count {
                    step[k] /= 2
                    weights[k] -= step[k]
                }
                continue
            }
            best = value
            step = system.solved(weights, l2)
            for k in 0..<count { weights[k] += step[k] }
            if step.allSatisfy({ abs($0) <= Self.tolerance }) { break }
        }
        return (0..<count).map { scales[$0] > 0 ? Float(weights[$0] / scales[$0]) : 0 }
    }

    private static func deviation(_ values: [Float]) -> Double {
        let count = Double(max(1, values.count))
        let mean = values.reduce(0.0) { $0 + Double($1) } / count
        let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        return (squares / count).squareRoot()
    }
}

/// The gradient and the negative second derivatives of the logarithm of the groups' probabilities.
private struct NewtonSystem {
    let count: Int
    private var gradient: [Double]
    /// Shape `[count, count]`, the lower half of a symmetric matrix.
    private var curvature: [Double]
    private var mean: [Double]
    private var chances: [Double] = []

    init(count: Int) {
        self.count = count
        gradient = Array(repeating: 0, count: count)
        curvature = Array(repeating: 0, count: count * count)
        mean = gradient
    }

    /// Adds one group.
    ///
    /// - Returns: the logarithm of its relevant candidate's probability.
    mutating func add(
        _ range: Range<Int>, relevant: Int, _ rows: [Double], _ weights: [Double]
    ) -> Double {
        chances.removeAll(keepingCapacity: true)
        for row in range {
            var sum = 0.0
            for k in 0..<count { sum += weights[k] * rows[row * count + k] }
            chances.append(sum)
        }
        let largest = chances.max() ?? 0
        let own = chances[relevant - range.lowerBound] - largest
        var total = 0.0
        for place in chances.indices {
            chances[place] = exponential(chances[place] - largest)
            total += chances[place]
        }
        for k in 0..<count { mean[k] = 0 }
        for (place, row) in range.enumerated() {
            let chance = chances[place] / total
            for k in 0..<count {
                let value = chance * rows[row * count + k]
                mean[k] += value
                for l in 0...k { curvature[k * count + l] += value * rows[row * count + l] }
            }
        }
        for k in 0..<count {
            gradient[k] += rows[relevant * count + k] - mean[k]
            for l in 0...k { curvature[k * count + l] -= mean[k] * mean[l] }
        }
        return own - logarithm(total)
    }

    /// The step from some weights to where the quadratic that touches there is largest, by Cholesky's
    /// decomposition; a feature that changes nothing stays where it is.
    func solved(_ weights: [Double], _ l2: Double) -> [Double] {
        var factor = curvature
        var step = (0..<count).map { gradient[$0] - l2 * weights[$0] }
        for k in 0..<count { factor[k * count + k] += l2 + 1e-9 }
        for k in 0..<count {
            for l in 0...k {
                var sum = factor[k * count + l]
                for m in 0..<l { sum -= factor[k * count + m] * factor[l * count + m] }
                factor[k * count + l] =
                    k == l ? max(sum, 1e-12).squareRoot() : sum / factor[l * count + l]
            }
        }
        for k in 0..<count {
            for m in 0..<k { step[k] -= factor[k * count + m] * step[m] }
            step[k] /= factor[k * count + k]
        }
        for k in (0..<count).reversed() {
            for m in (k + 1)..<max(count, k + 1) { step[k] -= factor[m * count + k] * step[m] }
            step[k] /= factor[k * count + k]
        }
        return step
    }
}
