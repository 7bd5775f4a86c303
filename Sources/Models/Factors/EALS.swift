internal import CKernels
internal import Interactions
package import ModelParts

/// Element-wise alternating least squares: what was not taken weighs more the more popular it is.
///
/// Minimizes, over user vectors p and item vectors q,
///
///     sum over observed (u, i) of (p_u.q_i - 1)^2  +  sum over all others of c_i (p_u.q_i)^2
///     + lambda (sum_u |p_u|^2 + sum_i |q_i|^2),    c_i = c0 f_i^beta / sum_j f_j^beta
///
/// with f_i how many users took item i: an item that everybody sees and she did not take is one she
/// does not want. One element at a time is set to its optimum with all others fixed; the sums over
/// what was not observed come from D x D matrices. Rows of a side do not depend on each other, so
/// that they are shared out among the threads. Users without a vector cannot be folded in by
/// ``FoldInParameters``, which weighs all items alike; ``EALSUpdater`` takes in new pairs.
///
/// Source: He, Zhang, Kan and Chua 2016, "Fast matrix factorization for online recommendation with
/// implicit feedback".
///
/// - Complexity: a step takes O((pairs + (U + I) x D) x D) time; training O((U + I) x D) memory,
///   and for each thread D floats for each entry of the longest row.
package struct EALS: Recommender {
    package static let name = "eals"
    package var answersBaskets: Bool { false }

    /// D; 1 to 1,024.
    package var dimensions = 64
    /// How often all elements of both sides are set; at least 1.
    package var epochs = 20
    /// c0, the weight of all items of a user who took none; positive.
    package var unobservedWeight: Float = 512
    /// beta; 0 weighs all items alike, and below 0 the popular ones least. -1 to 1.
    package var popularityExponent: Float = 0.4
    /// lambda; positive.
    package var regularization: Float = 10
    /// The entries of the first vectors have this standard deviation divided by sqrt(D); positive.
    package var initialDeviation: Float = 0.1

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "dimensions": Double(dimensions), "epochs": Double(epochs),
            "unobserved_weight": Double(unobservedWeight),
            "popularity_exponent": Double(popularityExponent),
            "regularization": Double(regularization), "initial_deviation": Double(initialDeviation),
        ]
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        let histories = data.interactions
        guard histories.nonZeroCount > 0 else {
            throw TrainingError("eals: no event of a known user; it learns from users' histories")
        }
        let audiences = histories.transposed()
        let weights = itemWeights(audiences: audiences)
        var generator = SeededGenerator(seed: context.seed)
        let users = initialRows(of: histories, with: &generator)
        let items = initialRows(of: audiences, with: &generator)
        for step in 1...epochs {
            guard !context.isCancelled() else {
                throw TrainingError("eals: training was cancelled")
            }
            let userSums = squareSums(of: users, weights: nil, threads: context.threads)
            _ = runTurn(
                rows: items, fixed: users, histories: audiences, sums: userSums,
                rowWeights: weights, columnWeights: nil, threads: context.threads)
            let itemSums = squareSums(of: items, weights: weights, threads: context.threads)
            let loss =
                runTurn(
                    rows: users, fixed: items, histories: histories, sums: itemSums,
                    rowWeights: nil, columnWeights: weights, threads: context.threads)
                + Double(regularization) * squaredNorm(of: items)
            guard loss.isFinite else {
                throw TrainingError(
                    "eals: the objective is no longer finite; raise regularization, now "
                        + "\(regularization)")
            }
            context.report(
                TrainingProgress(model: Self.name, step: step, steps: epochs, loss: loss))
        }
        var parts = ModelParts(popularity: data.popularity)
        parts.embeddings = EmbeddingParts(
            items: items.makeMatrix(), users: users.makeMatrix(), foldIn: nil)
        return parts
    }

    /// c_i, by item; 0 for items that nobody took.
    func itemWeights(audiences: SparseMatrix) -> [Float] {
        let powers = (0..<audiences.rows).map { item -> Double in
            let count = audiences.row(item).count
            return count > 0 ? power(Double(count), Double(popularityExponent)) : 0
        }
        let sum = powers.reduce(0, +)
        return powers.map { Float(Double(unobservedWeight) * $0 / sum) }
    }

    /// Rows without an event are zero, and stay so.
    private func initialRows(of matrix: SparseMatrix, with generator: inout SeededGenerator)
        -> PaddedRows
    {
        let rows = PaddedRows(rows: matrix.rows, columns: dimensions)
        let deviation = Double(initialDeviation) / Double(dimensions).squareRoot()
        for row in 0..<matrix.rows where !matrix.row(row).isEmpty {
            for column in 0..<dimensions {
                rows[row][column] = Float(generator.nextNormal() * deviation)
            }
        }
        return rows
    }

    /// Sets each row of one side once.
    ///
    /// - Parameters:
    ///   - sums: the weighted square sums of `fixed`.
    ///   - rowWeights, columnWeights: c by row, where the rows are items, or by column where the
    ///     columns are.
    /// - Returns: the objective but for the fixed side's penalty, where the columns are items.
    private func runTurn(
        rows: PaddedRows, fixed: PaddedRows, histories: SparseMatrix, sums: [Float],
        rowWeights: [Float]?, columnWeights: [Float]?, threads: Int
    ) -> Double {
        let longest = histories.longestRow
        nonisolated(unsafe) let losses = UnsafeMutablePointer<Double>.allocate(capacity: rows.rows)
        losses.initialize(repeating: 0, count: rows.rows)
        defer { losses.deallocate() }
        let rooms = (0..<threads).map { _ in
            EALSScratch(entries: longest, columns: rows.stride)
        }
        let (ridge, dimensions) = (regularization, dimensions)
        parallelFor(count: rows.rows, chunk: 16, threads: threads) { worker, range in
            let room = rooms[worker]
            for row in range {
                let entries = histories.row(row)
                guard !entries.isEmpty else { continue }
                for (k, entry) in entries.enumerated() {
                    let column = Int(histories.columns[entry])
                    room.rows[k] = UnsafePointer(fixed[column])
                    room.unobserved[k] = rowWeights?[row] ?? columnWeights![column]
                }
                losses[row] = sums.withUnsafeBufferPointer {
                    sc_eals_row(
                        rows[row], dimensions, rows.stride, room.rows, room.weights,
                        room.unobserved, entries.count, $0.baseAddress!, rowWeights?[row] ?? 1,
                        ridge, room.floats)
                }
            }
        }
        return (0..<rows.rows).reduce(0) { $0 + losses[$1] }
    }

    private func squaredNorm(of rows: PaddedRows) -> Double {
        (0..<rows.rows * rows.stride).reduce(0) {
            $0 + Double(rows.base[$1]) * Double(rows.base[$1])
        }
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(
            1...FoldInSolver.dimensionsMax ~= dimensions,
            "dimensions must be 1 to \(FoldInSolver.dimensionsMax)", dimensions)
        try check.require(epochs > 0, "epochs must be at least 1", epochs)
        for (name, value) in [
            ("unobserved_weight", unobservedWeight), ("regularization", regularization),
            ("initial_deviation", initialDeviation),
        ] {
            try check.require(value > 0 && value.isFinite, "\(name) must be positive", value)
        }
        try check.require(
            -1...1 ~= popularityExponent, "popularity_exponent must be -1 to 1",
            popularityExponent)
    }
}

