extension ScoringEngine {
    /// Says why one item of the slate is on it, strongest reason first, at most one of each kind.
    func explain(_ slatePosition: Int, _ tier: Tier) {
        let first = reasons.count
        let ordinal = slate[slatePosition].ordinal
        guard let position = index.position(of: ordinal) else { return }
        let candidate = candidates[position]
        let neighborPart =
            ranker.map { $0.part($0.neighbors, of: position) }
            ?? weights.neighbors * candidate.neighborScore
        // A ranker may give neighbors no weight, or hold them against an item.
        if candidate.loudestEdge >= 0, ranker == nil || neighborPart > 0,
            let lists = model.complements
        {
            let edge = candidate.loudestEdge
            reasons.append(
                Reason(
                    kind: .boughtTogether, item: candidate.loudestItem,
                    itemID: model.items[Int(candidate.loudestItem)],
                    contribution: neighborPart,
                    lift: lists.lifts[edge], confidence: lists.confidences[edge]))
        }
        if tier == .personal {
            let taste =
                ranker.map { self.taste(for: candidate, at: position, $0) }
                ?? self.taste(for: candidate)
            if let taste { reasons.append(taste) }
        }
        if reasons.count == first + 2, reasons[first].contribution < reasons[first + 1].contribution
        {
            reasons.swapAt(first, first + 1)
        }
        if reasons.count == first {
            reasons.append(
                Reason(kind: .popular, item: nil, contribution: popularity(of: ordinal)))
        }
        slate[slatePosition].reasons = first..<reasons.count
    }

    /// The past or basket item that speaks loudest for a candidate's inner product, where one does.
    private func taste(for candidate: Candidate) -> Reason? {
        guard candidate.embeddingScore > 0 else { return nil }
        let contribution = weights.embedding * candidate.embeddingScore
        if candidate.loudestWeight > 0 {
            let item = candidate.loudestWeightItem
            return Reason(
                kind: .taste, item: item, itemID: model.items[Int(item)],
                contribution: contribution)
        }
        // Where no single item can be named, such as with vectors that came without a history, the
        // taste is the reason all the same.
        guard model.userLists == nil, let row = itemReader.find(candidate.id)?.vector else {
            return Reason(kind: .taste, item: nil, contribution: contribution)
        }
        let past = historyTaste.loudest(for: row, dot: dot)
        let present = basketTaste.loudest(for: row, dot: dot)
        let loudest = (past?.share ?? 0) > (present?.share ?? 0) ? past : present
        return Reason(
            kind: .taste, item: loudest?.item, itemID: loudest?.id, contribution: contribution)
    }
    /// The same with a ranker: what its wide part gives to the product and to the lists. What a
    /// deep part adds belongs to no item.
    private func taste(
        for candidate: Candidate, at position: Int, _ ranker: CandidateRanker
    ) -> Reason? {
        let product = ranker.part(ranker.product, of: position)
        let similar = model.complements == nil ? ranker.part(ranker.neighbors, of: position) : 0
        let contribution =
            product + similar + ranker.part(ranker.itemWeights, of: position)
            + ranker.part(ranker.userList, of: position)
        guard contribution > 0 else { return nil }
        var item = candidate.loudestWeight > 0 ? candidate.loudestWeightItem : nil
        var id = item.map { model.items[Int($0)] }
        if product > candidate.loudestWeight, let row = itemReader.find(candidate.id)?.vector {
            let past = historyTaste.loudest(for: row, dot: dot)
            let present = basketTaste.loudest(for: row, dot: dot)
            let loudest = (past?.share ?? 0) > (present?.share ?? 0) ? past : present
            if let loudest,
                ranker.weight(ranker.product) * loudest.share > candidate.loudestWeight
            {
                (item, id) = (loudest.item, loudest.id)
            }
        }
        return Reason(kind: .taste, item: item, itemID: id, contribution: contribution)
    }
}
