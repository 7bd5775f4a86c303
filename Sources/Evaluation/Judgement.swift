internal import CKernels
internal import Interactions

/// How a model did on a task: each query's figures, and which items it put forward.
package struct Judgement: Sendable {
    package let measures: [Measure]
    /// Q x measures, row-major. NaN where a query has no such figure, such as a repeat recall
    /// without repeats.
    package private(set) var values: [Float]
    /// How often each item was among the first ``listLength`` of a query, shape `[I]`.
    package private(set) var recommended: [Int]
    /// The length of the lists that ``recommended`` counts.
    package let listLength: Int

    package var queryCount: Int { values.count / max(1, measures.count) }

    /// Ranks all queries of a task.
    ///
    /// - Parameters:
    ///   - lengths: each k that counts, at least one, each 1 or more; the last one is
    ///     ``listLength``.
    package init(of scorer: BatchScorer, at lengths: [Int], threads: Int) {
        let task = scorer.task
        let measures = Measure.all(at: lengths, for: task)
        listLength = lengths.last!
        let k = lengths.max()!
        let width = measures.count
        self.measures = measures
        var lists: [Int32] = Array(repeating: -1, count: task.count * listLength)
        values = Array(repeating: .nan, count: task.count * width)
        recommended = Array(repeating: 0, count: task.itemCount)
        let length = listLength
        values.withUnsafeMutableBufferPointer { values in
            lists.withUnsafeMutableBufferPointer { lists in
                guard let firstValue = values.baseAddress, let firstItem = lists.baseAddress else {
                    return
                }
                nonisolated(unsafe) let (value, item) = (firstValue, firstItem)
                let rankings = (0..<threads).map { _ in QueryRanking(measures: measures, k: k) }
                scorer.forEachQuery { worker, query, scores in
                    rankings[worker].measure(
                        task, query, scores, into: value + query * width,
                        list: UnsafeMutableBufferPointer(
                            start: item + query * length, count: length))
                }
            }
        }
        for item in lists where item >= 0 { recommended[Int(item)] += 1 }
    }

    private init(
        measures: [Measure], values: [Float], recommended: [Int], listLength: Int
    ) {
        self.measures = measures
        self.values = values
        self.recommended = recommended
        self.listLength = listLength
    }

    /// The queries of both, one after the other.
    ///
    /// - Precondition: both have the same measures, list length and items.
    package func appending(_ other: Judgement) -> Judgement {
        precondition(measures == other.measures && listLength == other.listLength)
        precondition(recommended.count == other.recommended.count)
        return Judgement(
            measures: measures, values: values + other.values,
            recommended: zip(recommended, other.recommended).map(+), listLength: listLength)
    }

    /// Each query's mean over judgements of the same queries, such as one for each seed.
    ///
    /// - Precondition: there is at least one, and all have the same measures and queries.
    package static func mean(of judgements: [Judgement]) -> Judgement {
        var result = judgements[0]
        for other in judgements.dropFirst() {
            precondition(result.measures == other.measures)
            precondition(result.values.count == other.values.count)
            for i in result.values.indices { result.values[i] += other.values[i] }
            result.recommended = zip(result.recommended, other.recommended).map(+)
        }
        let share = 1 / Float(judgements.count)
        for i in result.values.indices { result.values[i] *= share }
        return result
    }

    /// The figures of one measure, query by query, without those that have none.
    package func figures(_ measure: Measure) -> [Float] {
        guard let column = measures.firstIndex(of: measure) else { return [] }
        return stride(from: column, to: values.count, by: measures.count)
            .map { values[$0] }.filter { !$0.isNaN }
    }

    /// The mean over the queries that have the figure; NaN where none has.
    package func mean(_ measure: Measure) -> Double {
        let figures = figures(measure)
        return figures.reduce(0) { $0 + Double($1) } / Double(figures.count)
    }
}

/// Ranks and measures one query at a time, with memory of its own; for one thread at a time.
private final class QueryRanking: @unchecked Sendable {
    private let measures: [Measure]
    private let selector: TopSelector
    private let best: UnsafeMutableBufferPointer<Int32>

    init(measures: [Measure], k: Int) {
        self.measures = measures
        selector = TopSelector(k: k)
        best = .allocate(capacity: k)
        best.initialize(repeating: -1)
    }

    deinit { best.deallocate() }

