internal import Models

extension LeaveOneOut {
    /// The protocol as a plan: one query a case, its candidates the test item and the negatives.
    package func makePlan(at lengths: [Int] = [5, 10, 20], seed: UInt64 = 1) -> EvaluationPlan {
        var task = RankingTaskBuilder(itemCount: training.columnCount)
        for one in cases {
            task.append(
                user: one.user, context: training.columns[training.row(Int(one.user))],
                relevant: [one.item], candidates: one.negatives)
        }
        let data = TrainingData(interactions: training, baskets: nil)
        let split = EvaluationSplit(
            training: data, tasks: [task.make(excludesContext: false)]
        ) { () throws(EvaluationError) in try .holdingOut(of: data, seed: seed) }
        let sampled = cases.map(\.negatives.count)
        let range = "\(sampled.min() ?? 0) to \(sampled.max() ?? 0)"
        return EvaluationPlan(
            title: "leave one out, sampled negatives",
            summary:
                "Each user's held-out item is ranked among \(range) given negatives. Sampled metrics: "
                + "compare them only with figures of the same files.",
            splits: [split], leading: Measure(.ndcg, at: lengths.contains(10) ? 10 : lengths.last!),
            lengths: lengths)
    }
}
