package import Interactions
package import Models

/// Scores items for training users straight from a model's parts, as plainly as can be.
///
/// Takes the first of these that the parts have: user vectors; folding in; neighbours, whose scores
/// are summed over the user's history; popularity.
package struct PartsScorer {
    private let parts: ModelParts
    private let histories: SparseMatrix
    private let foldIn: (solver: FoldInSolver, scratch: FoldInScratch)?

    /// - Parameters:
    ///   - histories: users x items, what the model was trained on.
    package init(parts: ModelParts, histories: SparseMatrix) {
        self.parts = parts
        self.histories = histories
        foldIn = parts.embeddings.flatMap { embeddings in
            guard embeddings.users == nil, let parameters = embeddings.foldIn else { return nil }
            return (
                FoldInSolver(items: embeddings.items, parameters: parameters),
                FoldInScratch(dimensions: embeddings.items.columns)
            )
        }
    }

    /// The score of each candidate; not numbers where the user's vector cannot be computed.
    package func scores(user: Int, candidates: [Int32]) -> [Float] {
        let history = histories.columns[histories.row(user)]
        if let embeddings = parts.embeddings {
            if let users = embeddings.users {
                return products(of: users[row: user], with: candidates, in: embeddings.items)
            }
            if let foldIn {
                let vector = foldIn.solver.vector(
                    history: history, items: embeddings.items, scratch: foldIn.scratch)
                guard let vector else {
                    return Array(repeating: .nan, count: candidates.count)
                }
                return products(of: vector[...], with: candidates, in: embeddings.items)
            }
        }
        if let lists = parts.neighbours[.complement] ?? parts.neighbours[.similar] {
            var sums: [Int32: Float] = [:]
            for item in history {
                for entry in lists.range(of: Int(item)) {
                    sums[lists.items[entry], default: 0] += lists.scores[entry]
                }
            }
            return candidates.map { sums[$0] ?? 0 }
        }
        return candidates.map { parts.popularity[Int($0)] }
    }

    private func products(
        of vector: ArraySlice<Float>, with candidates: [Int32], in items: Matrix
    ) -> [Float] {
        candidates.map { item in
            zip(vector, items[row: Int(item)]).reduce(0) { $0 + $1.0 * $1.1 }
        }
    }
}
