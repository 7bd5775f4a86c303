internal import CKernels
internal import Interactions
package import ModelParts

/// EASE: the linear item model with the least squared error, in closed form.
///
/// Minimizes |X - X B|^2 + lambda |B|^2 over the I x I weights B with a diagonal of 0, where X is
/// users x items, 1 where taken: with P = (X'X + lambda E)^-1, the weight j -> i is B_ji = -P_ji /
/// P_ii. Weights may be negative. Of those that lead to an item only the `weightsMax` largest by
/// absolute value are kept.
///
/// Source: Steck 2019, "Embarrassingly shallow autoencoders for sparse data", equations 5 to 8.
///
/// - Complexity: O(sum of squared history lengths + I^3) time, 4 I^2 bytes beside the lists.
package struct EASE: Recommender {
    package static let name = "ease"

    /// lambda; positive, or 0 for what suits the rows: 1,200 for users' histories, 30 for baskets,
    /// which are short and many.
    package var regularization: Float = 0
    private static let regularizationOfUsers: Float = 1_200
    private static let regularizationOfBaskets: Float = 30
    /// The weights kept of those that lead to one item; at least 1.
    package var weightsMax = 1_500
    /// The most memory that the matrix may take, in bytes; a larger one is refused.
    package var memoryBytesMax = 4 << 30
    /// The weights kept of those that lead from one item, the largest by absolute value: what is
    /// served walks them all for each item of a basket. 0 for what suits the rows: 2,000 for users'
    /// histories, 100 for baskets.
    package var targetsMax = 0

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "regularization": Double(regularization), "weights_max": Double(weightsMax),
            "targets_max": Double(targetsMax), "memory_bytes_max": Double(memoryBytesMax),
        ]
    }

    package func targetsMax(ofBasketRows: Bool) -> Int {
        Self.targetsMax(asked: targetsMax, ofBasketRows: ofBasketRows, ofUserRows: 2_000)
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        guard data.interactions.nonZeroCount > 0 else {
            throw TrainingError("ease: no event of a known user; it learns from histories")
        }
        let items = data.interactions.columnCount
        // What nobody took has no weights, and a catalog may be full of it.
        let taken = TakenItems(data.interactions)
        let bytes = SquareMatrix.bytes(rows: taken.items.count)
        guard bytes <= memoryBytesMax, bytes < Int.max else {
            throw TrainingError(
                "ease: \(taken.items.count) items take \(bytes >> 20) MiB of memory, and memory_bytes_max "
                    + "allows \(memoryBytesMax >> 20) MiB; slim needs far less")
        }
        try DenseAlgebra.require(for: Self.name)
        var ridge = regularization
        if ridge == 0 {
            ridge = data.hasBasketRows ? Self.regularizationOfBaskets : Self.regularizationOfUsers
        }
        let matrix = SquareMatrix(rows: taken.items.count)
        var steps = TrainingSteps(
            model: Self.name, total: 3 + TrainingSteps.listSteps(rows: items), context: context)
        try steps.check()
        matrix.fill(
            with: taken.interactions, weights: data.rowWeights, ridge: ridge,
            threads: context.threads)
        steps.finish()
        try steps.check()
        guard matrix.factor() else {
            throw TrainingError(
                "ease: the matrix is not positive definite in single precision; raise "
                    + "regularization, now \(ridge)")
        }
        steps.finish()
        try steps.check()
        matrix.invert(threads: context.threads)
        steps.finish()
        let sources = try steps.makeLists(rows: items, makeScratch: {}) { target, _ in
            guard let place = taken.places[target] else { return [] }
            return matrix.weights(to: place, limit: weightsMax).map {
                RankedKey(item: taken.items[Int($0.item)], score: $0.score)
            }
        }
        var parts = ModelParts(popularity: data.popularity)
        parts.itemWeights = sources.transposed(columnCount: items, threads: context.threads)
        return parts
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(
            regularization >= 0 && regularization.isFinite, "regularization must be 0 or more",
            regularization)
        try check.require(weightsMax > 0, "weights_max must be at least 1", weightsMax)
        try check.require(targetsMax >= 0, "targets_max must be 0 or more", targetsMax)
        try check.require(
            memoryBytesMax > 0, "memory_bytes_max must be at least 1", memoryBytesMax)
    }
}

