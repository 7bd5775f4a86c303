internal import Interactions
package import ModelParts

/// SLIM: a sparse linear item model, one elastic net regression an item.
///
/// For each item i, with x_i the column of its users (1 where taken) and j over the `candidatesMax`
/// items with the largest cosine to it, minimizes over the weights w
///
///     1/2 sum_u v_u (x_ui - sum_j x_uj w_j)^2 + l2/2 sum_j (n_j / n)^g w_j^2 + l1 |w|_1
///
/// with w >= 0 where `isNonNegative` is set, as the paper has it. A user counts v_u = (h_u /
/// h)^-`activityExponent` times, with h_u the length of her history and h the mean: what somebody
/// with few items takes together says more. n_j is the sum of v_u over the users of j, n its mean,
/// g the `l2Exponent`: items that many took are held back more. What leads to i is then multiplied
/// by (n_i / n)^-`popularityExponent`. With the three exponents at 0 this is the paper's objective.
///
/// Items that nobody took together are no candidates. Coordinate descent runs until a sweep changes
/// no weight by more than `tolerance`, or `sweepsMax` sweeps. With l1 = 0, signs allowed and every
/// item a candidate this is EASE, whose dense matrix it does without: on Gowalla a ridge over 500
/// candidates ranks better than the paper's w >= 0.
///
/// Source: Ning and Karypis 2011, "SLIM: sparse linear methods for top-N recommender systems",
/// section 4, and its feature selection fsSLIM; the updates are Friedman, Hastie and Tibshirani
/// 2010, "Regularization paths for generalized linear models via coordinate descent", section 2. A
/// ridge in proportion to n_j is what dropout of the inputs comes to: Steck 2020, "Autoencoders that
/// don't overfit towards the identity", section 3. Rows scaled by their length and targets by their
/// popularity: Deshpande and Karypis 2004, "Item-based top-N recommendation algorithms", section 4.1.
///
/// - Complexity: O(I x candidates x their users x sweeps) time; O(U + I) memory a thread beside the
///   lists.
package struct SLIM: Recommender {
    package static let name = "slim"

    /// l1; 0 or more.
    package var l1: Float = 0.5
    /// l2; positive, or 0 for what suits the rows: 100 for users' histories, 30 for baskets, which
    /// are short and many.
    package var l2: Float = 0
    private static let l2OfUsers: Float = 100
    private static let l2OfBaskets: Float = 30
    /// g; 0 to 1.
    package var l2Exponent: Float = 0.45
    /// 0 counts every user as one; 0 or more.
    package var activityExponent: Float = 0.3
    /// 0 leaves the weights as they are; above it the popular are shown less; 0 to 1.
    package var popularityExponent: Float = 0
    package var isNonNegative = false
    /// Items that may lead to one item; at least 1.
    package var candidatesMax = 500
    /// At least 1.
    package var sweepsMax = 20
    /// Positive.
    package var tolerance: Float = 0.001
    /// The weights kept of those that lead from one item, the largest by absolute value: what is
    /// served walks them all for each item of a basket. 0 for what suits the rows: 500 for users'
    /// histories, 100 for baskets.
    package var targetsMax = 0

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "l1": Double(l1), "l2": Double(l2), "l2_exponent": Double(l2Exponent),
            "activity_exponent": Double(activityExponent),
            "popularity_exponent": Double(popularityExponent),
            "non_negative": isNonNegative ? 1 : 0,
            "candidates_max": Double(candidatesMax), "sweeps_max": Double(sweepsMax),
            "tolerance": Double(tolerance), "targets_max": Double(targetsMax),
        ]
    }

    package func targetsMax(ofBasketRows: Bool) -> Int {
        Self.targetsMax(asked: targetsMax, ofBasketRows: ofBasketRows)
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        guard data.interactions.nonZeroCount > 0 else {
            throw TrainingError("slim: no event of a known user; it learns from histories")
        }
        var model = self
        if l2 == 0 { model.l2 = data.hasBasketRows ? Self.l2OfBaskets : Self.l2OfUsers }
        let table = Table(data, model: model)
        var steps = TrainingSteps(
            model: Self.name, total: TrainingSteps.listSteps(rows: table.items.rows),
            context: context)
        let sources = try steps.makeLists(
            rows: table.items.rows,
            makeScratch: {
                (
                    together: SparseAccumulator(columns: table.items.rows),
                    residuals: Residuals(users: table.users.rows)
                )
            }
        ) { target, scratch in
            let candidates = candidates(of: target, in: table, together: scratch.together)
            return regress(target, on: candidates, in: table, residuals: scratch.residuals.values)
        }
        var parts = ModelParts(popularity: data.popularity)
        parts.itemWeights = sources.transposed(
            columnCount: table.items.rows, threads: context.threads
        )
        return parts
    }

    /// Who took what, and how much each user and item counts.
    private struct Table: Sendable {
        let users: SparseRows
        let items: SparseRows
        /// v, by user.
        let voices: [Float]
        /// n_j.
        let counts: [Float]
        /// By item, what the square of a weight that it is the source of costs.
        let ridges: [Float]
        /// By item, what the weights that lead to it are multiplied by.
        let scales: [Float]

        init(_ data: TrainingData, model: SLIM) {
            users = SparseRows(data.interactions)
            items = SparseRows(data.interactions.transposed())
            voices = users.voices(exponent: model.activityExponent, weights: data.rowWeights)
            counts = items.sums(of: voices)
            let mean = counts.reduce(0, +) / Float(items.rows)
            ridges = counts.map { model.l2 * power($0 / mean, model.l2Exponent) }
            scales = counts.map { power($0 / mean, -model.popularityExponent) }
        }
    }

    /// The items most like one by cosine, nearest first.
    private func candidates(
        of target: Int, in table: Table, together: SparseAccumulator
    ) -> [Int] {
        for entry in table.items.range(target) {
            let user = Int(table.items.columns[entry])
            together.add(columnsOf: user, in: table.users, weight: table.voices[user])
        }
        defer { together.removeAll() }
        var keys = together.entries.filter { Int($0) != target }.map { other in
            let both = together.values[Int(other)]
            return RankedKey(item: other, score: both / table.counts[Int(other)].squareRoot())
        }
        keys.keepFirst(candidatesMax)
        return keys.map { Int($0.item) }
    }

    /// The weights from the candidates to the target, those that are not 0.
    ///
    /// - Parameter residuals: by user, all 0 before and after.
    private func regress(
        _ target: Int, on candidates: [Int], in table: Table,
        residuals: UnsafeMutablePointer<Float>
    ) -> [RankedKey] {
        let items = table.items
        for entry in items.range(target) { residuals[Int(items.columns[entry])] = 1 }
        var weights = Array(repeating: Float(0), count: candidates.count)
        table.voices.withUnsafeBufferPointer { voices in
            for _ in 0..<sweepsMax {
                var change: Float = 0
                for (k, item) in candidates.enumerated() {
                    let range = items.range(item)
                    let count = table.counts[item]
                    var product = count * weights[k]
                    for entry in range {
                        let user = Int(items.columns[entry])
                        product += voices[user] * residuals[user]
                    }
                    let weight = shrink(product) / (count + table.ridges[item])
                    let step = weight - weights[k]
                    guard step != 0 else { continue }
                    weights[k] = weight
                    change = max(change, abs(step))
                    for entry in range { residuals[Int(items.columns[entry])] -= step }
                }
                if change <= tolerance { break }
            }
        }
        for item in candidates + [target] {
            for entry in items.range(item) { residuals[Int(items.columns[entry])] = 0 }
        }
        let scale = table.scales[target]
        return zip(candidates, weights).lazy.filter { $1 != 0 }.map {
            RankedKey(item: Int32($0), score: scale * $1)
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
        try check.require(l2 >= 0 && l2.isFinite, "l2 must be 0 or more", l2)
        for (name, exponent) in [
            ("l2_exponent", l2Exponent), ("popularity_exponent", popularityExponent),
        ] {
            try check.require(0...1 ~= exponent, "\(name) must be 0 to 1", exponent)
        }
        try check.require(
            activityExponent >= 0 && activityExponent.isFinite,
            "activity_exponent must be 0 or more", activityExponent)
        try check.require(candidatesMax > 0, "candidates_max must be at least 1", candidatesMax)
        try check.require(targetsMax >= 0, "targets_max must be 0 or more", targetsMax)
        try check.require(sweepsMax > 0, "sweeps_max must be at least 1", sweepsMax)
        try check.require(
            tolerance > 0 && tolerance.isFinite, "tolerance must be positive", tolerance)
    }
}

/// By user, what a regression leaves unexplained; one thread's, all 0 between items.
private final class Residuals {
    let values: UnsafeMutablePointer<Float>

    init(users: Int) {
        values = .allocate(capacity: max(1, users))
        values.initialize(repeating: 0, count: users)
    }

    deinit { values.deallocate() }
}
