internal import ModelParts

extension Engine {
    /// Takes the best `k` that the rules allow.
    func rank(_ query: borrowing Query, _ found: Gathered) {
        // Out of the engine while they change: as its properties each use would be checked for
        // overlapping ones.
        var (order, slate) = (RankedOrder(), [RankedItem]())
        swap(&order, &self.order)
        swap(&slate, &self.slate)
        defer {
            swap(&order, &self.order)
            swap(&slate, &self.slate)
        }
        let isWhole = rules.limitsPlaces || rules.limitsNewItems || rules.diversity > 0
        order.removeAll(limit: isWhole ? .max : ranker.depth(toFill: query.ranked, found.tier))
        ranker.append(from: 0, to: &order, rules, found.tier)
        // New items may have no place.
        let doubtful = rules.limitsNewItems ? columns.all.count { generation.items.isNew($0) } : 0
        if order.count - doubtful < query.ranked || rules.limitsPlaces {
            let gathered = columns.count
            sources.addPopular(
                toReach: sources.wanted(for: query, rules), rules, columns, found)
            ranker.append(from: gathered, to: &order, rules, found.tier)
        }
        order.arrange()
        startTaking(found)
        if rules.diversity > 0 { fillDiversely(&slate, query.ranked, &order, found.tier) }
        while slate.count < query.ranked,
            let best = ranker.takeBest(of: &order, rules, found.tier)
        {
            if let rule = rules.refusal(of: best.ordinal) {
                rules.count(rule)
            } else {
                take(best, found.tier, for: &slate)
            }
        }
        rules.freePlaces()
        query.exploration.draw(&slate, k: query.k)
    }

    /// Puts a candidate that no rule refuses on the slate, unless it was deleted meanwhile.
    private func take(
        _ taken: CandidateRanker.Taken, _ tier: Tier, for slate: inout [RankedItem]
    ) {
        guard let id = lookUp.id(of: taken.ordinal) else { return }
        rules.takePlace(taken.ordinal)
        slate.append(
            RankedItem(
                ordinal: taken.ordinal, id: id, score: ranker.shown(taken.score, tier),
                reasons: 0..<0))
    }

    /// Fills the slate by maximal marginal relevance: of the best some times as many as are wanted,
    /// the next is always the one with the most of (1 - d) relevance - d likeness, where relevance is
    /// its rank score between 0 for the last of them and 1 for the first, and likeness the largest to
    /// any that is on the slate.
    ///
    /// Source: Carbonell and Goldstein 1998, "The use of MMR, diversity-based reranking for reordering
    /// documents and producing summaries" (their lambda is 1 - d).
    ///
    /// - Complexity: O(pool x k) likenesses.
    private func fillDiversely(
        _ slate: inout [RankedItem], _ k: Int, _ order: inout RankedOrder, _ tier: Tier
    ) {
        pool.removeAll()
        while pool.count < DiversePool.factor * k,
            let best = ranker.takeBest(of: &order, rules, tier)
        {
            pool.append(best)
        }
        pool.arrange(diversity: rules.diversity)
        while slate.count < k, let next = pool.takeNext() {
            if let rule = rules.refusal(of: next.ordinal) {
                rules.count(rule)
                continue
            }
            take(next, tier, for: &slate)
            pool.note(next.ordinal, likeness)
        }
    }

    /// Gets ready to take candidates off an order, best first.
    func startTaking(_ found: Gathered) {
        ranker.setShopper(found.knowsVector ? sources.vectors?.vector : nil)
        ranker.begin(rules)
    }
}
