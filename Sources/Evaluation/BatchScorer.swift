internal import CKernels
internal import Interactions
package import ModelParts

/// Scores all items for all queries of a task, from a model's parts.
///
/// Takes the first of these that the parts have and the task allows: user lists and user vectors,
/// where the context is a training history; item weights; folding in; neighbors; popularity. With
/// a ranker it takes what the ranker's features name, weighted, and puts the best of each query
/// through the deep part. Scores do not depend on the number of threads.
package struct BatchScorer: Sendable {
    /// Scores of items that must not be ranked.
    package static let excluded = -Float.infinity

    enum Source: Sendable {
        case userLists(NeighborLists)
        /// The scores of the lists of the context's items are summed.
        case itemLists(NeighborLists)
        case vectors(PackedItems, users: Matrix)
        case foldIn(PackedItems, items: Matrix, FoldInSolver)
        case popularity([Float])
        case historyLength
    }

    package let task: RankingTask
    private let sources: [WeightedSource]
    private let isSum: Bool
    private let bias: Float
    /// What takes the best of each query further; nil without a deep part.
    private let deep: DeepRanking?
    let threads: Int

    private struct WeightedSource: Sendable {
        var source: Source
        var weight: Float
        /// Where a deep part takes it.
        var column = 0
    }

    /// - Parameter threads: at least 1.
    /// - Throws: ``EvaluationError`` where the parts cannot answer the task's kind of query.
    package init(parts: ModelParts, task: RankingTask, threads: Int) throws(EvaluationError) {
        self.task = task
        self.threads = threads
        let knowsUsers = task.context == .history
        isSum = parts.ranker != nil
        bias = parts.ranker?.bias ?? 0
        deep = parts.ranker.flatMap { ranker in
            guard !ranker.layers.isEmpty else { return nil }
            return DeepRanking(
                ranker, embeddings: parts.embeddings,
                shoppers: Self.product(
                    parts.embeddings, knowsUsers: knowsUsers, threads: threads))
        }
        if let ranker = parts.ranker {
            sources = ranker.features.indices.compactMap { column in
                Self.source(
                    of: ranker.features[column], in: parts, knowsUsers: knowsUsers,
                    threads: threads
                ).map { WeightedSource(source: $0, weight: ranker.wide[column], column: column) }
            }
            return
        }
        let order: [RankerFeature] = [
            .userList, .itemWeights, .product, .complement, .similar,
        ]
        let first = order.lazy.compactMap {
            Self.source(of: $0, in: parts, knowsUsers: knowsUsers, threads: threads)
        }.first
        if let first {
            sources = [WeightedSource(source: first, weight: 1)]
        } else if parts.userLists != nil || parts.embeddings != nil {
            throw .knowsOnlyItsUsers
        } else {
            sources = [WeightedSource(source: .popularity(parts.popularity), weight: 1)]
        }
    }

    /// The same scores for other queries of the same kind.
    init(_ other: BatchScorer, task: RankingTask) {
        precondition(task.context == other.task.context && task.itemCount == other.task.itemCount)
        self.task = task
        sources = other.sources
        isSum = other.isSum
        bias = other.bias
        deep = other.deep
        threads = other.threads
    }

    /// What says a feature; nil where the parts are silent about it.
    private static func source(
        of feature: RankerFeature, in parts: ModelParts, knowsUsers: Bool, threads: Int
    ) -> Source? {
        switch feature {
        case .userList: knowsUsers ? parts.userLists.map(Source.userLists) : nil
        case .itemWeights: parts.itemWeights.map(Source.itemLists)
        case .product: product(parts.embeddings, knowsUsers: knowsUsers, threads: threads)
        case .complement: parts.neighbors[.complement].map(Source.itemLists)
        case .similar: parts.neighbors[.similar].map(Source.itemLists)
        case .popularity: .popularity(parts.popularity.map(RankerFeature.popularity))
        case .historyLength: .historyLength
        default: nil
        }
    }

    private static func product(
        _ embeddings: EmbeddingParts?, knowsUsers: Bool, threads: Int
    ) -> Source? {
        guard let embeddings else { return nil }
        if knowsUsers, let users = embeddings.users {
            return .vectors(PackedItems(embeddings.items), users: users)
        }
        return embeddings.foldIn.map {
            .foldIn(
                PackedItems(embeddings.items), items: embeddings.items,
                FoldInSolver(items: embeddings.items, parameters: $0, threads: threads))
        }
    }

    /// Calls `body` once for each query, on any of `threads` threads and in any order.
    ///
    /// - Parameter body: takes the thread's number, the query, and its scores of all items, which
    ///   it may change. Items that must not be ranked score ``excluded``, and so do those about
    ///   which a user list is silent.
    /// - Complexity: O(Q x I x D) for vectors; else O(Q x I + list entries of all contexts); and
    ///   with a deep part what ``DeepRanking`` says.
    package func forEachQuery(
        _ body:
            @escaping @Sendable (
                _ worker: Int, _ query: Int, _ scores: UnsafeMutableBufferPointer<Float>
            ) -> Void
    ) {
        let block = 2 * Int(SC_RANK_QUERIES)
        let panels = PackedItems.panelCount(task.itemCount)
        let stride = panels * Int(SC_RANK_ITEMS)
        // A deep part takes the features one by one.
        let addends = deep == nil ? 1 : sources.count
        let scratches = (0..<threads).map { _ in
            AlignedFloats(floats: (1 + addends) * block * stride)
        }
        let desks = deep.map { deep in (0..<threads).map { _ in DeepRanking.Desk(deep) } }
        parallelFor(count: task.count, chunk: block, threads: threads) { worker, queries in
            let scores = scratches[worker].base
            let addend = scores + block * stride
            let step = deep == nil ? 0 : block * stride
            fill(scores, addend: addend, step: step, stride: stride, queries: queries)
            for query in queries {
                let row = scores + (query - queries.lowerBound) * stride
                exclude(query, from: row)
                if let deep, let desks {
                    let first = addend + (query - queries.lowerBound) * stride
                    deep.rank(
                        query, of: task, scores: row,
                        features: sources.indices.map { (sources[$0].column, first + $0 * step) },
                        desk: desks[worker])
                }
                body(worker, query, UnsafeMutableBufferPointer(start: row, count: task.itemCount))
            }
        }
    }

    /// The best items of each query, best first.
    ///
    /// - Returns: Q x `k` item numbers, row-major; -1 after the end of a list that is shorter.
    package func topItems(_ k: Int) -> [Int32] {
        precondition(k > 0, "top \(k)")
        let count = task.count * k
        return Array(unsafeUninitializedCapacity: count) { items, initialized in
            items.initialize(repeating: -1)
            nonisolated(unsafe) let best = items.baseAddress
            let selectors = (0..<threads).map { _ in TopSelector(k: k) }
            forEachQuery { worker, query, scores in
                _ = selectors[worker].select(scores, into: best! + query * k)
            }
            initialized = count
        }
    }

    /// The score of every relevant item, in the order of `task.relevant`.
    package func relevantScores() -> [Float] {
        let count = task.relevant.nonZeroCount
        return Array(unsafeUninitializedCapacity: count) { found, initialized in
            found.initialize(repeating: 0)
            nonisolated(unsafe) let base = found.baseAddress
            forEachQuery { _, query, scores in
                for entry in task.relevant.row(query) {
                    base![entry] = scores[Int(task.relevant.columns[entry])]
                }
            }
            initialized = count
        }
    }

    private func exclude(_ query: Int, from scores: UnsafeMutablePointer<Float>) {
        for item in task.unrankable { scores[Int(item)] = Self.excluded }
        guard task.excludesContext else { return }
        for entry in task.contexts.row(query) {
            scores[Int(task.contexts.columns[entry])] = Self.excluded
        }
    }

    /// Writes the scores of all items for some queries, `stride` floats apart.
    ///
    /// - Parameters:
    ///   - addend: room for as many scores.
    ///   - step: how far apart each source's own scores are left there; 0 where nobody wants them.
    private func fill(
        _ scores: UnsafeMutablePointer<Float>, addend: UnsafeMutablePointer<Float>, step: Int,
        stride: Int, queries: Range<Int>
    ) {
        guard isSum else {
            fill(scores, stride: stride, queries: queries, from: sources[0].source)
            return
        }
        let count = queries.count * stride
        scores.update(repeating: bias, count: count)
        for (place, one) in sources.enumerated() where deep != nil || one.weight != 0 {
            let addend = addend + place * step
            fill(addend, stride: stride, queries: queries, from: one.source)
            // A list that is silent about an item says no more against it than 0 does.
            for i in 0..<count where addend[i] > Self.excluded {
                scores[i] += one.weight * addend[i]
            }
        }
    }

    private func fill(
        _ scores: UnsafeMutablePointer<Float>, stride: Int, queries: Range<Int>, from source: Source
    ) {
        switch source {
        case .popularity(let popularity):
            for row in 0..<queries.count {
                (scores + row * stride).update(from: popularity, count: popularity.count)
            }
        case .historyLength:
            for query in queries {
                let length = RankerFeature.historyLength(task.contexts.row(query).count)
                (scores + (query - queries.lowerBound) * stride).update(
                    repeating: length, count: stride)
            }
        case .userLists(let lists):
            scores.update(repeating: Self.excluded, count: queries.count * stride)
            for query in queries where task.users[query] >= 0 {
                let row = scores + (query - queries.lowerBound) * stride
                for entry in lists.range(of: Int(task.users[query])) {
                    row[Int(lists.items[entry])] = lists.scores[entry]
                }
            }
        case .itemLists(let lists):
            scores.update(repeating: 0, count: queries.count * stride)
            for query in queries {
                add(lists, of: query, to: scores + (query - queries.lowerBound) * stride)
            }
        case .vectors(let items, let users):
            items.score(scores, stride: stride, count: queries.count) { row, vector in
                let user = Int(task.users[queries.lowerBound + row])
                guard user >= 0 else { return }
                for (k, value) in users[row: user].enumerated() { vector(k, value) }
            }
        case .foldIn(let items, let matrix, let solver):
            let scratch = FoldInScratch(dimensions: solver.dimensions)
            items.score(scores, stride: stride, count: queries.count) { row, vector in
                let context = task.contexts.row(queries.lowerBound + row)
                let folded = solver.vector(
                    history: task.contexts.columns[context], items: matrix, scratch: scratch)
                for k in 0..<solver.dimensions { vector(k, folded?[k] ?? .nan) }
            }
        }
    }

    private func add(
        _ lists: NeighborLists, of query: Int, to scores: UnsafeMutablePointer<Float>
    ) {
        lists.items.withUnsafeBufferPointer { items in
            lists.scores.withUnsafeBufferPointer { weights in
                for position in task.contexts.row(query) {
                    for entry in lists.range(of: Int(task.contexts.columns[position])) {
                        scores[Int(items[entry])] += weights[entry]
                    }
                }
            }
        }
    }
}
