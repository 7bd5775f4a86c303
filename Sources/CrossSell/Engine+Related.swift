internal import EmbeddingStore
package import ModelParts

/// Why Related has no answer.
package enum RelatedFailure: Error, Equatable {
    /// Neither catalog nor store knows the id.
    case unknownItem
    /// The model holds nothing of the relation; it has the others named.
    case noSuchRelation(available: [Relation])
}

extension Engine {
    /// Lists an item's neighbors by one relation, strongest first, at most `k`; leaves them in
    /// ``related``.
    ///
    /// What is similar is what the model's lists say, else the vectors closest by cosine, else the
    /// item's weights. An item put while serving has no lists, but what its vector gives.
    ///
    /// - Complexity: O(k), or one scan of the store.
    package func findRelated(_ id: IDView, _ relation: Relation, k: Int) throws(RelatedFailure) {
        related.removeAll(keepingCapacity: true)
        guard let ordinal = lookUp.ordinal(of: id) else { throw .unknownItem }
        if let lists = generation.relations[relation] {
            guard Int(ordinal) < generation.items.count else {
                if relation == .similar { findSimilar(to: ordinal, k) }
                return
            }
            for edge in lists.range(of: Int(ordinal)).prefix(k) {
                let other = UInt32(bitPattern: lists.items[edge])
                related.append(
                    RelatedItem(
                        ordinal: other, id: generation.items.ids[Int(other)],
                        score: lists.scores[edge], lift: lists.lifts[edge],
                        confidence: lists.confidences[edge]))
            }
        } else if relation == .similar, generation.dimensions > 0 {
            findSimilar(to: ordinal, k)
        } else if relation == .similar, let weights = generation.itemWeights {
            for edge in weights[clamped: ordinal].prefix(k) where edge.weight > 0 {
                related.append(
                    RelatedItem(
                        ordinal: edge.item, id: generation.items.ids[Int(edge.item)],
                        score: edge.weight))
            }
        } else {
            throw .noSuchRelation(available: availableRelations)
        }
    }

    private var availableRelations: [Relation] {
        Relation.allCases.filter { relation in
            generation.relations[relation] != nil
                || relation == .similar
                    && (generation.dimensions > 0 || generation.itemWeights != nil)
        }
    }

    /// The vectors with the largest cosine among those with the largest inner product.
    private func findSimilar(to ordinal: UInt32, _ k: Int) {
        guard let row = lookUp.row(of: ordinal), row.norm > 0 else { return }
        try? itemReader.nearest(
            to: UnsafeBufferPointer(start: row.vector, count: generation.dimensions),
            k: min(nearest.capacity, k + 1), into: &nearest, where: { $0 != ordinal })
        for rank in 0..<min(k, nearest.count) {
            let neighbor = nearest[rank]
            guard neighbor.row.norm > 0 else { continue }
            related.append(
                RelatedItem(
                    ordinal: neighbor.row.ordinal, id: neighbor.row.id,
                    score: neighbor.score / (row.norm * neighbor.row.norm)))
        }
        related.sort { $0.score > $1.score }
    }
}
