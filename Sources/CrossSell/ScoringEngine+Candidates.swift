internal import EmbeddingStore

/// What is known so far about one item that may go on the slate.
struct Candidate {
    let ordinal: UInt32
    var id: IDView
    /// 1 - product over the basket's items of (1 - neighbor score): the chance that one of them
    /// brings it.
    var neighborScore: Float = 0
    /// What the shopper's taste says: inner product with the user vector, or sum of item weights.
    var embeddingScore: Float = 0
    var total: Float = 0
    /// The basket item whose neighbor list speaks loudest for it, and where in that list; edge -1
    /// for none.
    var loudestItem: UInt32 = 0
    var loudestEdge = -1
    /// The largest part of a sum of item weights, above 0, and the item it comes from.
    var loudestWeight: Float = 0
    var loudestWeightItem: UInt32 = 0
}

extension ScoringEngine {
    func forgetCandidates() {
        index.removeAll()
        candidates.removeAll(keepingCapacity: true)
    }

    /// The candidate's position, added now where it is new; nil where the table is full.
    func candidate(_ ordinal: UInt32) -> Int? {
        guard let (position, isNew) = index.insert(ordinal) else { return nil }
        if isNew {
            candidates.append(Candidate(ordinal: ordinal, id: model.items[Int(ordinal)]))
            ranker?.clear(position)
        }
        return position
    }

    /// Adds what is bought together with the basket's items.
    func addNeighbors() {
        guard let lists = model.complements else { return }
        for item in basket where Int(item) < model.items.count {
            for edge in lists.range(of: Int(item)) {
                let ordinal = UInt32(lists.items[edge])
                guard let position = candidate(ordinal) else { continue }
                let score = lists.scores[edge]
                candidates[position].neighborScore =
                    1 - (1 - candidates[position].neighborScore) * (1 - score)
                let loudest = candidates[position].loudestEdge
                if loudest < 0 || lists.scores[loudest] < score {
                    candidates[position].loudestEdge = edge
                    candidates[position].loudestItem = item
                }
            }
        }
    }

    /// Adds the allowed items closest to the user vector, and gives every candidate its inner
    /// product.
    ///
    /// Asks for more than `k`, since neighbors and the limit per category reorder and thin them
    /// out.
    func addNearest(_ query: borrowing Query) {
        for position in candidates.indices {
            if let row = vector(of: candidates[position].ordinal) {
                candidates[position].embeddingScore = dot(userVector.baseAddress!, row)
            }
        }
        let wanted = min(2 * query.k + 50, nearest.capacity)
        // The query is allowed by construction: finite vectors of the model's own length.
        let includesOutOfStock = query.includesOutOfStock
        try? itemReader.nearest(
            to: UnsafeBufferPointer(userVector), k: wanted, into: &nearest,
            where: { isAllowed($0, includesOutOfStock) })
        for rank in 0..<nearest.count {
            let neighbor = nearest[rank]
            guard let inserted = index.insert(neighbor.row.ordinal) else { return }
            if inserted.isNew {
                candidates.append(
                    Candidate(
                        ordinal: neighbor.row.ordinal, id: neighbor.row.id,
                        embeddingScore: neighbor.score))
            }
        }
    }

    /// Adds best sellers until `count` candidates can be on a slate together, or there are no more.
    func addPopular(toReach count: Int, query: borrowing Query, hasUserVector: Bool) {
        var passing = 0
        defer { freePlaces() }
        for candidate in candidates
        where isAllowed(candidate.ordinal, query.includesOutOfStock)
            && takesPlace(candidate.ordinal, query)
        {
            passing += 1
        }
        for ordinal in model.popular {
            guard passing < count else { return }
            guard !index.contains(ordinal), isAllowed(ordinal, query.includesOutOfStock),
                takesPlace(ordinal, query)
            else { continue }
            guard let position = candidate(ordinal) else { return }
            if hasUserVector, let row = vector(of: ordinal) {
                candidates[position].embeddingScore = dot(userVector.baseAddress!, row)
            }
            passing += 1
        }
    }

    /// The rules that look at one item alone.
    func isAllowed(_ ordinal: UInt32, _ includesOutOfStock: Bool) -> Bool {
        if excluded.contains(ordinal) { return false }
        let item = Int(ordinal)
        return includesOutOfStock || item >= model.stocks.count || model.stocks[item] != 0
    }
}
