internal import CKernels
internal import Interactions
internal import ModelParts

/// How much two items are to be expected together, whether or not any basket holds both: their
/// co-occurrence, smoothed by the few dimensions that tell most of it.
///
/// Let rows r be the baskets and the users' histories that hold two items or more, each of h_r items
/// and the weight w_r, and n_i the sum of the weights of those that hold i. With
///
///     a_ri = sqrt(w_r / (h_r n_i)) where r holds i, else 0
///
/// (A'A)_ij is a cosine of i and j in which a row counts the less, the more it holds. What is expected is
/// this matrix projected on a space of 32 dimensions in which it is largest:
///
///     q_ij = v_i . v_j,  with  v = Q L,  L L' = (A Q)'(A Q)
///
/// where the columns of Q are an orthonormal basis of that space, found by a few multiplications of random
/// vectors with A'A. Two items that were never together and share what is taken with both so have a q_ij
/// above 0. Were all rows drawn without regard to what goes together, it would be sqrt(n_i n_j) / sum of n: A'A
/// then has this one dimension.
///
/// Source: Greenacre 1984, "Theory and applications of correspondence analysis", for the scaling and its
/// trivial dimension; Halko, Martinsson and Tropp 2011, "Finding structure with randomness", algorithm
/// 4.4, for the basis; smoothing counts by their leading dimensions is Deerwester et al. 1990, "Indexing
/// by latent semantic analysis".
///
/// - Complexity: O(entries + I x 32) times 32 a pass; 128 bytes an item and a row, of which a million are
///   drawn evenly where there are more.
struct ExpectedPairs: Sendable {
    static let dimensions = Int(SC_BLOCK_WIDTH)
    private static let passes = 6
    private static let rowsMax = 1 << 20

    /// v by item, in its first ``dimensions`` floats; zero for what is in no row.
    let vectors: Matrix
    /// n by item.
    private let counts: [Float]
    /// The sum of all n.
    private let total: Float

    /// - Parameters:
    ///   - baskets: baskets x items.
    ///   - weights: of the baskets; nil for 1.
    ///   - histories: users x items; a user's counts 1.
    /// - Throws: ``TrainingError`` where training was cancelled.
    init(
        baskets: SparseMatrix, weights: [Float]?, histories: SparseMatrix, context: TrainingContext
    ) throws(TrainingError) {
        let (rows, counts) = Self.scaled(baskets, weights, histories)
        (self.counts, total) = (counts, counts.reduce(0, +))
        let forward = SparseRows(rows)
        let backward = SparseRows(rows.transposed())
        let basis = Block(rows: rows.columnCount)
        let images = Block(rows: rows.rows)
        var generator = SeededGenerator(seed: context.seed)
        basis.fill { Float(generator.nextNormal()) }
        for _ in 0..<Self.passes {
            guard !context.isCancelled() else {
                throw TrainingError("\(CoPurchase.name): training was cancelled")
            }
            images.set(to: forward, times: basis, threads: context.threads)
            basis.set(to: backward, times: images, threads: context.threads)
            basis.multiply(by: Factor(basis.gram).inverseTransposed, threads: context.threads)
        }
        images.set(to: forward, times: basis, threads: context.threads)
        basis.multiply(by: Factor(images.gram).rows, threads: context.threads)
        vectors = basis.matrix
    }

    /// q_ij, or 0 where it is below.
    func strength(_ i: Int, _ j: Int) -> Float {
        vectors.values.withUnsafeBufferPointer { values in
            let first = values.baseAddress!
            var row: UnsafePointer<Float>? = first + j * Self.dimensions
            var product: Float = 0
            sc_dot_rows(first + i * Self.dimensions, &row, 1, Self.dimensions, &product)
            return max(0, product)
        }
    }

    /// What q_ij would be by chance.
    func chance(_ i: Int, _ j: Int) -> Float { (counts[i] * counts[j]).squareRoot() / total }

