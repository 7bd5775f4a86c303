internal import CKernels
internal import Interactions

/// EASE: the linear item model with the least squared error, in closed form.
///
/// Minimises |X - X B|^2 + lambda |B|^2 over the I x I weights B with a diagonal of 0, where X is
/// users x items, 1 where taken: with P = (X'X + lambda E)^-1, the weight j -> i is B_ji = -P_ji /
/// P_ii. Weights may be negative. Of those that lead to an item only the `weightsMax` largest by
/// absolute value are kept.
///
/// Source: Steck 2019, "Embarrassingly shallow autoencoders for sparse data", equations 5 to 8.
///
/// - Complexity: O(sum of squared history lengths + I^3) time, 4 I^2 bytes beside the lists.
package struct EASE: Recommender {
    package static let name = "ease"

    /// lambda; positive.
    package var regularization: Float = 1_200
    /// The weights kept of those that lead to one item; at least 1.
    package var weightsMax = 1_500
    /// The most memory that the matrix may take, in bytes; a larger one is refused.
    package var memoryBytesMax = 4 << 30

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "regularization": Double(regularization), "weights_max": Double(weightsMax),
            "memory_bytes_max": Double(memoryBytesMax),
        ]
    }

    package func train(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        guard data.interactions.nonZeroCount > 0 else {
            throw TrainingError("ease: no event of a known user; it learns from histories")
        }
        let items = data.interactions.columnCount
        let bytes = SquareMatrix.bytes(rows: items)
        guard bytes <= memoryBytesMax else {
            throw TrainingError(
                "ease: \(items) items take \(bytes >> 20) MiB of memory, and memory_bytes_max "
                    + "allows \(memoryBytesMax >> 20) MiB; slim needs far less")
        }
        let matrix = SquareMatrix(rows: items)
        var steps = TrainingSteps(
            model: Self.name,
            total: 1 + matrix.blocks + TrainingSteps.listSteps(rows: items), context: context)
        try steps.check()
        matrix.fill(with: data.interactions, ridge: regularization, threads: context.threads)
        steps.finish()
        try matrix.negateInverse(steps: &steps, ridge: regularization)
        let sources = try steps.makeLists(rows: items, makeScratch: {}) { target, _ in
            matrix.weights(to: target, limit: weightsMax)
        }
        var parts = ModelParts(popularity: data.popularity)
        parts.itemWeights = sources.transposed(columnCount: items, threads: context.threads)
        return parts
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(
            regularization > 0 && regularization.isFinite, "regularization must be positive",
            regularization)
        try check.require(weightsMax > 0, "weights_max must be at least 1", weightsMax)
        try check.require(
            memoryBytesMax > 0, "memory_bytes_max must be at least 1", memoryBytesMax)
    }
}

/// X'X + lambda E, and then its inverse, negated; padded with the identity to the kernels' block.
///
/// `@unchecked Sendable`: within a step each thread writes its own rows or stripes, as the kernels
/// say.
private final class SquareMatrix: @unchecked Sendable {
    let rows: Int
    private let stride: Int
    private let base: UnsafeMutablePointer<Float>

    static func bytes(rows: Int) -> Int {
        let stride = padded(rows)
        let (count, overflow) = stride.multipliedReportingOverflow(by: stride)
        return overflow || count > Int.max / 4 ? Int.max : count * MemoryLayout<Float>.stride
    }

    init(rows: Int) {
        self.rows = rows
        stride = Self.padded(rows)
        base = UnsafeMutableRawPointer.allocate(
            byteCount: stride * stride * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: stride * stride)
    }

    deinit { base.deallocate() }

    /// Pivot blocks.
    var blocks: Int { stride / Int(SC_SPD_BLOCK) }
    private var stripes: Int { stride / Int(SC_SPD_STRIPE) }

    private static func padded(_ rows: Int) -> Int {
        let block = Int(SC_SPD_BLOCK)
        return (rows + block - 1) / block * block
    }

    /// Counts who took what together, on and above the diagonal.
    func fill(with histories: SparseMatrix, ridge: Float, threads: Int) {
        let users = SparseRows(histories)
        let items = SparseRows(histories.transposed())
        parallelFor(count: stride, chunk: 16, threads: threads) { _, range in
            for item in range {
                let row = self.base + item * self.stride
                row.initialize(repeating: 0, count: self.stride)
                guard item < self.rows else {
                    row[item] = 1
                    continue
                }
                for holder in items.range(item) {
                    let user = users.range(Int(items.columns[holder]))
                    var entry = user.upperBound - 1
                    while entry >= user.lowerBound, Int(users.columns[entry]) >= item {
                        row[Int(users.columns[entry])] += 1
                        entry -= 1
                    }
                }
                row[item] += ridge
            }
        }
    }

    /// One step a block.
    func negateInverse(steps: inout TrainingSteps, ridge: Float) throws(TrainingError) {
        let block = Int(SC_SPD_BLOCK)
        let factors = UnsafeMutablePointer<Float>.allocate(capacity: 2 * block * block)
        let panels = UnsafeMutablePointer<Float>.allocate(capacity: block * stride)
        defer {
            factors.deallocate()
            panels.deallocate()
        }
        nonisolated(unsafe) let (factor, panel) = (factors, panels)
        for q in 0..<blocks {
            try steps.check()
            guard sc_spd_pivot(base, stride, q, factors) < 0 else {
                throw TrainingError(
                    "ease: the matrix is not positive definite in single precision; raise "
                        + "regularization, now \(ridge)")
            }
            parallelFor(count: stripes, chunk: 2, threads: steps.threads) { _, range in
                for s in range { sc_spd_stripe(self.base, self.stride, q, s, factor, panel) }
            }
            parallelFor(count: stripes, chunk: 1, threads: steps.threads) { _, range in
                for s in range { sc_spd_update(self.base, self.stride, q, s, panel) }
            }
            steps.finish()
        }
        parallelFor(count: stripes, chunk: 1, threads: steps.threads) { _, range in
            for s in range { sc_spd_mirror(self.base, self.stride, s) }
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
