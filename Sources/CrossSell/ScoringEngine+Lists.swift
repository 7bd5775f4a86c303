internal import ModelParts

extension ScoringEngine {
    /// Adds what the model's weights between items say of basket and history, or its own list of
    /// the user.
    ///
    /// The score of a linear item model is the sum, over the items a shopper took, of the weights
    /// that lead from them to a candidate; basket and history weigh as they do in the user vector.
    ///
    /// - Returns: whether either says anything.
    /// - Complexity: O(total length of the lists).
    func addLists(_ query: borrowing Query) -> Bool {
        let hasPast = past.count > 0
        let pastShare = basket.isEmpty ? 1 : weights.history
        var hasLists = false
        if let lists = model.itemWeights {
            let basketShare = hasPast ? 1 - weights.history : 1
            for item in basket { hasLists = add(lists, of: item, share: basketShare) || hasLists }
            // Newest first: where there are too many candidates the oldest items lose theirs.
            for item in past.ordinals.reversed() {
                hasLists = add(lists, of: item, share: pastShare) || hasLists
            }
        }
        if let lists = model.userLists, query.history.isEmpty, let user = query.user,
            let number = model.userNumbers.index(of: user.assumingMemoryBound(to: UInt8.self))
        {
            for edge in lists.range(of: Int(number)) {
                guard let position = candidate(UInt32(lists.items[edge])) else { continue }
                candidates[position].embeddingScore += pastShare * lists.scores[edge]
                hasLists = true
            }
        }
        return hasLists
    }

    private func add(_ lists: NeighborLists, of item: UInt32, share: Float) -> Bool {
        guard Int(item) < model.items.count else { return false }
        for edge in lists.range(of: Int(item)) {
            guard let position = candidate(UInt32(lists.items[edge])) else { continue }
            let part = share * lists.scores[edge]
            candidates[position].embeddingScore += part
            if part > candidates[position].loudestWeight {
                candidates[position].loudestWeight = part
                candidates[position].loudestWeightItem = item
            }
        }
        return !lists.range(of: Int(item)).isEmpty
    }
}