    /// A, and n.
    private static func scaled(
        _ baskets: SparseMatrix, _ weights: [Float]?, _ histories: SparseMatrix
    ) -> (rows: SparseMatrix, counts: [Float]) {
        let all: [(matrix: SparseMatrix, row: Int, weight: Float)] =
            (0..<baskets.rows).map { (baskets, $0, weights?[$0] ?? 1) }
            + (0..<histories.rows).map { (histories, $0, 1) }
        let telling = all.filter { $0.matrix.row($0.row).count > 1 && $0.weight > 0 }
        let count = min(telling.count, rowsMax)
        let kept = (0..<count).map { telling[$0 * telling.count / count] }
        var counts = Array(repeating: Float(0), count: baskets.columnCount)
        for (matrix, row, weight) in kept {
            for entry in matrix.row(row) { counts[Int(matrix.columns[entry])] += weight }
        }
        var offsets = [0]
        var columns: [Int32] = []
        var values: [Float] = []
        for (matrix, row, weight) in kept {
            let entries = matrix.row(row)
            columns += matrix.columns[entries]
            values += matrix.columns[entries].map {
                (weight / (Float(entries.count) * counts[Int($0)])).squareRoot()
            }
            offsets.append(columns.count)
        }
        return (
            SparseMatrix(
                rows: kept.count, columnCount: baskets.columnCount, rowOffsets: offsets,
                columns: columns, values: values), counts
        )
    }
}

/// Rows of ``ExpectedPairs/dimensions`` floats.
///
/// `@unchecked Sendable`: threads write rows of their own.
private final class Block: @unchecked Sendable {
    let rows: Int
    private let base: UnsafeMutablePointer<Float>

    private static let width = ExpectedPairs.dimensions
    /// Rows that are worked on, or summed in single precision, at a time.
    private static let chunk = 256

    init(rows: Int) {
        self.rows = rows
        base = .allocate(capacity: max(1, rows * Self.width))
        base.initialize(repeating: 0, count: rows * Self.width)
    }

    deinit { base.deallocate() }

    func fill(_ draw: () -> Float) {
        for place in 0..<rows * Self.width { base[place] = draw() }
    }

    /// Becomes a sparse matrix times a block.
    func set(to matrix: SparseRows, times other: Block, threads: Int) {
        parallelFor(count: rows, chunk: Self.chunk, threads: threads) { _, range in
            sc_block_sparse_product(
                matrix.offsets, matrix.columns, matrix.values, other.base, range.lowerBound,
                range.upperBound, self.base)
        }
    }

    /// Multiplies each row by a square matrix.
    func multiply(by matrix: [[Double]], threads: Int) {
        let flat = matrix.flatMap { $0.map(Float.init) }
        parallelFor(count: rows, chunk: Self.chunk, threads: threads) { _, range in
            sc_block_transform(self.base + range.lowerBound * Self.width, range.count, flat)
        }
    }

    /// The inner products of the columns, summed in one order whatever the threads.
    var gram: [[Double]] {
        var sums = Array(repeating: 0.0, count: Self.width * Self.width)
        var part = Array(repeating: Float(0), count: sums.count)
        for first in stride(from: 0, to: rows, by: Self.chunk) {
            sc_block_gram(
                base + first * Self.width, min(Self.chunk, rows - first), &part)
            for place in sums.indices { sums[place] += Double(part[place]) }
        }
        return (0..<Self.width).map { Array(sums[$0 * Self.width..<($0 + 1) * Self.width]) }
    }

    var matrix: Matrix {
        Matrix(
            rows: rows, columns: Self.width,
            values: Array(UnsafeBufferPointer(start: base, count: rows * Self.width)))
    }
}

/// Cholesky's factor L of a matrix L L', by rows; a direction in which there is nothing is 0.
private struct Factor {
    private(set) var rows: [[Double]]

    /// What is left of a diagonal entry, as a share of it, below which there is nothing but rounding.
    private static let shareMin = 1e-5

    init(_ matrix: [[Double]]) {
        let width = matrix.count
        rows = Array(repeating: Array(repeating: 0, count: width), count: width)
        for k in 0..<width {
            let rest = matrix[k][k] - (0..<k).reduce(0) { $0 + rows[k][$1] * rows[k][$1] }
            guard rest > Self.shareMin * matrix[k][k] else { continue }
            rows[k][k] = rest.squareRoot()
            for i in k + 1..<max(k + 1, width) {
                let product = (0..<k).reduce(0) { $0 + rows[i][$1] * rows[k][$1] }
                rows[i][k] = (matrix[i][k] - product) / rows[k][k]
            }
        }
    }

    /// (L^-1)', by rows: what makes columns with the products L L' orthonormal.
    var inverseTransposed: [[Double]] {
        let width = rows.count
        var inverse = Array(repeating: Array(repeating: 0.0, count: width), count: width)
        for k in 0..<width where rows[k][k] > 0 {
            inverse[k][k] = 1 / rows[k][k]
            for j in 0..<k {
                inverse[k][j] =
                    -(j..<k).reduce(0) { $0 + rows[k][$1] * inverse[$1][j] } / rows[k][k]
            }
        }
        return (0..<width).map { a in (0..<width).map { inverse[$0][a] } }
    }
}
