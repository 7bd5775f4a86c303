package import ModelParts

extension ModelParts {
    /// - Throws: ``TrainingError`` where no blend can be made of models for which these parts
    ///   speak: more than one has nothing but neighbors, or one has a ranker of its own.
    package static func checkBlend(of speakers: [RankerFeature?]) throws(TrainingError) {
        guard speakers.allSatisfy({ $0 != nil }) else {
            throw TrainingError("blend: it cannot take a model that has a ranker of its own")
        }
        guard speakers.count(where: { $0 == .complement || $0 == .similar }) <= 1 else {
            throw TrainingError("blend: it takes one model of neighbors alone")
        }
    }

    /// Parts whose score is the weighted sum of several models' scores.
    ///
    /// What only one model has is kept as it is, and weighted by the ranker. Of several models with
    /// vectors the vectors are joined, of several with lists the lists are added up, weighted
    /// already. Joined vectors cannot be folded in.
    ///
    /// - Parameter models: at least one, all of the same items and users.
    /// - Throws: ``TrainingError`` as ``checkBlend(of:)``.
    /// - Complexity: O(size of all parts).
    package static func blend(
        _ models: [(parts: ModelParts, weight: Float)], threads: Int
    ) throws(TrainingError) -> ModelParts {
        try checkBlend(of: models.map(\.parts.soleSpeaker))
        var blend = ModelParts(popularity: models[0].parts.popularity)
        var ranker = RankerParts(features: [], wide: [])
        for feature in RankerFeature.allCases {
            let speakers = models.filter { $0.parts.soleSpeaker == feature }
            guard let first = speakers.first else { continue }
            ranker.features.append(feature)
            ranker.wide.append(speakers.count == 1 ? first.weight : 1)
            switch feature {
            case .product:
                blend.embeddings =
                    speakers.count == 1
                    ? first.parts.embeddings : .joined(speakers.map { ($0.embeddings!, $1) })
            case .itemWeights:
                blend.itemWeights =
                    speakers.count == 1
                    ? first.parts.itemWeights
                    : .sum(speakers.map { ($0.itemWeights!, $1) }, threads: threads)
            case .userList:
                blend.userLists =
                    speakers.count == 1
                    ? first.parts.userLists
                    : .sum(speakers.map { ($0.userLists!, $1) }, threads: threads)
            case .complement, .similar: blend.neighbors = first.parts.neighbors
            case .popularity:
                ranker.wide[ranker.wide.count - 1] = speakers.reduce(0) { $0 + $1.weight }
            default: preconditionFailure("\(feature) speaks for no model")
            }
        }
        ranker.historyShare = RankerParts.usualHistoryShare(ranker.features)
        blend.ranker = ranker
        return blend
    }
}

extension EmbeddingParts {
    /// Vectors side by side, whose inner product is the weighted sum of the inner products.
    fileprivate static func joined(_ all: [(parts: EmbeddingParts, weight: Float)])
        -> EmbeddingParts
    {
        let hasUsers = all.allSatisfy { $0.parts.users != nil }
        var joined = EmbeddingParts(
            items: .joined(all.map { ($0.parts.items, 1) }),
            users: hasUsers ? .joined(all.map { ($0.parts.users!, $0.weight) }) : nil, foldIn: nil)
        joined.roundToHalf()
        return joined
    }
}

extension Matrix {
    /// Matrices side by side, each times a factor.
    fileprivate static func joined(_ all: [(matrix: Matrix, factor: Float)]) -> Matrix {
        let rows = all[0].matrix.rows
        var values: [Float] = []
        values.reserveCapacity(all.reduce(0) { $0 + $1.matrix.values.count })
        for row in 0..<rows {
            for (matrix, factor) in all {
                for value in matrix[row: row] { values.append(factor * value) }
            }
        }
        return Matrix(
            rows: rows, columns: all.reduce(0) { $0 + $1.matrix.columns }, values: values)
    }
}

extension NeighborLists {
    /// Row by row the weighted sums of the scores, strongest first; lifts and confidences are 0.
    ///
    /// - Parameter all: as many rows each.
    package static func sum(
        _ all: [(lists: NeighborLists, weight: Float)], threads: Int
    ) -> NeighborLists {
        let rows = all[0].lists.offsets.count - 1
        let columns = all.reduce(0) { max($0, Int($1.lists.items.max() ?? -1) + 1) }
        let lists = UnsafeMutableBufferPointer<[RankedKey]>.allocate(capacity: rows)
        lists.initialize(repeating: [])
        defer { lists.deinitialize().deallocate() }
        nonisolated(unsafe) let target = lists
        parallelFor(count: rows, chunk: 64, threads: threads) { _, range in
            var sums = Array(repeating: Float(0), count: columns)
            var isThere = Array(repeating: false, count: columns)
            var touched: [Int32] = []
            for row in range {
                touched.removeAll(keepingCapacity: true)
                for (lists, weight) in all {
                    for entry in lists.range(of: row) {
                        let item = lists.items[entry]
                        if !isThere[Int(item)] {
                            isThere[Int(item)] = true
                            touched.append(item)
                        }
                        sums[Int(item)] += weight * lists.scores[entry]
                    }
                }
                target[row] = touched.map { RankedKey(item: $0, score: sums[Int($0)]) }.sorted()
                for item in touched { (sums[Int(item)], isThere[Int(item)]) = (0, false) }
            }
        }
        return NeighborLists(keys: lists)
    }
}
