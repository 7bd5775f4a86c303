internal import Interactions
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
        ) { () throws(EvaluationError) in try drawn(seed: seed).makePlan(seed: seed &+ 1).splits[0]
        }
        let sampled = cases.map(\.negatives.count)
        let range = "\(sampled.min() ?? 0) to \(sampled.max() ?? 0)"
        return EvaluationPlan(
            title: "leave one out, sampled negatives",
            summary:
                "Each user's held-out item is ranked among \(range) given negatives. Sampled metrics: "
                + "compare them only with figures of the same files."
                + (overlap.map { " \($0)" } ?? ""),
            splits: [split], leading: Measure(.ndcg, at: lengths.contains(10) ? 10 : lengths.last!),
            lengths: lengths)
    }

    /// How many held-out items are in training too, for people; nil where none is.
    private var overlap: String? {
        let both = cases.count { training.columns[training.row(Int($0.user))].contains($0.item) }
        guard both > 0 else { return nil }
        return "Train and test overlap: \(both) of \(cases.count) held-out items "
            + "(\(percent(Double(both) / Double(cases.count)))) are in their users' training rows, so "
            + "these figures say little."
    }

    /// The same protocol on the training data alone: one item of each user is held out, and as many
    /// negatives as the cases have are drawn from what she did not take.
    ///
    /// - Throws: ``EvaluationError`` where no user has two items.
    func drawn(seed: UInt64) throws(EvaluationError) -> LeaveOneOut {
        let count = cases.map(\.negatives.count).max() ?? 0
        var generator = SeededGenerator(seed: seed)
        var kept: [(row: Int32, column: Int32, value: Float)] = []
        var drawn: [Case] = []
        for user in 0..<training.rows {
            let row = training.row(user)
            var held = -1
            if row.count >= 2 {
                held = Int.random(in: row, using: &generator)
                var pool = Set(training.columns[row])
                var negatives: [Int32] = []
                while negatives.count < min(count, training.columnCount - row.count) {
                    let item = Int32.random(in: 0..<Int32(training.columnCount), using: &generator)
                    if pool.insert(item).inserted { negatives.append(item) }
                }
                drawn.append(
                    Case(user: Int32(user), item: training.columns[held], negatives: negatives))
            }
            for entry in row where entry != held {
                kept.append((Int32(user), training.columns[entry], training.values[entry]))
            }
        }
        guard !drawn.isEmpty else {
            throw EvaluationError("no user has two items, so nothing can be held out")
        }
        return LeaveOneOut(
            training: SparseMatrix(
                rows: training.rows, columnCount: training.columnCount, entries: kept), cases: drawn
        )
    }
}
