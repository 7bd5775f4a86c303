extension ScoringEngine {
    /// Finds, ranks, filters and explains a slate; leaves it in ``slate`` and ``reasons``.
    ///
    /// - Precondition: the query keeps to ``limits``.
    /// - Returns: how the answer was found.
    /// - Complexity: O(H D^2 + D^3) for the fold-in of H context items, one scan of the store, and
    ///   O(C log C) for C candidates.
    package func recommend(_ query: borrowing Query) -> Tier {
        slate.removeAll(keepingCapacity: true)
        reasons.removeAll(keepingCapacity: true)
        forgetCandidates()
        let hasUserVector = resolve(query)
        if let ranker {
            let tier = gather(query, for: ranker, hasUserVector: hasUserVector)
            rank(query, by: tier == .personal ? ranker : nil)
            explainSlate(query, tier)
            return tier
        }
        addNeighbors()
        let hasNeighbors = !candidates.isEmpty
        if hasUserVector { addNearest(query) }
        let hasTaste = addLists(query) || hasUserVector
        addPopular(toReach: query.k, query: query, hasUserVector: hasUserVector)
        let tier: Tier = hasTaste ? .personal : hasNeighbors ? .neighbors : .popular
        for position in candidates.indices {
            candidates[position].total = total(candidates[position], tier)
        }
        rank(query)
        explainSlate(query, tier)
        return tier
    }

    private func explainSlate(_ query: borrowing Query, _ tier: Tier) {
        guard query.wantsReasons else { return }
        for position in slate.indices { explain(position, tier) }
    }

    /// Scores the items named, in their order; leaves the result in ``scores`` and
    /// ``unknownPositions``.
    ///
    /// An item's score is the same as in a slate for the same query.
    package func score(_ ids: [IDView], for query: borrowing Query) -> Tier {
        unknownPositions.removeAll(keepingCapacity: true)
        forgetCandidates()
        let hasUserVector = resolve(query)
        if let ranker { return score(ids, query, by: ranker, hasUserVector: hasUserVector) }
        addNeighbors()
        let hasNeighbors = !candidates.isEmpty
        let hasTaste = addLists(query) || hasUserVector
        let tier: Tier = hasTaste ? .personal : hasNeighbors ? .neighbors : .popular
        scoreVectors(ids, hasUserVector: hasUserVector)
        if hasUserVector, candidates.isEmpty, weights.embedding == 1 {
            // Without a vector an item may still be known, from the catalog.
            for position in ids.indices where scores[position].isNaN {
                blend(position, ids[position], tier)
            }
        } else {
            for position in ids.indices { blend(position, ids[position], tier) }
        }
        return tier
    }

    /// Writes each item's inner product with the user vector to ``scores``; NaN where there is
    /// none.
    func scoreVectors(_ ids: [IDView], hasUserVector: Bool) {
        scores.removeAll(keepingCapacity: true)
        for _ in ids.indices { scores.append(.nan) }
        guard hasUserVector else { return }
        scores.withUnsafeMutableBufferPointer { scores in
            ids.withUnsafeBufferPointer {
                itemReader.score(UnsafeBufferPointer(userVector), ids: $0, into: scores)
            }
        }
    }

    private func blend(_ position: Int, _ id: IDView, _ tier: Tier) {
        guard let ordinal = ordinal(of: id) else {
            unknownPositions.append(UInt32(position))
            return
        }
        var candidate =
            index.position(of: ordinal).map { candidates[$0] }
            ?? Candidate(ordinal: ordinal, id: id)
        if !scores[position].isNaN { candidate.embeddingScore += scores[position] }
        scores[position] = total(candidate, tier)
    }

    func total(_ candidate: Candidate, _ tier: Tier) -> Float {
        switch tier {
        case .personal:
            weights.embedding * candidate.embeddingScore
                + weights.neighbors * candidate.neighborScore
        case .neighbors:
            candidate.neighborScore
        case .popular:
            popularity(of: candidate.ordinal)
        }
    }
}
