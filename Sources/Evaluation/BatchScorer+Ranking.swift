internal import CKernels
internal import Interactions
internal import Measures
internal import ModelParts

extension BatchScorer: QueryRanker {
    package static let maker: QueryRankerMaker = {
        parts, _, task, threads throws(EvaluationError) in
        try BatchScorer(parts: parts, task: task, threads: threads)
    }

    package var knowsAllScores: Bool { true }

    package func forEachAnswer(
        depth: Int, _ body: @escaping @Sendable (_ query: Int, _ answer: QueryAnswer) -> Void
    ) {
        precondition(depth > 0, "lists of \(depth)")
        let task = task
        let selectors = (0..<threads).map { _ in TopSelector(k: depth) }
        forEachQuery { worker, query, scores in
            let relevant = task.relevant.columns[task.relevant.row(query)]
            if let candidates = task.candidates {
                let others = candidates.columns[candidates.row(query)]
                body(
                    query,
                    .scores(
                        relevant: relevant.map { scores[Int($0)] },
                        candidates: others.map { scores[Int($0)] }))
                return
            }
            let area = Self.areaUnderCurve(
                of: relevant, in: scores, excluded: task.excludedCount(query))
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: depth) { best in
                let count = selectors[worker].select(scores, into: best.baseAddress!)
                body(
                    query,
                    .list(UnsafeBufferPointer(rebasing: best[..<count]), areaUnderCurve: area))
            }
        }
    }

    /// - Parameter excluded: how many items must not be ranked; they score ``excluded``, as may
    ///   others.
    private static func areaUnderCurve(
        of relevant: ArraySlice<Int32>, in scores: UnsafeMutableBufferPointer<Float>, excluded: Int
    ) -> Double {
        let own = relevant.map { scores[Int($0)] }
        let others = scores.count - excluded - own.count
        let standings = own.map { score in
            guard !score.isNaN else { return Standing(higher: others, tied: 0) }
            let standing = sc_rank_count(scores.baseAddress!, scores.count, score)
            var tied = standing.tied - own.count { $0 == score }
            if score == Self.excluded { tied -= excluded }
            return Standing(higher: standing.higher - own.count { $0 > score }, tied: tied)
        }
        return Measures.areaUnderCurve(standings, others: others)
    }
}

extension RankingTask {
    /// How many items a query must not rank.
    fileprivate func excludedCount(_ query: Int) -> Int {
        unrankable.count + (excludesContext ? contexts.row(query).count : 0)
    }
}
