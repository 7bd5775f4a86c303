internal import Models

extension ScoringEngine {
    /// Says why one item of the slate is on it, strongest reason first, at most one of each kind.
    ///
    /// The taste reason splits the inner product exactly: for a folded-in user, score = sum over past items j
    /// of y_j . (A^-1 y_i), where A is the system the fold-in solved.
    /// Source: Hu, Koren and Volinsky 2008, section 5, "Explaining recommendations".
    func explain(_ slatePosition: Int, _ tier: Tier) {
        let first = reasons.count
        let ordinal = slate[slatePosition].ordinal
        guard let position = index.position(of: ordinal) else { return }
        let candidate = candidates[position]
        if candidate.loudestEdge >= 0, let lists = model.complements {
            let edge = candidate.loudestEdge
            reasons.append(
                Reason(
                    kind: .boughtTogether, item: candidate.loudestItem,
                    itemID: model.items[Int(candidate.loudestItem)],
                    contribution: weights.neighbours * candidate.neighbourScore,
                    lift: lists.lifts[edge], confidence: lists.confidences[edge]))
        }
        if tier == .personal, let taste = taste(for: candidate) { reasons.append(taste) }
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

    /// The past or basket item that gives most of a candidate's inner product, where one gives anything.
    private func taste(for candidate: Candidate) -> Reason? {
        guard canExplain, candidate.embeddingScore > 0, let scratch = foldInScratch,
            let foldIn = model.foldIn,
            let row = itemReader.find(candidate.id)?.vector
        else { return nil }
        foldIn.explain(item: row, into: explanation.baseAddress!, scratch: scratch)
        var loudest = -1
        var most: Float = 0
        // Older items than this hardly ever lead, and a reason must not cost more than the ranking.
        for position in contextRows.indices.suffix(Self.reasonHistoryMax) {
            let part = dot(explanation.baseAddress!, contextRows[position])
            if part > most { (loudest, most) = (position, part) }
        }
        guard loudest >= 0 else { return nil }
        return Reason(
            kind: .taste, item: contextRowItems[loudest].ordinal,
            itemID: contextRowItems[loudest].id,
            contribution: weights.embedding * candidate.embeddingScore)
    }

    private static let reasonHistoryMax = 128
}
