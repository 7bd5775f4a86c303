internal import Interactions
package import Models

/// What a protocol asks of every model: train on one or more splits, and rank the queries of each.
package struct EvaluationPlan: Sendable {
    /// For people, such as `basket completion`.
    package var title: String
    /// What is held out, what is ranked and what is not, in a sentence or two.
    package var summary: String
    package var splits: [EvaluationSplit]
    /// The figure by which models are compared.
    package var leading: Measure
    /// The list lengths to report, ascending.
    package var lengths: [Int]

    /// Whether models are asked with baskets, so that they must answer shoppers whom they do not
    /// know.
    package var asksWithBaskets: Bool {
        splits.contains { $0.tasks.contains { $0.context == .basket } }
    }

    /// - Throws: ``EvaluationError`` where a split asks nothing, and a table of it would say
    ///   nothing.
    package func checkAsks() throws(EvaluationError) {
        guard splits.allSatisfy({ $0.tasks.contains { $0.count > 0 } }) else {
            throw EvaluationError(
                "\(title): nothing that was held out can be asked about, so nothing can be judged")
        }
    }

    package init(
        title: String, summary: String, splits: [EvaluationSplit], leading: Measure,
        lengths: [Int]
    ) {
        precondition(!splits.isEmpty && !lengths.isEmpty, "\(title)")
        self.title = title
        self.summary = summary
        self.splits = splits
        self.leading = leading
        self.lengths = lengths
    }
}

/// Data to train on, and queries about what was held out of it.
package struct EvaluationSplit: Sendable {
    package var training: TrainingData
    /// Asked of the model that was trained on `training`; more than one where folds share it.
    package var tasks: [RankingTask]
    /// What was held out with the ratings given, high and low; nil where values are no ratings.
    package var ratings: RankingTask?
    /// Makes a split out of `training` alone, to choose hyperparameters on.
    package var makeValidation: @Sendable () throws(EvaluationError) -> EvaluationSplit

    package init(
        training: TrainingData, tasks: [RankingTask],
        validation: @escaping @Sendable () throws(EvaluationError) -> EvaluationSplit
    ) {
        self.training = training
        self.tasks = tasks
        makeValidation = validation
    }
}

extension EvaluationSplit {
    /// Ranks what is held out of users' rows against all items but those of the rows.
    init(
        training: TrainingData, heldOut: SparseMatrix,
        validation: @escaping @Sendable () throws(EvaluationError) -> EvaluationSplit
    ) {
        let rows = training.interactions
        var task = RankingTaskBuilder(itemCount: rows.columnCount)
        var rated = task
        for user in 0..<rows.rows {
            let history = rows.columns[rows.row(user)]
            let known = Set(history)
            let held = heldOut.row(user).filter { !known.contains(heldOut.columns[$0]) }
            // A low rating is nothing to recommend, but a rating to predict.
            let liked = held.filter { heldOut.values[$0] >= training.likedMin }
            task.append(
                user: Int32(user), context: history, relevant: liked.map { heldOut.columns[$0] })
            guard training.hasRatings else { continue }
            rated.append(
                user: Int32(user), context: history, relevant: held.map { heldOut.columns[$0] },
                ratings: held.map { heldOut.values[$0] })
        }
        // Where nothing that was held out was liked, all of it has to do.
        let asked = task.count > 0 ? task : rated
        self.init(
            training: training, tasks: [asked.make(excludesContext: true)], validation: validation)
        if training.hasRatings { ratings = rated.make(excludesContext: true) }
    }

    /// Holds out a share of each user's items, at least one of two: one drawn by `seed`, and those of hers that
    /// are most like it (``ItemsTogether``).
    ///
    /// What a user takes later goes together and has little left of its like in what she took before. Items
    /// that are drawn one by one have their like left in training, which favors models that know pairs of items
    /// and nothing else.
    ///
    /// For data that is nothing but users' rows: what baskets it has are left out, since they tell
    /// what is held out.
    ///
    /// - Parameter share: above 0 and below 1.
    package static func holdingOut(
        of data: TrainingData, share: Double = 0.1, seed: UInt64
    ) throws(EvaluationError) -> EvaluationSplit {
        let rows = data.interactions
        var kept: [(row: Int32, column: Int32, value: Float)] = []
        var held = RowBuilder(columnCount: rows.columnCount)
        var generator = SeededGenerator(seed: seed)
        var together = ItemsTogether(rows)
        for user in 0..<rows.rows {
            let entries = rows.row(user)
            let count =
                entries.count < 2
                ? 0 : min(entries.count - 1, max(1, Int(share * Double(entries.count))))
            let drawn = Set(together.draw(count, of: user, using: &generator))
            for entry in entries where !drawn.contains(entry) {
                kept.append((Int32(user), rows.columns[entry], rows.values[entry]))
            }
            held.append(drawn.sorted().map { rows.columns[$0] })
        }
        // Baskets and orders stay out: they would give away what is held out.
        var training = TrainingData(
            interactions: SparseMatrix(
                rows: rows.rows, columnCount: rows.columnCount, entries: kept), baskets: nil,
            catalog: data.catalog)
        training.userFeatures = data.userFeatures
        training.itemFeatures = data.itemFeatures
        training.hasRatings = data.hasRatings
        training.likedMin = data.likedMin
        let visible = training
        let split = EvaluationSplit(training: visible, heldOut: held.matrix) {
            () throws(EvaluationError) in
            try holdingOut(of: visible, share: share, seed: seed &+ 1)
        }
        guard split.tasks[0].count > 0 else {
            throw EvaluationError("no user has two items, so nothing can be held out")
        }
        return split
    }
}
