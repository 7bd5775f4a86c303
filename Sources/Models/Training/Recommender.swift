package import Interactions
package import ModelParts

/// One algorithm that learns from a shop's events.
///
/// A conforming type is its hyperparameters: a plain value, made before the data is seen. Training
/// is deterministic: the same data, options and seed give the same parts, bit by bit, at any thread
/// count.
package protocol Recommender: Sendable {
    /// The name on the command line and in manifests, such as `ials`.
    static var name: String { get }

    /// The hyperparameters by name, as recorded in a manifest.
    var hyperparameters: [String: Double] { get }

    /// Whether its parts tell what goes with a basket of a shopper it was not trained on.
    var answersBaskets: Bool { get }

    /// What the rows of ``TrainingData/interactions`` may be for it; empty where it looks at
    /// baskets and counts themselves, and rows are all the same to it.
    var learnableRows: [TrainingRows] { get }

    /// Whether it learns from ratings as they are, low ones too; all others learn from ``TrainingData/demand``.
    var learnsRatings: Bool { get }

    /// How many item weights may lead from one item, the largest by absolute value: a request walks
    /// them all for each item of a basket or a history.
    func targetsMax(ofBasketRows: Bool) -> Int

    /// Learns from the rows as they are.
    ///
    /// - Throws: ``TrainingError`` where the data lacks what the algorithm needs, or is too large
    ///   for it.
    func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts

    /// Learns from the rows that are chosen, and keeps what belongs to users.
    ///
    /// - Throws: ``TrainingError`` as ``fit(on:with:)``, and where there are no such rows.
    func train(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
}

extension Recommender {
    package var answersBaskets: Bool { true }

    package var learnsRatings: Bool { false }

    package var learnableRows: [TrainingRows] { answersBaskets ? TrainingRows.allCases : [.users] }

    package func targetsMax(ofBasketRows: Bool) -> Int {
        Self.targetsMax(asked: 0, ofBasketRows: ofBasketRows)
    }

    /// What `asked` says, or where it is 0 what suits the rows: a basket's few items find what they
    /// need among the strongest weights, and a long history sums up many weak ones.
    ///
    /// Basket completion by slim, MRR@10 with lists of any length, 200, 100 and 50: Online Retail
    /// .1572, .1567, .1562, .1559; coop100 .0947, .0949, .0948, .0947; The Complete Journey with
    /// 200, 100, 50: .0695, .0694, .0689. For MovieLens 1M's histories 100 cost a hundredth of NDCG,
    /// and 500 nothing.
    static func targetsMax(asked: Int, ofBasketRows: Bool, ofUserRows: Int = 500) -> Int {
        asked > 0 ? asked : ofBasketRows ? 100 : ofUserRows
    }
}

/// What models see of a shop: who took what, and what was taken together.
package struct TrainingData: Sendable {
    /// Users x items; a value says how often or how strongly. Columns ascend within a row.
    package var interactions: SparseMatrix
    /// Baskets x items, without repeats; nil where the events name no baskets.
    package var baskets: SparseMatrix?
    /// Each user's baskets in the order of time; nil where no basket has a known user.
    package var orders: OrderHistories?
    /// What each row of `baskets` counts, above 0 and at most 1, for its age; nil where all count 1.
    package var basketWeights: [Float]?
    /// Whose each row of `baskets` is, and of when; nil where there are no baskets with times.
    package var log: BasketLog?
    /// What is known of the items; nil where nothing is.
    package var catalog: Catalog?
    /// Users x features, a value says how much the feature counts; nil where nothing is known but
    /// the events.
    package var userFeatures: SparseMatrix?
    /// Items x features, likewise.
    package var itemFeatures: SparseMatrix?
    /// Whether the values of `interactions` are ratings, and not how often or how strongly.
    package var hasRatings = false
    /// The least rating that is demand for an item; minus infinity where values are no ratings.
    package var likedMin = -Float.infinity
    /// What models learn from; nil leaves it to the data. As made by hand: the rows as they are.
    package var rows: TrainingRows? = .users
    /// Whether ``interactions`` are what is left of ratings: given for an item, not for what it is
    /// taken with.
    var isDemandOfRatings = false
    /// What a basket's row counts against a user's where both are learned from; positive.
    package var basketRowWeight: Float = 1
    /// Whether rows of `interactions` are baskets, or some of them.
    var hasBasketRows = false
    /// What each row of `interactions` counts; nil where all count 1.
    var rowWeights: [Float]?
    /// What ``popularity`` is where `interactions` are no users' rows, or events age.
    package var countedPopularity: [Float]?

    package init(
        interactions: SparseMatrix, baskets: SparseMatrix?, orders: OrderHistories? = nil,
        catalog: Catalog? = nil
    ) {
        self.interactions = interactions
        self.baskets = baskets
        self.orders = orders
        self.catalog = catalog
    }
}

extension TrainingData {
    /// What there is demand for: where values are ratings, the pairs that were rated at or above
    /// ``likedMin``, each with how far it lies above the scale's low end; else all.
    package var demand: TrainingData {
        guard hasRatings, let least = interactions.values.min() else { return self }
        var parts = RowParts(interactions)
        for row in 0..<interactions.rows {
            for entry in interactions.row(row) where interactions.values[entry] >= likedMin {
                parts.append(entry)
            }
            parts.endRow()
        }
        let liked = parts.matrix
        var data = self
        // On a scale such as 1 to 5 a rating is a strength as it is. On one that goes to 0 or below it
        // would weigh nothing, or less.
        let base = least > 0 ? 0 : min(least, likedMin.isFinite ? least : least - 1)
        data.interactions = SparseMatrix(
            rows: liked.rows, columnCount: liked.columnCount, rowOffsets: liked.rowOffsets,
            columns: liked.columns, values: liked.values.map { $0 - base })
        data.hasRatings = false
        data.isDemandOfRatings = true
        return data
    }
}

/// How to train, as opposed to what.
package struct TrainingContext: Sendable {
    package var threads: Int
    package var seed: UInt64
    /// Called on the training thread after each step of work.
    package var report: @Sendable (TrainingProgress) -> Void
    /// Asked between steps of work; once true, training ends soon with a ``TrainingError``.
    package var isCancelled: @Sendable () -> Bool

    package init(
        threads: Int, seed: UInt64,
        report: @escaping @Sendable (TrainingProgress) -> Void = { _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        precondition(threads > 0, "\(threads) threads")
        self.threads = threads
        self.seed = seed
        self.report = report
        self.isCancelled = isCancelled
    }
}

package struct TrainingProgress: Sendable {
    /// The algorithm's name.
    package var model: String
    /// Steps finished, 1 to `steps`.
    package var step: Int
    package var steps: Int
    /// The training objective after this step, where the algorithm has one.
    package var loss: Double?

    package init(model: String, step: Int, steps: Int, loss: Double?) {
        self.model = model
        self.step = step
        self.steps = steps
        self.loss = loss
    }
}

/// Why an algorithm cannot learn from this data.
package struct TrainingError: Error, CustomStringConvertible, Sendable {
    /// One sentence that names what is missing, or the limit and the figure that passes it.
    package let description: String

    package init(_ description: String) { self.description = description }
}
