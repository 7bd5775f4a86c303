package import Interactions
package import ModelParts

/// Scores items for training users straight from a model's parts, as plainly as can be.
///
/// Takes the first of these that the parts have: user vectors; folding in; the user's own list, on
/// which an item that is absent scores 0; item weights or else neighbors, which are summed over
/// the user's history; popularity. A ranker takes them all, one by one and for every candidate.
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
        if let ranker = parts.ranker { return scores(by: ranker, user, candidates) }
        let history = histories.columns[histories.row(user)]
        if let embeddings = parts.embeddings, embeddings.users != nil || foldIn != nil {
            guard let vector = vector(of: user) else {
                return Array(repeating: .nan, count: candidates.count)
            }
            return products(of: vector, with: candidates, in: embeddings.items)
        }
        if let lists = parts.userLists {
            return sums(of: [Int32(user)], in: lists, for: candidates)
        }
        let weights = parts.itemWeights
        if let lists = weights ?? parts.neighbors[.complement] ?? parts.neighbors[.similar] {
            return sums(of: history, in: lists, for: candidates)
        }
        return candidates.map { parts.popularity[Int($0)] }
    }

    private func vector(of user: Int) -> ArraySlice<Float>? {
        if let users = parts.embeddings?.users { return users[row: user] }
        guard let foldIn, let items = parts.embeddings?.items else { return nil }
        let history = histories.columns[histories.row(user)]
        return foldIn.solver.vector(history: history, items: items, scratch: foldIn.scratch)?[...]
    }

    private func scores(by ranker: RankerParts, _ user: Int, _ candidates: [Int32]) -> [Float] {
        let vector = vector(of: user)
        let features = ranker.features.map { feature($0, user, candidates, vector) }
        return candidates.indices.map { place in
            let own = features.map { $0[place] }
            var inputs = own
            if ranker.usesVectors, let items = parts.embeddings?.items {
                inputs += vector ?? Array(repeating: 0, count: items.columns)[...]
                inputs += items[row: Int(candidates[place])]
            }
            for (number, layer) in ranker.layers.enumerated() {
                let isLast = number == ranker.layers.count - 1
                inputs = layer.biases.indices.map { output in
                    let sum = zip(layer.weights[row: output], inputs)
                        .reduce(layer.biases[output]) { $0 + $1.0 * $1.1 }
                    return isLast ? sum : max(0, sum)
                }
            }
            let deep = ranker.layers.isEmpty ? 0 : inputs[0]
            return zip(ranker.wide, own).reduce(ranker.bias + deep) { $0 + $1.0 * $1.1 }
        }
    }

    private func feature(
        _ feature: RankerFeature, _ user: Int, _ candidates: [Int32], _ vector: ArraySlice<Float>?
    ) -> [Float] {
        let history = histories.columns[histories.row(user)]
        let silence = Array(repeating: Float(0), count: candidates.count)
        switch feature {
        case .product:
            guard let vector, let items = parts.embeddings?.items else { return silence }
            return products(of: vector, with: candidates, in: items)
        case .itemWeights:
            return parts.itemWeights.map { sums(of: history, in: $0, for: candidates) } ?? silence
        case .userList:
            return parts.userLists.map { sums(of: [Int32(user)], in: $0, for: candidates) }
                ?? silence
        case .complement, .similar:
            let lists = parts.neighbors[feature == .similar ? .similar : .complement]
            return lists.map { sums(of: history, in: $0, for: candidates) } ?? silence
        case .popularity:
            return candidates.map { RankerFeature.popularity(parts.popularity[Int($0)]) }
        case .historyLength:
            return candidates.map { _ in RankerFeature.historyLength(history.count) }
        default: preconditionFailure("\(feature) is a feature of trees")
        }
    }

    /// The candidates' scores, each summed over the lists of these rows.
    private func sums(
        of rows: some Sequence<Int32>, in lists: NeighborLists, for candidates: [Int32]
    ) -> [Float] {
        var sums = Array(repeating: Float(0), count: parts.popularity.count)
        for row in rows {
            for entry in lists.range(of: Int(row)) {
                sums[Int(lists.items[entry])] += lists.scores[entry]
            }
        }
        return candidates.map { sums[Int($0)] }
    }

    private func products(
        of vector: ArraySlice<Float>, with candidates: [Int32], in items: Matrix
    ) -> [Float] {
        candidates.map { item in
            zip(vector, items[row: Int(item)]).reduce(0) { $0 + $1.0 * $1.1 }
        }
    }
}
