internal import ModelParts

extension Engine {
    /// Scores the items named, in their order; leaves the result in ``scores`` and
    /// ``unknownPositions``.
    ///
    /// An item's score is the same as in a slate for the same query.
    ///
    /// - Precondition: the query keeps to ``limits``.
    package func score(_ ids: [IDView], for query: borrowing Query) -> Tier {
        read(query)
        return scoreAgainstWhatWasRead(ids, for: query)
    }

    /// ``score(_:for:)`` for the query that was read last.
    package func scoreAgainstWhatWasRead(_ ids: [IDView], for query: borrowing Query) -> Tier {
        let found = gather(query, findsCandidates: false)
        unknownPositions.removeAll(keepingCapacity: true)
        scores.removeAll(keepingCapacity: true)
        scores.append(contentsOf: repeatElement(.nan, count: ids.count))
        if found.knowsVector, let vectors = sources.vectors { vectors.score(ids, into: &scores) }
        if found.tier == .full, ranker.isProductAlone {
            // Without a vector an item may still be known, from the catalog.
            guard lacksScores else { return found.tier }
            for position in ids.indices where scores[position].isNaN {
                scoreOne(position, ids[position], found)
            }
            return found.tier
        }
        for position in ids.indices { scoreOne(position, ids[position], found) }
        if found.tier == .full, ranker.network.hasLayers { addDeepParts(ids, found) }
        if ranker.usesSecond(found.tier), let second = ranker.second {
            score(ids, by: second, found.tier)
        }
        return found.tier
    }

    /// Whether some score is NaN, found without a branch for each.
    private var lacksScores: Bool {
        scores.withUnsafeBufferPointer { scores in
            // As wide as a score, so that vectors of both go together.
            var missing: UInt32 = 0
            for score in scores { missing |= score.isNaN ? 1 : 0 }
            return missing != 0
        }
    }

    /// Replaces the first stage's scores by those of the second one.
    private func score(_ ids: [IDView], by second: SecondStage, _ tier: Tier) {
        for start in stride(from: 0, to: ids.count, by: TreeRanker.stride) {
            let places = start..<min(ids.count, start + TreeRanker.stride)
            second.removeAll()
            for place in places { second.append(lookUp.ordinal(of: ids[place]) ?? .max) }
            let values = second.run(tier)
            for place in places where !scores[place].isNaN {
                scores[place] = ranker.shown(values[place - start], tier)
            }
        }
    }

    private func scoreOne(_ position: Int, _ id: IDView, _ found: Gathered) {
        let product = scores[position]
        guard let ordinal = lookUp.ordinal(of: id) else {
            unknownPositions.append(UInt32(position))
            return
        }
        if found.knowsVector, !product.isNaN, let column = columns.column(of: .product) {
            columns.add(ordinal)
            columns.set(product, of: ordinal, in: column)
        }
        scores[position] = ranker.score(ordinal, found.tier)
    }

    private func addDeepParts(_ ids: [IDView], _ found: Gathered) {
        ranker.setShopper(found.knowsVector ? sources.vectors?.vector : nil)
        for start in stride(from: 0, to: ids.count, by: RankerNetwork.blockMax) {
            let end = min(ids.count, start + RankerNetwork.blockMax)
            let deep = ranker.deepParts(end - start) { lookUp.ordinal(of: ids[start + $0]) ?? .max }
            for place in start..<end { scores[place] += deep[place - start] }
        }
    }
}