    func measure(
        _ task: RankingTask, _ query: Int, _ scores: UnsafeMutableBufferPointer<Float>,
        into values: UnsafeMutablePointer<Float>, list: UnsafeMutableBufferPointer<Int32>
    ) {
        let relevant = task.relevant.columns[task.relevant.row(query)]
        if let candidates = task.candidates {
            let others = candidates.columns[candidates.row(query)]
            measure(
                relevant.map { scores[Int($0)] }, against: others.map { scores[Int($0)] }, values)
            keep(only: relevant, others, in: scores)
            copyBest(selector.select(scores, into: best.baseAddress!), to: list)
            return
        }
        let count = selector.select(scores, into: best.baseAddress!)
        let ranked = best[0..<count]
        copyBest(count, to: list)
        let wanted = Set(relevant)
        let hits = ranked.map(wanted.contains)
        let known =
            task.excludesContext
            ? [] : Set(task.contexts.columns[task.contexts.row(query)])
        let excluded =
            task.unrankable.count + (task.excludesContext ? task.contexts.row(query).count : 0)
        for (column, measure) in measures.enumerated() {
            values[column] = Float(
                value(
                    measure, ranked: ranked, hits: hits, relevant: relevant, known: known,
                    scores: scores, excluded: excluded))
        }
    }

    private func value(
        _ measure: Measure, ranked: Slice<UnsafeMutableBufferPointer<Int32>>, hits: [Bool],
        relevant: ArraySlice<Int32>, known: Set<Int32>,
        scores: UnsafeMutableBufferPointer<Float>, excluded: Int
    ) -> Double {
        switch measure.kind {
        case .hitRate: hits.prefix(measure.k).contains(true) ? 1 : 0
        case .recall: Metrics.recall(hits, relevantCount: relevant.count, at: measure.k)
        case .precision: Metrics.precision(hits, at: measure.k)
        case .ndcg: Metrics.ndcg(hits, relevantCount: relevant.count, at: measure.k)
        case .averagePrecision:
            Metrics.averagePrecision(hits, relevantCount: relevant.count, at: measure.k)
        case .reciprocalRank: Metrics.reciprocalRank(hits, at: measure.k)
        case .auc: auc(relevant, scores, excluded: excluded)
        case .repeatRecall: recall(ranked, hits, relevant, at: measure.k) { known.contains($0) }
        case .exploreRecall: recall(ranked, hits, relevant, at: measure.k) { !known.contains($0) }
        }
    }

    /// Recall among the relevant items that satisfy a condition; NaN where none does.
    private func recall(
        _ ranked: Slice<UnsafeMutableBufferPointer<Int32>>, _ hits: [Bool],
        _ relevant: ArraySlice<Int32>, at k: Int, where condition: (Int32) -> Bool
    ) -> Double {
        let all = relevant.count(where: condition)
        let found = zip(ranked, hits).prefix(k).count { $1 && condition($0) }
        return all == 0 ? .nan : Double(found) / Double(all)
    }

    /// Mann and Whitney's statistic over the pairs of a relevant item and another that may be
    /// ranked.
    ///
    /// - Parameter excluded: how many items must not be ranked; they score minus infinity, as may
    ///   others.
    private func auc(
        _ relevant: ArraySlice<Int32>, _ scores: UnsafeMutableBufferPointer<Float>, excluded: Int
    ) -> Double {
        let own = relevant.map { scores[Int($0)] }
        let others = scores.count - excluded - own.count
        guard others > 0 else { return .nan }
        var won = 0.0
        for score in own where !score.isNaN {
            let standing = sc_rank_count(scores.baseAddress!, scores.count, score)
            let higher = standing.higher - own.count { $0 > score }
            var tied = standing.tied - own.count { $0 == score }
            if score == BatchScorer.excluded { tied -= excluded }
            won += Double(others - higher - tied) + Double(tied) / 2
        }
        return won / (Double(others) * Double(own.count))
    }

    /// Given candidates: one relevant item against the others, ties as ``Standing`` has them.
    private func measure(
        _ own: [Float], against others: [Float], _ values: UnsafeMutablePointer<Float>
    ) {
        precondition(own.count == 1, "\(own.count) relevant items among sampled candidates")
        let standing = Standing(of: own[0], among: others)
        for (column, measure) in measures.enumerated() {
            let value: Double =
                switch measure.kind {
                case .hitRate, .recall: standing.hitRate(at: measure.k)
                case .precision: standing.hitRate(at: measure.k) / Double(measure.k)
                case .ndcg: standing.ndcg(at: measure.k)
                case .averagePrecision, .reciprocalRank: standing.reciprocalRank(at: measure.k)
                case .auc:
                    1 - (Double(standing.higher) + Double(standing.tied) / 2)
                        / Double(max(1, others.count))
                case .repeatRecall, .exploreRecall: Double.nan
                }
            values[column] = Float(value)
        }
    }

    private func keep(
        only relevant: ArraySlice<Int32>, _ others: ArraySlice<Int32>,
        in scores: UnsafeMutableBufferPointer<Float>
    ) {
        let kept = (relevant + others).map { ($0, scores[Int($0)]) }
        scores.update(repeating: BatchScorer.excluded)
        for (item, score) in kept { scores[Int(item)] = score }
    }

    private func copyBest(_ count: Int, to list: UnsafeMutableBufferPointer<Int32>) {
        for i in 0..<min(count, list.count) { list[i] = best[i] }
    }
}
