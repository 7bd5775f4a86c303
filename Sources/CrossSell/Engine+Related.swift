internal import EmbeddingStore
package import ModelParts

/// Why Related has no answer.
package enum RelatedFailure: Error, Equatable {
    /// Neither catalog nor store knows the id.
    case unknownItem
    /// The model holds nothing of the relation; it has the others named.
    case noSuchRelation(Relation, available: [Relation])
}

extension Engine {
    /// Lists an item's neighbors by some relations, one after the other, those of each strongest
    /// first and at most `k`; leaves them in ``related``.
    ///
    /// Complements are what the model's lists say but for the item's substitutes. What is similar is
    /// what the lists say, else the vectors closest by cosine, else the item's weights. An item put
    /// while serving has no lists, but what its vector gives.
    ///
    /// - Complexity: O(k) a relation, or one scan of the store.
    package func findRelated(_ id: IDView, _ relations: [Relation], k: Int) throws(RelatedFailure) {
        related.removeAll(keepingCapacity: true)
        guard let ordinal = lookUp.ordinal(of: id) else { throw .unknownItem }
        for relation in relations {
            if let lists = generation.relations[relation] {
                if Int(ordinal) < generation.items.knownCount {
                    if relation == .complement, let live,
                        live.pairs.partnerCount(of: Int(ordinal)) > 0
                    {
                        appendComplements(lists, Int(ordinal), k, live)
                    } else {
                        appendListed(relation, lists, Int(ordinal), k)
                    }
                } else if relation == .similar {
                    appendNearest(to: ordinal, k)
                }
            } else if relation == .similar, generation.dimensions > 0 {
                appendNearest(to: ordinal, k)
            } else if relation == .similar, let weights = generation.itemWeights {
                for edge in weights[clamped: ordinal].prefix(k) where edge.weight > 0 {
                    related.append(
                        RelatedItem(
                            relation: relation, ordinal: edge.item,
                            id: generation.items.id(of: edge.item)!, score: edge.weight))
                }
            } else {
                throw .noSuchRelation(relation, available: availableRelations)
            }
        }
    }

    private var availableRelations: [Relation] {
        Relation.allCases.filter { relation in
            generation.relations[relation] != nil
                || relation == .similar
                    && (generation.dimensions > 0 || generation.itemWeights != nil)
        }
    }

    /// Complements with what the baskets since training say: scores as they are served, lifts and
    /// confidences by all counts. A pair counts from the second basket on.
    private func appendComplements(
        _ lists: NeighborLists, _ item: Int, _ k: Int, _ live: LiveCounts
    ) {
        let first = related.count
        appendListed(.complement, lists, item, .max)
        let trained = first..<related.count
        for place in 0..<live.pairs.partnerCount(of: item) {
            let (partner, count) = live.pairs.partner(place, of: item)
            let known = trained.first { related[$0].ordinal == partner }
            guard !isSubstitute(partner, of: item) else { continue }
            let before = known.map { (related[$0].lift, related[$0].confidence) }
            guard let facts = live.facts(from: item, to: partner, trained: before),
                known != nil || facts.lift > 1
            else { continue }
            let place = known ?? related.count
            if known == nil {
                related.append(
                    RelatedItem(
                        relation: .complement, ordinal: partner,
                        id: generation.items.id(of: partner)!, score: 0))
            }
            related[place].score = min(
                1, related[place].score + live.weight(item, Int(partner), count: count))
            (related[place].lift, related[place].confidence) = facts
        }
        related[first...].sort { ($1.score, $0.ordinal) < ($0.score, $1.ordinal) }
        if related.count > first + k { related.removeLast(related.count - first - k) }
    }

    private func isSubstitute(_ other: UInt32, of item: Int) -> Bool {
        guard item < generation.items.trainedCount,
            let substitutes = generation.relations[.substitute]
        else { return false }
        return substitutes.items[substitutes.range(of: item)].contains(Int32(bitPattern: other))
    }

    private func appendListed(_ relation: Relation, _ lists: NeighborLists, _ item: Int, _ k: Int) {
        let first = related.count
        if item < generation.items.trainedCount { appendTrained(relation, lists, item, k) }
        guard let added = generation.newItemSources?.edges(relation) else { return }
        let count = added.count(of: item)
        guard count > 0 else { return }
        for place in 0..<count {
            let edge = added.edge(place, of: item)
            guard let id = generation.items.id(of: edge.item) else { continue }
            related.append(
                RelatedItem(relation: relation, ordinal: edge.item, id: id, score: edge.weight))
        }
        related[first...].sort { ($1.score, $0.ordinal) < ($0.score, $1.ordinal) }
        if related.count - first > k { related.removeLast(related.count - first - k) }
    }

    private func appendTrained(_ relation: Relation, _ lists: NeighborLists, _ item: Int, _ k: Int)
    {
        let substitutes = relation == .complement ? generation.relations[.substitute] : nil
        var left = k
        for edge in lists.range(of: item) {
            guard left > 0 else { return }
            let other = lists.items[edge]
            if let substitutes, substitutes.items[substitutes.range(of: item)].contains(other) {
                continue
            }
            var found = RelatedItem(
                relation: relation, ordinal: UInt32(bitPattern: other),
                id: generation.items.id(of: UInt32(bitPattern: other))!, score: lists.scores[edge],
                lift: lists.lifts[edge], confidence: lists.confidences[edge])
            if relation == .rebuy, let profiles = generation.profiles {
                found.intervalDays = profiles.repeatIntervals[Int(other)]
                found.spreadDays = profiles.repeatSpreads[Int(other)]
            }
            related.append(found)
            left -= 1
        }
    }

    /// The vectors with the largest cosine among those with the largest inner product.
    private func appendNearest(to ordinal: UInt32, _ k: Int) {
        guard let row = lookUp.row(of: ordinal), row.norm > 0 else { return }
        try? itemReader.nearest(
            to: UnsafeBufferPointer(
                start: lookUp.vector(of: row), count: generation.dimensions),
            k: min(nearest.capacity, k + 1), into: &nearest, where: { $0 != ordinal })
        let first = related.count
        for rank in 0..<min(k, nearest.count) {
            let neighbor = nearest[rank]
            guard neighbor.row.norm > 0 else { continue }
            related.append(
                RelatedItem(
                    relation: .similar, ordinal: neighbor.row.ordinal, id: neighbor.row.id,
                    score: neighbor.score / (row.norm * neighbor.row.norm)))
        }
        related[first...].sort { $0.score > $1.score }
    }
}
