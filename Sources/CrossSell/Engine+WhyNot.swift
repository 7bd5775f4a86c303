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
    /// Positions in ``Engine/parts``; empty unless they were asked for, and where it was not ranked.
    package var parts = 0..<0
}

extension Engine {
    /// Says of each item that the query asks about at which step it fell out; leaves that in
    /// ``whyNot``.
    ///
    /// - Complexity: that of the longest slate, for the whole query.
    func findAbsent(_ query: borrowing Query, _ found: Gathered) {
        var absent: [UInt32: [Int]] = [:]
        for (place, id) in query.whyNot.enumerated() {
            var entry = WhyNot(id: id, outcome: .unknown)
            if let ordinal = lookUp.ordinal(of: id) {
                if let rank = slate.firstIndex(where: { $0.ordinal == ordinal }) {
                    entry.outcome = .onSlate
                    (entry.rank, entry.score) = (rank + 1, slate[rank].score)
                    (entry.reasons, entry.parts) = (slate[rank].reasons, slate[rank].parts)
                } else if let rule = rules.verdict(ordinal) {
                    entry.outcome = .rule(rule)
                } else {
                    entry.outcome = .notFound
                    absent[ordinal, default: []].append(place)
                }
            }
            whyNot.append(entry)
        }
        guard !absent.isEmpty else { return }
        rules.counts = false
        let more = gatherMore(query, found)
        findRanks(of: absent, more)
        rules.counts = true
        explainRanked(absent, query, more)
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
    private func findRanks(of absent: [UInt32: [Int]], _ found: Gathered) {
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
            for place in left.removeValue(forKey: next.ordinal) ?? [] {
                note(next, refusal, rank, at: place, found.tier)
            }
        }
        // What is past the longest slate was found all the same.
        while !left.isEmpty, let next = order.takeBest() {
            let ordinal = generation.items.ordinal(ofTieBreaker: next.tieBreaker)
            for place in left.removeValue(forKey: ordinal) ?? [] { whyNot[place].outcome = .ranked }
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

    /// Says what speaks for those that were ranked, in one pass over the context's lists.
    private func explainRanked(
        _ absent: [UInt32: [Int]], _ query: borrowing Query, _ found: Gathered
    ) {
        var items: [RankedItem] = []
        for (ordinal, places) in absent {
            guard let score = whyNot[places[0]].score else { continue }
            items.append(
                RankedItem(
                    ordinal: ordinal, id: whyNot[places[0]].id, score: score, reasons: 0..<0))
        }
        explain(&items, query, found)
        for item in items {
            for place in absent[item.ordinal]! {
                (whyNot[place].reasons, whyNot[place].parts) = (item.reasons, item.parts)
            }
        }
    }
}