/// The items that somebody took, numbered without gaps.
private struct TakenItems: Sendable {
    /// Ascending.
    let items: [Int32]
    /// By item, its place in `items`; nil where nobody took it.
    let places: [Int?]
    /// Users x taken items.
    let interactions: SparseMatrix

    init(_ matrix: SparseMatrix) {
        let counts = matrix.columnCounts
        let items = (0..<Int32(matrix.columnCount)).filter { counts[Int($0)] > 0 }
        var places = Array(repeating: Int?.none, count: matrix.columnCount)
        for (place, item) in items.enumerated() { places[Int(item)] = place }
        self.items = items
        self.places = places
        interactions = SparseMatrix(
            rows: matrix.rows, columnCount: items.count, rowOffsets: matrix.rowOffsets,
            columns: matrix.columns.map { Int32(places[Int($0)]!) }, values: matrix.values)
    }
}

/// X'X + lambda E, then its Cholesky factor, then its inverse.
///
/// `@unchecked Sendable`: within a step each thread writes its own rows.
private final class SquareMatrix: @unchecked Sendable {
    let rows: Int
    private let stride: Int
    private let base: UnsafeMutablePointer<Float>

    /// The memory that so many rows take; `Int.max` where it is more than can be counted. What can
    /// has fewer than 2^31 rows, the most that LAPACK's integers allow.
    static func bytes(rows: Int) -> Int {
        let stride = paddedCount(rows)
        let (count, overflow) = stride.multipliedReportingOverflow(by: stride)
        return overflow || count > Int.max / 4 ? Int.max : count * MemoryLayout<Float>.stride
    }

    init(rows: Int) {
        self.rows = rows
        stride = paddedCount(rows)
        base = UnsafeMutableRawPointer.allocate(
            byteCount: rows * stride * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: rows * stride)
    }

    deinit { base.deallocate() }

    /// Counts who took what together, on and above the diagonal.
    ///
    /// - Parameter weights: what each user counts; nil for 1.
    func fill(with histories: SparseMatrix, weights: [Float]?, ridge: Float, threads: Int) {
        let voices = weights ?? Array(repeating: 1, count: histories.rows)
        let users = SparseRows(histories)
        let items = SparseRows(histories.transposed())
        parallelFor(count: rows, chunk: 16, threads: threads) { [self] _, range in
            for item in range {
                let row = base + item * stride
                row.initialize(repeating: 0, count: stride)
                for holder in items.range(item) {
                    let voice = voices[Int(items.columns[holder])]
                    let user = users.range(Int(items.columns[holder]))
                    var entry = user.upperBound - 1
                    while entry >= user.lowerBound, Int(users.columns[entry]) >= item {
                        row[Int(users.columns[entry])] += voice
                        entry -= 1
                    }
                }
                row[item] += ridge
            }
        }
    }

    /// - Returns: whether the matrix was positive definite.
    func factor() -> Bool { sc_blas_factor(base, stride, rows) }

    /// To be called once the matrix is its factor.
    func invert(threads: Int) {
        precondition(sc_blas_invert(base, stride, rows), "a factor with a zero on its diagonal")
        // The library leaves it above the diagonal; tiles keep both ends of the copy in the cache.
        let tile = 64
        parallelFor(count: rows, chunk: tile, threads: threads) { [self] _, range in
            for first in Swift.stride(from: 0, through: range.lowerBound, by: tile) {
                for row in range {
                    for column in first..<min(first + tile, row) {
                        base[row * stride + column] = base[column * stride + row]
                    }
                }
            }
        }
    }

    /// The weights that lead to an item, the largest by absolute value, in no order; none is 0.
    func weights(to target: Int, limit: Int) -> [RankedKey] {
        let row = base + target * stride
        let scale = -1 / row[target]
        var magnitudes: [RankedKey] = []
        magnitudes.reserveCapacity(rows)
        for source in 0..<rows where source != target && row[source] != 0 {
            magnitudes.append(RankedKey(item: Int32(source), score: abs(row[source])))
        }
        magnitudes.selectFirst(limit)
        return magnitudes.map { RankedKey(item: $0.item, score: row[Int($0.item)] * scale) }
    }
}
