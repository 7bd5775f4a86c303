internal import CKernels
internal import Glibc
internal import Interactions
package import ModelParts

/// The ideal low-pass filter on the graph of users and items: what a user took, projected onto the
/// smoothest signals that the shop's data bears. There is no gradient and no loss.
///
/// With R the matrix of who took what, R~ = D_U^-1/2 R D_I^-1/2 and V the first D right singular
/// vectors of R~, a user's scores are those of r D_I^-b V V' D_I^b, where r is her row. V is found by
/// subspace iteration: multiplied by R~'R~ and made orthonormal (by the Cholesky factor of its Gram
/// matrix), again and again. The vectors of V themselves are not needed, only the space that they
/// span, so none is told from the others.
///
/// Source: Shen et al. 2021, "How powerful is graph convolution for recommendation?" (GF-CF), equation
/// 10, where b is 1/2, without the linear filter, which item-knn is; Halko, Martinsson and Tropp 2011,
/// "Finding structure with randomness", algorithm 4.4, for the iteration.
///
/// - Complexity: an iteration takes O(pairs x D + I x D^2) time; training O((U + I) x D) memory.
package struct GraphFilter: Recommender {
    package static let name = "graph-filter"
    package var answersBaskets: Bool { false }

    /// D; 1 to 1,024. There are no more than users, or items that somebody took.
    package var dimensions = 256
    /// b, how far popular items are put first; 0 to 1.
    package var popularityExponent: Float = 0.5
    /// How often the space is multiplied; at least 1.
    package var iterations = 4
    private static let dimensionsMax = 1_024

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "dimensions": Double(dimensions), "iterations": Double(iterations),
            "popularity_exponent": Double(popularityExponent),
        ]
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        let histories = data.interactions
        guard histories.nonZeroCount > 0 else {
            throw TrainingError(
                "graph-filter: no event of a known user; it learns from users' histories")
        }
        try DenseAlgebra.require(for: Self.name)
        var steps = TrainingSteps(model: Self.name, total: iterations, context: context)
        let sides = (users: SparseRows(histories), items: SparseRows(histories.transposed()))
        let taken = (0..<histories.columnCount).count { sides.items.count($0) > 0 }
        let active = (0..<histories.rows).count { sides.users.count($0) > 0 }
        let columns = min(dimensions, taken, active)
        let items = Self.directions(
            rows: histories.columnCount, columns: columns, seed: context.seed)
        let users = PaddedRows(rows: histories.rows, columns: columns)
        for _ in 0..<iterations {
            try steps.check()
            // Each pass divides by a root of both degrees, so two of them by the user's own.
            items.scale(by: sides.items, exponent: -0.5)
            users.sum(items, of: sides.users, threads: context.threads)
            users.scale(by: sides.users, exponent: -1)
            items.sum(users, of: sides.items, threads: context.threads)
            items.scale(by: sides.items, exponent: -0.5)
            items.makeOrthonormal(threads: context.threads)
            steps.finish()
        }
        items.scale(by: sides.items, exponent: -popularityExponent)
        users.sum(items, of: sides.users, threads: context.threads)
        items.scale(by: sides.items, exponent: 2 * popularityExponent)
        var parts = ModelParts(popularity: data.popularity)
        parts.embeddings = EmbeddingParts(
            items: items.makeMatrix(), users: users.makeMatrix(), foldIn: nil)
        return parts
    }

    private static func directions(rows: Int, columns: Int, seed: UInt64) -> PaddedRows {
        let directions = PaddedRows(rows: rows, columns: columns)
        var generator = SeededGenerator(seed: seed)
        for row in 0..<rows {
            for column in 0..<columns { directions[row][column] = Float(generator.nextNormal()) }
        }
        return directions
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(
            1...Self.dimensionsMax ~= dimensions, "dimensions must be 1 to \(Self.dimensionsMax)",
            dimensions)
        try check.require(iterations > 0, "iterations must be at least 1", iterations)
        try check.require(
            0...1 ~= popularityExponent, "popularity_exponent must be 0 to 1", popularityExponent)
    }
}

extension PaddedRows {
    /// Multiplies each row by a power of how many entries it has in `degrees`; rows without any become 0.
    fileprivate func scale(by degrees: SparseRows, exponent: Float) {
        for row in 0..<rows {
            let degree = degrees.count(row)
            let factor = degree == 0 ? 0 : pow(Float(degree), exponent)
            for column in 0..<stride { self[row][column] *= factor }
        }
    }

    /// Makes each row the sum of those rows of `other` that its entries name.
    fileprivate func sum(_ other: PaddedRows, of entries: SparseRows, threads: Int) {
        let longest = (0..<rows).reduce(0) { max($0, entries.count($1)) }
        nonisolated(unsafe) let addresses = (0..<threads).map { _ in
            UnsafeMutablePointer<UnsafePointer<Float>>.allocate(capacity: longest)
        }
        defer { for list in addresses { list.deallocate() } }
        parallelFor(count: rows, chunk: 64, threads: threads) { [self] worker, range in
            for row in range {
                self[row].update(repeating: 0, count: stride)
                let list = addresses[worker]
                for (place, entry) in entries.range(row).enumerated() {
                    list[place] = UnsafePointer(other[Int(entries.columns[entry])])
                }
                sc_linalg_sum(self[row], stride, list, entries.count(row))
            }
        }
    }

    /// Replaces the columns by orthonormal ones that span the same space: Z becomes Z u^-1, with u'u = Z'Z.
    ///
    /// Where they span fewer dimensions than there are columns, what the others are is up to rounding.
    fileprivate func makeOrthonormal(threads: Int) {
        let gram = PaddedRows(rows: stride, columns: stride)
        var nothing = Array(repeating: Float(0), count: stride)
        // Just enough is added to the diagonal for rounding not to make a pivot negative.
        var ridge: Float = 1e-9
        repeat {
            multiplyTransposed(into: gram, threads: threads)
            let trace = (0..<columns).reduce(Float(0)) { $0 + gram[$1][$1] }
            for column in 0..<columns { gram[column][column] += ridge * trace }
            for column in columns..<stride { gram[column][column] = 1 }
            precondition(trace > 0 && ridge <= 1, "a Gram matrix with a trace of \(trace)")
            ridge *= 10
        } while sc_linalg_cholesky(gram.base, stride, &nothing) >= 0
        parallelFor(count: rows, chunk: 64, threads: threads) { [self] _, range in
            // u'q' = z' for each row.
            for row in range { sc_linalg_forward(gram.base, stride, self[row]) }
        }
    }

    /// `gram` = Z'Z.
    private func multiplyTransposed(into gram: PaddedRows, threads: Int) {
        parallelFor(count: stride, chunk: Int(SC_LINALG_BLOCK), threads: threads) {
            [self] _, range in
            sc_blas_gemm(
                base + range.lowerBound, stride, true, base, stride, false, range.count, stride,
                rows, false, gram[range.lowerBound], stride)
        }
    }
}
