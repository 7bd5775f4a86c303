internal import Interactions

/// SLIM: a sparse linear item model, one elastic net regression an item.
///
/// For each item i, with x_i the column of its users (1 where taken) and X the columns of the
/// `candidatesMax` items with the largest cosine to it, minimises over the weights w
///
///     1/2 |x_i - X w|^2 + l2/2 |w|^2 + l1 |w|_1
///
/// with w >= 0 where `isNonNegative` is set, as the paper has it. Items that nobody took together
/// are no candidates. Coordinate descent runs until a sweep changes no weight by more than
/// `tolerance`, or `sweepsMax` sweeps. With l1 = 0, signs allowed and every item a candidate this
/// is EASE, whose dense matrix it does without: on Gowalla a ridge over 500 candidates ranks better
/// than the paper's l1 and w >= 0.
///
/// Source: Ning and Karypis 2011, "SLIM: sparse linear methods for top-N recommender systems",
/// section 4, and its feature selection fsSLIM; the updates are Friedman, Hastie and Tibshirani
/// 2010, "Regularization paths for generalized linear models via coordinate descent", section 2.
///
/// - Complexity: O(I x candidates x their users x sweeps) time; O(U + I) memory a thread beside the
///   lists.
package struct SLIM: Recommender {
    package static let name = "slim"

    /// l1; 0 or more.
    package var l1: Float = 0
    /// l2; positive.
    package var l2: Float = 100
    package var isNonNegative = false
    /// Items that may lead to one item; at least 1.
    package var candidatesMax = 500
    /// At least 1.
    package var sweepsMax = 20
    /// Positive.
    package var tolerance: Float = 0.001

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "l1": Double(l1), "l2": Double(l2), "non_negative": isNonNegative ? 1 : 0,
            "candidates_max": Double(candidatesMax), "sweeps_max": Double(sweepsMax),
            "tolerance": Double(tolerance),
        ]
    }

    package func train(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        guard data.interactions.nonZeroCount > 0 else {
            throw TrainingError("slim: no event of a known user; it learns from histories")
        }
        let users = SparseRows(data.interactions)
        let items = SparseRows(data.interactions.transposed())
        var steps = TrainingSteps(
            model: Self.name, total: TrainingSteps.listSteps(rows: items.rows), context: context)
        let sources = try steps.makeLists(
            rows: items.rows,
            makeScratch: {
                (
                    together: SparseAccumulator(columns: items.rows),
                    residuals: SparseAccumulator(columns: users.rows)
                )
            }
        ) { target, scratch in
            let candidates = candidates(
                of: target, users: users, items: items, together: scratch.together)
            return regress(
                target, on: candidates, items: items, residuals: scratch.residuals.values)
        }
        var parts = ModelParts(popularity: data.popularity)
        parts.itemWeights = sources.transposed(columnCount: items.rows, threads: context.threads)
        return parts
    }

    /// The items most like one by cosine, nearest first.
    private func candidates(
        of target: Int, users: SparseRows, items: SparseRows, together: SparseAccumulator
    ) -> [Int] {
        for entry in items.range(target) {
            together.add(columnsOf: Int(items.columns[entry]), in: users, weight: 1)
        }
        defer { together.removeAll() }
        var keys = together.entries.filter { Int($0) != target }.map { other in
            let both = together.values[Int(other)]
            return RankedKey(
                item: other, score: both / Float(items.count(Int(other))).squareRoot())
        }
        keys.keepFirst(candidatesMax)
        return keys.map { Int($0.item) }
    }

    /// The weights from the candidates to the target, those that are not 0.
    ///
    /// - Parameter residuals: by user, all 0 before and after.
    private func regress(
        _ target: Int, on candidates: [Int], items: SparseRows,
        residuals: UnsafeMutablePointer<Float>
    ) -> [RankedKey] {
        for entry in items.range(target) { residuals[Int(items.columns[entry])] = 1 }
        var weights = Array(repeating: Float(0), count: candidates.count)
        for _ in 0..<sweepsMax {
            var change: Float = 0
            for (k, item) in candidates.enumerated() {
                let range = items.range(item)
                let count = Float(range.count)
                var product = count * weights[k]
                for entry in range { product += residuals[Int(items.columns[entry])] }
                let weight = shrink(product) / (count + l2)
                let step = weight - weights[k]
                guard step != 0 else { continue }
                weights[k] = weight
                change = max(change, abs(step))
                for entry in range { residuals[Int(items.columns[entry])] -= step }
            }
            if change <= tolerance { break }
        }
        for item in candidates + [target] {
            for entry in items.range(item) { residuals[Int(items.columns[entry])] = 0 }
        }
        return zip(candidates, weights).lazy.filter { $1 != 0 }.map {
            RankedKey(item: Int32($0), score: $1)
        }
    }

    /// Soft thresholding.
    private func shrink(_ product: Float) -> Float {
        if product > l1 { return product - l1 }
        return product < -l1 && !isNonNegative ? product + l1 : 0
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(l1 >= 0 && l1.isFinite, "l1 must be 0 or more", l1)
        try check.require(l2 > 0 && l2.isFinite, "l2 must be positive", l2)
        try check.require(candidatesMax > 0, "candidates_max must be at least 1", candidatesMax)
        try check.require(sweepsMax > 0, "sweeps_max must be at least 1", sweepsMax)
        try check.require(
            tolerance > 0 && tolerance.isFinite, "tolerance must be positive", tolerance)
    }
}