/// The sum of c y y' over all rows y, c being 1 where no weights are given; symmetric, shape
/// `[stride, stride]`.
func squareSums(of rows: PaddedRows, weights: [Float]?, threads: Int) -> [Float] {
    var source = rows
    if let weights {
        source = PaddedRows(rows: rows.rows, columns: rows.columns)
        for row in 0..<rows.rows {
            let root = weights[row].squareRoot()
            for column in 0..<rows.columns { source[row][column] = root * rows[row][column] }
        }
    }
    return gramian(
        rows: source.base, count: source.rows, columns: source.columns, stride: source.stride,
        weight: 1, threads: threads)
}

/// The memory in which one thread sets a row.
///
/// `@unchecked Sendable`: each worker has its own.
final class EALSScratch: @unchecked Sendable {
    let rows: UnsafeMutablePointer<UnsafePointer<Float>>
    /// The weights of observed pairs, all 1 at first.
    let weights: UnsafeMutablePointer<Float>
    let unobserved: UnsafeMutablePointer<Float>
    let floats: UnsafeMutablePointer<Float>

    init(entries: Int, columns: Int) {
        rows = .allocate(capacity: entries)
        weights = .allocate(capacity: entries)
        weights.initialize(repeating: 1, count: entries)
        unobserved = .allocate(capacity: entries)
        floats = .allocate(capacity: sc_eals_scratch_count(entries, columns))
    }

    deinit {
        rows.deallocate()
        weights.deallocate()
        unobserved.deallocate()
        floats.deallocate()
    }
}
