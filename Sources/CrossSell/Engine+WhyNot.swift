/// Why an item is not on a slate.
package struct WhyNot {
    package enum Outcome {
        /// Neither catalog nor store knows the id.
        case unknown
        /// It is on the slate.
        case onSlate
        /// A rule keeps it off.
        case rule(Rule)
        /// No source of candidates led to it.
        case notFound
        /// Others were ranked before it.
        case ranked
    }

    /// As the caller sent it.
    package var id: IDView
    package var outcome: Outcome
    /// The place that it has on the slate, or would have on a longer one, from 1 on; 0 where it has
    /// none, or where it is past the longest slate. Of a diverse slate the place by score alone.
    package var rank = 0
    /// Its score, and what it lacks to the last item on the slate; nil where it was not ranked.
    package var score: Float?
    package var missing: Float?
    /// Positions in ``Engine/reasons``, strongest first: what speaks for it all the same.
    package var reasons = 0..<0
}

extension Engine {
    /// Says of each item that the query asks about at which step it fell out; leaves that in
    /// ``whyNot``.
    ///
    /// - Complexity: that of the longest slate, for the whole query.
    func findAbsent(_ query: borrowing Query, _ found: Gathered) {
        rules.counts = false
        let found = gatherMore(query, found)
        var absent: [UInt32: Int] = [:]
        for (place, id) in query.whyNot.enumerated() {
            var entry = WhyNot(id: id, outcome: .unknown)
            if let ordinal = lookUp.ordinal(of: id) {
                if let rank = slate.firstIndex(where: { $0.ordinal == ordinal }) {
                    entry.outcome = .onSlate
                    (entry.rank, entry.score) = (rank + 1, slate[rank].score)
                    entry.reasons = slate[rank].reasons
                } else if let rule = rules.verdict(ordinal) {
                    entry.outcome = .rule(rule)
                } else {
                    entry.outcome = .notFound
                    absent[ordinal] = place
                }
            }
            whyNot.append(entry)
        }
        findRanks(of: absent, found)
        rules.counts = true
        for place in whyNot.indices {
            guard case .onSlate = whyNot[place].outcome else {
                explainAbsent(place, query, found)
                continue
            }
        }
    }

    /// Gathers the candidates of the longest slate; those of a shorter one may be fewer.
    private func gatherMore(_ query: borrowing Query, _ found: Gathered) -> Gathered {
        var longest = copy query
        (longest.k, longest.exploration) = (limits.slateItems, Exploration())
        columns.removeAll()
        var more = sources.gather(
            longest, context, rules, ranker, columns, findsCandidates: true, found.time)
        if found.tier == .popular {
            sources.addPopular(toReach: longest.k, rules, columns, more)
        }
        more.tier = found.tier
        return more
    }

    /// Ranks as for the longest slate.
    private func findRanks(of absent: [UInt32: Int], _ found: Gathered) {
        guard !absent.isEmpty else { return }
        var left = absent
        order.removeAll()
        ranker.append(from: 0, to: &order, rules, found.tier)
        order.arrange()
        startTaking(found)
        var rank = 0
        while !left.isEmpty, rank < limits.slateItems,
            let next = ranker.takeBest(of: &order, rules, found.tier)
        {
            let refusal = rules.refusal(of: next.ordinal)
            if refusal == nil {
                rules.takePlace(next.ordinal)
                rank += 1
            }
            guard let place = left.removeValue(forKey: next.ordinal) else { continue }
            note(next, refusal, rank, at: place, found.tier)
        }
        // What is past the longest slate was found all the same.
        while !left.isEmpty, let next = order.takeBest() {
            let ordinal = generation.items.ordinal(ofTieBreaker: next.tieBreaker)
            guard let place = left.removeValue(forKey: ordinal) else { continue }
            whyNot[place].outcome = .ranked
        }
        rules.freePlaces()
    }

    private func note(
        _ taken: CandidateRanker.Taken, _ refusal: Rule?, _ rank: Int, at place: Int, _ tier: Tier
    ) {
        let score = ranker.shown(taken.score, tier)
        whyNot[place].outcome = refusal.map(WhyNot.Outcome.rule) ?? .ranked
        whyNot[place].rank = refusal == nil ? rank : 0
        whyNot[place].score = score
        whyNot[place].missing = slate.last.map { $0.score - score }
    }

    private func explainAbsent(_ place: Int, _ query: borrowing Query, _ found: Gathered) {
        guard let score = whyNot[place].score, let ordinal = lookUp.ordinal(of: whyNot[place].id)
        else { return }
        var item = [
            RankedItem(ordinal: ordinal, id: whyNot[place].id, score: score, reasons: 0..<0)
        ]
        explain(&item, query, found)
        whyNot[place].reasons = item[0].reasons
    }
}
