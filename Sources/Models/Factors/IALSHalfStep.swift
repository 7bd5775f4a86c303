internal import CKernels
internal import Interactions
internal import ModelParts

/// Solves every row of one side with the other side fixed.
struct IALSHalfStep {
    let rows: PaddedRows
    let fixed: PaddedRows
    let solver: FoldInSolver
    /// 0 to solve all dimensions at once.
    let block: Int
    let threads: Int

    init(rows: PaddedRows, from fixed: PaddedRows, model: IALS, context: TrainingContext)
        throws(TrainingError)
    {
        guard !context.isCancelled() else { throw TrainingError("ials: training was cancelled") }
        self.rows = rows
        self.fixed = fixed
        threads = context.threads
        block = model.block < fixed.columns ? model.block : 0
        solver = FoldInSolver(
            rows: fixed.base, count: fixed.rows, dimensions: fixed.columns, stride: fixed.stride,
            parameters: model.foldIn, threads: context.threads)
    }

    /// - Returns: the objective but for the fixed side's penalty.
    func run(histories: SparseMatrix) throws(TrainingError) -> Double {
        let terms = UnsafeMutableBufferPointer<Float>.allocate(capacity: rows.rows)
        terms.initialize(repeating: 0)
        defer { terms.deallocate() }
        let loss =
            block == 0
            ? solve(histories, terms: terms.baseAddress!)
            : improve(histories, terms: terms.baseAddress!)
        guard loss.isFinite else {
            throw TrainingError(
                "ials: a system is not positive definite in single precision; raise "
                    + "regularization, now \(solver.parameters.regularization)")
        }
        return loss
    }

    /// Solves for whole rows.
    ///
    /// For a row with n entries, system A and right side b the terms are n - 2 b.x + x.Ax, and Ax =
    /// b at the solution, so they come to n - b.x, which the solve gives for nothing.
    private func solve(_ histories: SparseMatrix, terms: UnsafeMutablePointer<Float>) -> Double {
        nonisolated(unsafe) let fits = terms
        nonisolated(unsafe) let scratches = (0..<threads).map { _ in
            FoldInScratch(dimensions: fixed.columns)
        }
        forEachRow(of: histories) { worker, row, entries, history in
            let fit = solver.solve(
                history: history, count: entries.count, into: rows[row], scratch: scratches[worker])
            fits[row] = fit ?? .nan
        }
        return (0..<rows.rows).reduce(0) {
            $0 + Double(histories.row($1).count) - Double(terms[$1])
        }
    }

    /// Goes through the blocks, and for each through the rows, so that a block's part of the
    /// Gramian stays in the cache.
    private func improve(_ histories: SparseMatrix, terms: UnsafeMutablePointer<Float>) -> Double {
        let residuals = UnsafeMutableBufferPointer<Float>.allocate(
            capacity: max(1, histories.nonZeroCount))
        residuals.initialize(repeating: 0)
        defer { residuals.deallocate() }
        nonisolated(unsafe) let (penalties, rest) = (terms, residuals.baseAddress!)
        nonisolated(unsafe) let scratches = (0..<threads).map { _ in
            FoldInScratch(dimensions: fixed.columns, block: block)
        }
        forEachRow(of: histories) { _, row, entries, history in
            // A row of which nothing is known may have started at random.
            if entries.isEmpty { rows[row].update(repeating: 0, count: rows.stride) }
            solver.residuals(
                history: history, count: entries.count, vector: rows[row],
                rest: rest + entries.lowerBound)
        }
        for first in stride(from: 0, to: rows.stride, by: block) {
            let range = first..<min(first + block, rows.stride)
            forEachRow(of: histories) { worker, row, entries, history in
                guard !entries.isEmpty else { return }
                penalties[row] += solver.improve(
                    history: history, count: entries.count, vector: rows[row],
                    rest: rest + entries.lowerBound, block: range, scratch: scratches[worker])
            }
        }
        return (0..<rows.rows).reduce(0) { $0 + Double(terms[$1]) }
            + residuals.reduce(0) { $0 + Double($1) * Double($1) }
    }

    /// Calls `body` for all rows on all threads, with the row's entries and the addresses of their
    /// vectors on the fixed side.
    private func forEachRow(
        of histories: SparseMatrix,
        _ body:
            @escaping @Sendable (
                _ worker: Int, _ row: Int, _ entries: Range<Int>,
                _ history: UnsafePointer<UnsafePointer<Float>>
            ) -> Void
    ) {
        let longest = max(1, histories.longestRow)
        let addresses = UnsafeMutablePointer<UnsafePointer<Float>>.allocate(
            capacity: threads * longest)
        addresses.initialize(repeating: UnsafePointer(fixed.base), count: threads * longest)
        defer { addresses.deallocate() }
        nonisolated(unsafe) let room = addresses
        nonisolated(unsafe) let first = UnsafePointer(fixed.base)
        let stride = fixed.stride
        parallelFor(count: rows.rows, chunk: 16, threads: threads) { worker, range in
            let history = room + worker * longest
            histories.columns.withUnsafeBufferPointer { columns in
                for row in range {
                    let entries = histories.row(row)
                    if let numbers = columns.baseAddress {
                        sc_ials_list_rows(
                            first, stride, numbers + entries.lowerBound, entries.count, history)
                    }
                    body(worker, row, entries, history)
                }
            }
        }
    }

    /// lambda sum (n + alpha0 N)^nu |row|^2 over this side's rows.
    func penalty(histories: SparseMatrix) -> Double {
        var sum = 0.0
        for row in 0..<rows.rows {
            var norm = 0.0
            for column in 0..<rows.columns {
                norm += Double(rows[row][column]) * Double(rows[row][column])
            }
            sum += solver.ridge(historyCount: histories.row(row).count) * norm
        }
        return sum
    }
}
