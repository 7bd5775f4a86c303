internal import ModelParts

/// What turns a ranker's scores into log-odds: `slope * score + intercept`.
///
/// Source: Platt 1999, "Probabilistic outputs for support vector machines", section 2.2, without its
/// prior; the fit is Newton's method on the logarithmic loss, which is convex.
struct Calibration: Equatable {
    private(set) var slope = 1.0
    private(set) var intercept = 0.0

    private static let stepsMax = 50
    private static let ridge = 1e-9

    /// - Parameters:
    ///   - scores: of candidates of all queries.
    ///   - isHit: whether each is the one that was taken; of either kind at least one.
    ///   - found: of the queries, for how many any source found what was taken.
    /// - Complexity: O(steps x scores); a dozen steps.
    init(_ scores: [Float], isHit: [Bool], found: Double) {
        // The odds of what is fitted are those among the queries whose item was found.
        defer { intercept += logarithm(found) }
        let hits = Double(isHit.count { $0 })
        intercept = logarithm(hits / max(1, Double(isHit.count) - hits))
        for _ in 0..<Self.stepsMax {
            var (a, b) = (0.0, 0.0)
            var (aa, ab, bb) = (Self.ridge, 0.0, Self.ridge)
            for (score, hit) in zip(scores, isHit) {
                let x = Double(score)
                let p = 1 / (1 + exponential(-(slope * x + intercept)))
                let error = p - (hit ? 1 : 0)
                let weight = p * (1 - p)
                (a, b) = (a + error * x, b + error)
                (aa, ab, bb) = (aa + weight * x * x, ab + weight * x, bb + weight)
            }
            let determinant = aa * bb - ab * ab
            guard determinant > 0 else { return }
            let (slopeStep, interceptStep) = (
                (bb * a - ab * b) / determinant, (aa * b - ab * a) / determinant
            )
            // The order must stay.
            slope = max(slope - slopeStep, 1e-3)
            intercept -= interceptStep
            if abs(slopeStep) + abs(interceptStep) < 1e-7 { return }
        }
    }

    /// Trees whose sum is the log-odds: each value times the slope, and one tree that is a leaf.
    func applied(to trees: TreeEnsemble) -> TreeEnsemble {
        var result = trees
        for place in result.nodes.indices { result.nodes[place].value *= Float(slope) }
        var leaf = TreeEnsemble.Node()
        leaf.value = Float(intercept)
        result.append([leaf])
        return result
    }

    /// A weighted sum that is the log-odds.
    func applied(to features: [RankerFeature], _ weights: [Float]) -> LinearStage {
        LinearStage(
            features: features, weights: weights.map { $0 * Float(slope) }, bias: Float(intercept))
    }
}
