package import Interactions
package import ModelParts

/// Gives items that nobody took yet what is to be expected of them, by the catalog alone: a
/// ``ContentRegression`` of everything a model knows of an item: its vector, the weights and scores of
/// lists that lead to it and from it, and by ``ModelParts/newItems`` its sales for a ranker that asks.
///
/// Popularity stays what it is, 0: that it sells is not said of an item that never did.
///
/// - Complexity: O(new items x neighbors x the length of lists), beside the search for neighbors.
package struct NewItems: Sendable {
    package static let name = "new-items"

    package var regression = ContentRegression()

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "neighbors_max": Double(regression.neighborsMax),
            "cosine_min": Double(regression.cosineMin), "prior": Double(regression.prior),
            "targets_max": Double(regression.targetsMax),
        ]
    }

    /// Extends a model's parts to the items that nobody took.
    ///
    /// - Returns: how many items gained something.
    /// - Throws: ``TrainingError`` where training was cancelled.
    @discardableResult
    package func extend(
        _ parts: inout ModelParts, catalog: Catalog, context: TrainingContext
    ) throws(TrainingError) -> Int {
        let popularity = parts.popularity
        guard popularity.contains(0), popularity.contains(where: { $0 > 0 }) else { return 0 }
        let likes = try likes(popularity, catalog, context)
        guard !likes.items.isEmpty else { return 0 }
        parts.newItems = likes
        for relation in [Relation.complement, .similar] {
            guard let lists = parts.neighbors[relation] else { continue }
            parts.neighbors[relation] = try extended(lists, likes, context)
        }
        if let weights = parts.itemWeights {
            parts.itemWeights = try extended(weights, likes, context)
        }
        if var embeddings = parts.embeddings {
            for item in popularity.indices where !likes.range(of: item).isEmpty {
                embeddings.items.setExpected(item, likes)
            }
            parts.embeddings = embeddings
        }
        return popularity.indices.count { !likes.range(of: $0).isEmpty }
    }

    /// By new item, the items that it is described like, with their shares; empty for all others.
    private func likes(
        _ popularity: [Float], _ catalog: Catalog, _ context: TrainingContext
    ) throws(TrainingError) -> NeighborLists {
        let vectors = regression.terms.vectors(of: catalog, items: popularity.count)
        let index = TermIndex(vectors, among: popularity.map { $0 > 0 })
        var steps = TrainingSteps(
            model: Self.name, total: TrainingSteps.listSteps(rows: popularity.count),
            context: context)
        return try steps.makeLists(
            rows: popularity.count, makeScratch: { TermIndex.Scratch(index) }
        ) { item, scratch in
            guard popularity[item] == 0 else { return [] }
            let near = index.nearest(to: item, limit: regression.neighborsMax, scratch)
                .map { (item: $0.item, cosine: $0.score) }
            return regression.shares(near).map { RankedKey(item: $0.item, score: $0.share) }
        }
    }

    /// Adds new items to lists, and lists of new items, but for those that the lists know already.
    private func extended(
        _ lists: NeighborLists, _ all: NeighborLists, _ context: TrainingContext
    ) throws(TrainingError) -> NeighborLists {
        let items = lists.offsets.count - 1
        var isKnown = (0..<items).map { !lists.range(of: $0).isEmpty }
        for item in lists.items { isKnown[Int(item)] = true }
        let likes = all.emptied { [isKnown] in isKnown[$0] }
        let longest = (0..<items).reduce(0) { max($0, lists.range(of: $1).count) }
        let sources = lists.transposed(columnCount: items, threads: context.threads)
        // Of each new item, where its score comes from; turned round, which new items each one leads to.
        let gained = try expected(sources, likes, limit: longest, context)
            .transposed(columnCount: items, threads: context.threads)
        let own = try expected(lists, likes, limit: longest, context)
        var result = NeighborLists(offsets: [0], items: [], scores: [], lifts: [], confidences: [])
        for item in 0..<items {
            var entries = lists.range(of: item).map {
                Entry(lists.items[$0], lists.scores[$0], lists.lifts[$0], lists.confidences[$0])
            }
            entries += own.range(of: item).map { Entry(own.items[$0], own.scores[$0], 0, 0) }
            entries += gained.range(of: item).prefix(regression.targetsMax).map {
                Entry(gained.items[$0], gained.scores[$0], 0, 0)
            }
            // Lists of the model's own are in order, and stay so among equals.
            for entry in entries.enumerated().sorted(by: {
                ($1.element.score, $0.offset) < ($0.element.score, $1.offset)
            }) {
                result.items.append(entry.element.item)
                result.scores.append(entry.element.score)
                result.lifts.append(entry.element.lift)
                result.confidences.append(entry.element.confidence)
            }
            result.offsets.append(result.items.count)
        }
        return result
    }

    private struct Entry {
        var item: Int32
        var score: Float
        var lift: Float
        var confidence: Float

        init(_ item: Int32, _ score: Float, _ lift: Float, _ confidence: Float) {
            (self.item, self.score, self.lift, self.confidence) = (item, score, lift, confidence)
        }
    }

    /// The lists that new items are expected to have, of positive scores; empty for all others.
    private func expected(
        _ lists: NeighborLists, _ likes: NeighborLists, limit: Int, _ context: TrainingContext
    ) throws(TrainingError) -> NeighborLists {
        let items = lists.offsets.count - 1
        var steps = TrainingSteps(
            model: Self.name, total: TrainingSteps.listSteps(rows: items), context: context)
        return try steps.makeLists(
            rows: items, makeScratch: { SparseAccumulator(columns: items) }
        ) { item, sums in
            defer { sums.removeAll() }
            for like in likes.range(of: item) {
                for entry in lists.range(of: Int(likes.items[like])) {
                    sums.add(likes.scores[like] * lists.scores[entry], to: lists.items[entry])
                }
            }
            var keys = sums.entries.compactMap { other -> RankedKey? in
                let score = sums.values[Int(other)]
                return score > 0 ? RankedKey(item: other, score: score) : nil
            }
            keys.keepFirst(limit)
            return keys
        }
    }
}

extension NeighborLists {
    /// The same without some rows' entries.
    fileprivate func emptied(where isEmptied: (Int) -> Bool) -> NeighborLists {
        var result = NeighborLists(offsets: [0], items: [], scores: [], lifts: [], confidences: [])
        for row in 0..<offsets.count - 1 {
            if !isEmptied(row) {
                let range = range(of: row)
                result.items += items[range]
                result.scores += scores[range]
                result.lifts += lifts[range]
                result.confidences += confidences[range]
            }
            result.offsets.append(result.items.count)
        }
        return result
    }
}

extension Matrix {
    /// Sets a row to the sum of others by their shares.
    fileprivate mutating func setExpected(_ row: Int, _ likes: NeighborLists) {
        var sum = Array(repeating: Float(0), count: columns)
        for like in likes.range(of: row) {
            let other = Int(likes.items[like]) * columns
            for d in 0..<columns { sum[d] += likes.scores[like] * values[other + d] }
        }
        values.replaceSubrange(row * columns..<(row + 1) * columns, with: sum)
    }
}
