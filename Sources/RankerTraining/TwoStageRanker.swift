internal import Interactions
package import ModelParts
package import Models

/// Two stages: ``SLIM`` finds what goes with a basket, and trees of ``LambdaMART`` rank it together
/// with what the shopper keeps buying and what sells now.
///
/// The oldest baskets teach the first stage and the profiles. Of each later basket one item is
/// hidden, or all of it for a known shopper's next basket, and the trees learn to put the hidden item
/// first among the very candidates that the serving engine finds, by the very features that it
/// computes. Part of the later baskets judge: where the trees do not rank their hidden items better,
/// surely, the first stage alone is the model. They also calibrate the trees: a score is the log-odds
/// of the item being taken. A weighted sum of features (``ConditionalLogit``) learns from the same queries; it
/// ranks where a call's time is too short for the trees. Then the first stage and the profiles learn anew, from
/// everything.
///
/// Source: stages as in Covington, Adams and Sargin 2016, "Deep neural networks for YouTube
/// recommendations", section 2; negatives are drawn from what the first stage finds, as served.
///
/// - Complexity: twice the first stage, and the trees as ``LambdaMART/fit(_:features:held:threads:shouldStop:)``.
package struct TwoStageRanker: Recommender {
    package static let name = "lambdamart"
    package var learnableRows: [TrainingRows] { TrainingRows.allCases }

    package var first = SLIM()
    package var trees = LambdaMART()
    /// Of the dated baskets, the newest share that teaches and judges the trees; above 0, below 1.
    package var newestShare = 0.25
    /// Baskets asked about at most; at least 1.
    package var queriesMax = 20_000
    /// Of a basket, how many of its items are hidden in turn at most; at least 1.
    package var hiddenMax = 3
    /// Other candidates of a query that the trees learn from, drawn evenly; at least 1.
    package var negatives = 60
    /// Of the queries, how many judge; above 0, below 1.
    package var judgingShare = 0.15
    /// Of the queries of known shoppers, how many come without a basket; 0 or more, below 1.
    package var nextBasketShare = 0.05

    /// Of the other queries, how many come with a part of the basket; 0 to 1.
    package var partialShare = 0.25
    /// Whether the second stage is a weighted sum alone, without trees.
    package var isLinear = false

    package init() {}

    /// What it is called in messages.
    private var name: String { isLinear ? LinearRanker.name : Self.name }

    package var hyperparameters: [String: Double] {
        var all: [String: Double] = [
            "newest_share": newestShare, "queries_max": Double(queriesMax),
            "hidden_max": Double(hiddenMax), "negatives": Double(negatives),
            "judging_share": judgingShare,
            "next_basket_share": nextBasketShare, "partial_share": partialShare,
            "trees_max": Double(trees.treesMax),
            "leaves_max": Double(trees.leavesMax), "learning_rate": trees.learningRate,
            "leaf_rows_min": Double(trees.leafRowsMin), "trees_l2": trees.l2,
            "truncation": Double(trees.truncation),
        ]
        for (name, value) in first.hyperparameters { all["\(SLIM.name)_\(name)"] = value }
        return all
    }

    package func targetsMax(ofBasketRows: Bool) -> Int {
        first.targetsMax(ofBasketRows: ofBasketRows)
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    { try train(on: data, with: context) }

    package func train(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        let taught = try teach(data, context)
        var parts = try first.train(on: data, with: context.part(0.6, to: 1, name))
        guard let taught, let profiles = Profiles(data) else { return parts }
        parts.profiles = profiles
        parts.ranker = taught
        return parts
    }

    /// The ranker; nil where there are too few dated baskets to learn from, or where it is not surely better
    /// than the first stage.
    private func teach(_ data: TrainingData, _ context: TrainingContext) throws(TrainingError)
        -> RankerParts?
    {
        guard let baskets = data.baskets, let log = data.log else { return nil }
        let dated = log.rowsByTime
        let cut = Int(Double(dated.count) * (1 - newestShare))
        guard cut > 0, dated.count - cut >= Self.queriesMin else { return nil }
        let newest = Set(dated[cut...])
        let past = data.keepingBaskets((0..<baskets.rows).filter { !newest.contains($0) })
        guard let profiles = Profiles(past) else { return nil }
        var parts = try first.train(on: past, with: context.part(0, to: 0.3, name))
        parts.profiles = profiles
        parts.ranker = Self.firstStage
        parts.ranker?.trees = TreeEnsemble(features: Self.features)
        let queries = RankerQueries(
            baskets, log, rows: Array(dated[cut...]), known: past.popularity,
            nextBasketShare: nextBasketShare, partialShare: partialShare, hiddenMax: hiddenMax,
            max: queriesMax, seed: context.seed)
        guard queries.all.count >= Self.queriesMin else { return nil }
        let judges = Int(Double(queries.all.count) * judgingShare)
        let samples = try RankerSamples(
            parts, histories: past.historiesByTime, items: baskets.columnCount, queries: queries,
            judges: judges, negatives: negatives, features: Self.features.count,
            context: context)
        context.part(0.3, to: 0.4, name).report(
            TrainingProgress(model: name, step: 1, steps: 1, loss: nil))
        var ranker = Self.firstStage
        let (linear, linearScores) = fitLinear(samples, context)
        ranker.linear = samples.calibration(linearScores)
            .applied(to: Self.linearFeatures, linear)
        guard !isLinear else {
            guard !context.isCancelled() else { throw TrainingError("\(name): cancelled") }
            return samples.isSurelyBetter(samples.places(linearScores)) ? ranker : nil
        }
        let held = Set(samples.judges)
        let growing = context.part(0.4, to: 0.6, name)
        let trial = trees.fit(
            samples.groups, features: Self.features, held: held, threads: context.threads
        ) { growing.steps($0, of: trees.treesMax, name) }
        guard !context.isCancelled() else { throw TrainingError("\(name): cancelled") }
        guard samples.isSurelyBetter(trial.places) else { return nil }
        ranker.trees = samples.calibration(trial.scores).applied(to: trial.trees)
        return ranker
    }

    /// The weights of ``linearFeatures``, and what they make of all rows.
    private func fitLinear(
        _ samples: RankerSamples, _ context: TrainingContext
    ) -> (weights: [Float], scores: [Float]) {
        let judges = Set(samples.judges)
        let columns = Self.linearFeatures.map { Self.features.firstIndex(of: $0)! }
        let weights = ConditionalLogit().fit(
            samples.groups, columns: columns,
            taught: (0..<samples.groups.count).filter { !judges.contains($0) },
            shouldStop: context.isCancelled)
        var scores = Array(repeating: Float(0), count: samples.groups.rows)
        for (column, weight) in zip(columns, weights) {
            for row in scores.indices {
                scores[row] += weight * samples.groups.columns[column][row]
            }
        }
        return (weights, scores)
    }

    /// Fewer queries would tell nothing.
    private static let queriesMin = 200

    /// What finds the candidates that a second stage sees.
    private static var firstStage: RankerParts {
        let share = RankerParts.usualHistoryShare([.itemWeights])
        return RankerParts(features: [.basketWeights, .historyWeights], wide: [1 - share, share])
    }

    static let features: [RankerFeature] = [
        .basketWeights, .basketWeightMax, .historyWeights, .basketLength, .basketCount,
        .boughtShare, .boughtLately, .boughtRecently, .boughtAge, .boughtInterval, .boughtDue,
        .popularity,
        .monthPopularity, .weekPopularity, .repeatRate,
    ]

    /// Those of ``features`` that speak for an item the more, the larger they are, or against it; the others
    /// tell how much to make of them, which a sum cannot.
    static let linearFeatures: [RankerFeature] = [
        .basketWeights, .basketWeightMax, .historyWeights, .boughtShare, .boughtLately,
        .boughtRecently, .popularity, .monthPopularity, .weekPopularity, .repeatRate,
    ]

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: name)
        for (name, share) in [("newest_share", newestShare), ("judging_share", judgingShare)] {
            try check.require(
                share > 0 && share < 1, "\(name) must be above 0 and below 1", share)
        }
        try check.require(
            nextBasketShare >= 0 && nextBasketShare < 1,
            "next_basket_share must be 0 or more and below 1", nextBasketShare)
        try check.require(0...1 ~= partialShare, "partial_share must be 0 to 1", partialShare)
        for (name, count) in [
            ("queries_max", queriesMax), ("hidden_max", hiddenMax), ("negatives", negatives),
            ("leaf_rows_min", trees.leafRowsMin), ("truncation", trees.truncation),
        ] { try check.require(count > 0, "\(name) must be at least 1", count) }
        try check.require(
            1...TreeEnsemble.treesMax ~= trees.treesMax,
            "trees_max must be 1 to \(TreeEnsemble.treesMax)", trees.treesMax)
        try check.require(
            2...64 ~= trees.leavesMax, "leaves_max must be 2 to 64", trees.leavesMax)
        try check.require(
            trees.learningRate > 0 && trees.learningRate <= 1,
            "learning_rate must be above 0 and at most 1", trees.learningRate)
        try check.require(
            trees.l2 >= 0 && trees.l2.isFinite, "trees_l2 must be 0 or more", trees.l2)
    }
}

extension TrainingContext {
    /// A context whose steps are a part of this one's whole.
    fileprivate func part(_ start: Double, to end: Double, _ model: String) -> TrainingContext {
        let (outer, steps) = (report, 1_000)
        return TrainingContext(
            threads: threads, seed: seed,
            report: { progress in
                let share = Double(progress.step) / Double(max(1, progress.steps))
                outer(
                    TrainingProgress(
                        model: model, step: Int((start + share * (end - start)) * Double(steps)),
                        steps: steps, loss: nil))
            }, isCancelled: isCancelled)
    }

    /// Tells how far it is, and whether to stop.
    fileprivate func steps(_ step: Int, of steps: Int, _ model: String) -> Bool {
        report(TrainingProgress(model: model, step: step, steps: steps, loss: nil))
        return isCancelled()
    }
}
