internal import Interactions
internal import ModelParts

extension EmbeddingParts {
    /// Users' vectors, each folded in from her row: what serving would compute at every call.
    ///
    /// Who took nothing has zeros, and so has who cannot be folded in.
    ///
    /// - Parameter histories: users x items.
    /// - Returns: shape `[U, D]`; nil where vectors cannot be folded in.
    /// - Complexity: O(entries x D^2 + U x D^3), on all threads.
    func foldedUsers(_ histories: SparseMatrix, threads: Int) -> Matrix? {
        guard let foldIn, histories.rows > 0 else { return nil }
        let items = items
        let dimensions = items.columns
        let solver = FoldInSolver(items: items, parameters: foldIn, threads: threads)
        nonisolated(unsafe) let scratches = (0..<threads).map { _ in
            FoldInScratch(dimensions: dimensions)
        }
        var users = Matrix(rows: histories.rows, columns: dimensions)
        users.values.withUnsafeMutableBufferPointer { values in
            nonisolated(unsafe) let values = values
            parallelFor(count: histories.rows, chunk: 64, threads: threads) { worker, range in
                for user in range where !histories.row(user).isEmpty {
                    let vector = solver.vector(
                        history: histories.columns[histories.row(user)], items: items,
                        scratch: scratches[worker])
                    guard let vector else { continue }
                    for d in 0..<dimensions { values[user * dimensions + d] = vector[d] }
                }
            }
        }
        return users
    }
}
