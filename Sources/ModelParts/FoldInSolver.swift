internal import CKernels

/// Computes vectors from histories with the other side's factors fixed: the half-step of iALS, for
/// one row or many.
///
/// Training runs this very code for each row, so folding in a training user's history gives her
/// trained vector again, bit for bit on the same machine. It keeps the weighted Gramian, D x D
/// floats, and none of the factors. Threads may share a solver; each needs its own
/// ``FoldInScratch``.
package struct FoldInSolver: Sendable {
    /// The most dimensions that are folded in: the Gramian has 4 MiB then.
    package static let dimensionsMax = 1024

    package let parameters: FoldInParameters
    /// D, the length of a vector.
    package let dimensions: Int
    /// I, over how many rows the Gramian was taken.
    package let itemCount: Int
    /// alpha0 times the Gramian.
    private let base: [Float]

    /// What a solver holds.
    package static func bytes(dimensions: Int) -> Int {
        paddedCount(dimensions) * paddedCount(dimensions) * MemoryLayout<Float>.stride
    }

    /// - Parameters:
    ///   - items: item factors, shape `[I, D]`, D at least 1.
    ///   - threads: at least 1; the result does not depend on it.
    /// - Complexity: O(I x D^2).
    package init(items: Matrix, parameters: FoldInParameters, threads: Int = 1) {
        self = items.values.withUnsafeBufferPointer { values in
            // An empty matrix has no address; none of its rows is read.
            let rows = values.baseAddress ?? UnsafePointer(bitPattern: 64)!
            return FoldInSolver(
                rows: rows, count: items.rows, dimensions: items.columns, stride: items.columns,
                parameters: parameters, threads: threads)
        }
    }

    /// - Parameters:
    ///   - rows: the first of `count` item vectors of `dimensions` floats, `stride` floats apart.
    package init(
        rows: UnsafePointer<Float>, count: Int, dimensions: Int, stride: Int,
        parameters: FoldInParameters, threads: Int = 1
    ) {
        precondition(dimensions > 0 && stride >= dimensions, "\(dimensions) of \(stride) floats")
        self.parameters = parameters
        self.dimensions = dimensions
        itemCount = count
        base = gramian(
            rows: rows, count: count, columns: dimensions, stride: stride,
            weight: parameters.unobservedWeight, threads: threads)
    }

    /// lambda (n + alpha0 I)^nu, the weight of the squared norm for a history of `n` items.
    package func ridge(historyCount n: Int) -> Double {
        let weight = Double(n) + Double(parameters.unobservedWeight) * Double(itemCount)
        let exponent = Double(parameters.regularizationExponent)
        // The usual exponent needs no library.
        return Double(parameters.regularization)
            * (exponent == 1 ? weight : power(weight, exponent))
    }

    /// Solves for one history, given as the addresses of its items' vectors. Allocates nothing.
    ///
    /// - Parameters:
    ///   - history: `count` addresses of `dimensions` floats each, an item at most once.
    ///   - vector: receives `dimensions` floats; zeros for an empty history.
    ///   - scratch: made for the same `dimensions`.
    /// - Returns: the sum of the history's scores under the new vector, or nil, with `vector`
    ///   untouched, where the system is not positive definite in single precision: the factors are
    ///   not finite, or lambda is too small.
    /// - Complexity: O(count x D^2 + D^3).
    @discardableResult
    package func solve(
        history: UnsafePointer<UnsafePointer<Float>>, count: Int,
        into vector: UnsafeMutablePointer<Float>, scratch: FoldInScratch
    ) -> Float? {
        precondition(scratch.dimensions == dimensions, "\(scratch.dimensions) != \(dimensions)")
        guard count > 0 else {
            vector.update(repeating: 0, count: dimensions)
            return 0
        }
        let fit = base.withUnsafeBufferPointer {
            sc_ials_solve(
                history, count, dimensions, paddedCount(dimensions), $0.baseAddress!,
                Float(ridge(historyCount: count)), scratch.work, scratch.solution)
        }
        guard fit >= 0, fit.isFinite else { return nil }
        vector.update(from: scratch.solution, count: dimensions)
        return fit
    }

    /// What a vector leaves of the ones that it should score: 1 less its score of each item.
    ///
    /// - Parameter rest: receives `count` floats.
    /// - Complexity: O(count x D).
    package func residuals(
        history: UnsafePointer<UnsafePointer<Float>>, count: Int, vector: UnsafePointer<Float>,
        rest: UnsafeMutablePointer<Float>
    ) {
        sc_ials_residuals(history, count, dimensions, vector, rest)
    }

    /// Sets a block of a vector's dimensions to the best that it can be with the rest fixed.
    ///
    /// Source: Rendle, Krichene, Zhang and Koren 2021, "iALS++: Speeding up matrix factorization
    /// with subspace optimization".
    ///
    /// - Parameters:
    ///   - vector: `paddedCount(dimensions)` floats, zero past `dimensions`.
    ///   - rest: its ``residuals(history:count:vector:rest:)``, which are kept up to date.
    ///   - block: a range of the padded dimensions between multiples of `SC_LINALG_BLOCK`.
    ///   - scratch: made with a block as large.
    /// - Returns: what the block adds to the weighted squares of all that was not observed and the
    ///   penalty, given the blocks before it; not a number where the block's system is not positive
    ///   definite, with `vector` spoilt.
    /// - Complexity: O(count x block^2 + D x block + block^3).
    package func improve(
        history: UnsafePointer<UnsafePointer<Float>>, count: Int,
        vector: UnsafeMutablePointer<Float>, rest: UnsafeMutablePointer<Float>, block: Range<Int>,
        scratch: FoldInScratch
    ) -> Float {
        precondition(
            scratch.workCount >= sc_ials_improve_scratch_count(block.count),
            "\(scratch.workCount) floats of scratch")
        return base.withUnsafeBufferPointer {
            sc_ials_improve(
                history, count, dimensions, paddedCount(dimensions), $0.baseAddress!,
                Float(ridge(historyCount: count)), block.lowerBound, block.count, scratch.work,
                rest, vector)
        }
    }

    /// Says what a past item gave to a score: solves `A x = y`, with A the system of the last
    /// `solve`.
    ///
    /// The user vector is `A^-1 (sum of y_j)`, so the score of item i is the sum over the history
    /// of `y_j . (A^-1 y_i)`: one share for each past item j, and nothing left over.
    /// Source: Hu, Koren and Volinsky 2008, section 5, "Explaining recommendations".
    ///
    /// - Parameters:
    ///   - item: the vector y of the item to explain, `dimensions` floats.
    ///   - vector: receives x, `dimensions` floats.
    ///   - scratch: as the last successful `solve` of this solver left it.
    /// - Complexity: O(D^2), no allocation.
    package func explain(
        item: UnsafePointer<Float>, into vector: UnsafeMutablePointer<Float>,
        scratch: FoldInScratch
    ) {
        precondition(scratch.dimensions == dimensions, "\(scratch.dimensions) != \(dimensions)")
        let d = paddedCount(dimensions)
        scratch.solution.update(from: item, count: dimensions)
        (scratch.solution + dimensions).update(repeating: 0, count: d - dimensions)
        sc_linalg_forward(scratch.work, d, scratch.solution)
        _ = sc_linalg_backward(scratch.work, d, scratch.solution)
        vector.update(from: scratch.solution, count: dimensions)
    }

    /// Solves for one history, given as rows of `items`; nil as above.
    ///
    /// - Parameters:
    ///   - history: rows of `items`, each at most once.
    ///   - items: the factors that the solver was made from.
    package func vector(
        history: some Collection<Int32>, items: Matrix, scratch: FoldInScratch
    ) -> [Float]? {
        precondition(items.columns == dimensions, "\(items.columns) != \(dimensions)")
        var vector = Array(repeating: Float(0), count: dimensions)
        let fit = items.values.withUnsafeBufferPointer { values in
            let rows = history.map { item in
                precondition(item >= 0 && Int(item) < items.rows, "item \(item) of \(items.rows)")
                return values.baseAddress! + Int(item) * dimensions
            }
            return rows.withUnsafeBufferPointer { rows in
                guard let first = rows.baseAddress, !rows.isEmpty else { return Float?(0) }
                return solve(history: first, count: rows.count, into: &vector, scratch: scratch)
            }
        }
        return fit == nil ? nil : vector
    }
}

/// The memory that one thread folds in with: D^2 floats and a panel of rows, for D rounded up to
/// 16, or less where it goes block by block.
package final class FoldInScratch {
    package let dimensions: Int
    fileprivate let work: UnsafeMutablePointer<Float>
    fileprivate let solution: UnsafeMutablePointer<Float>
    fileprivate let workCount: Int

    package convenience init(dimensions: Int) {
        self.init(
            dimensions: dimensions, workCount: sc_ials_scratch_count(paddedCount(dimensions)))
    }

    /// Memory to improve vectors with, block by block.
    package convenience init(dimensions: Int, block: Int) {
        self.init(dimensions: dimensions, workCount: sc_ials_improve_scratch_count(block))
    }

    private init(dimensions: Int, workCount: Int) {
        self.dimensions = dimensions
        self.workCount = workCount
        let d = paddedCount(dimensions)
        work = UnsafeMutableRawPointer.allocate(
            byteCount: (workCount + d) * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: workCount + d)
        work.initialize(repeating: 0, count: workCount + d)
        solution = work + workCount
    }

    deinit { work.deallocate() }
}
