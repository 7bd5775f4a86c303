internal import CKernels
internal import Interactions
internal import ModelParts

/// Stochastic gradient descent on a pairwise ranking loss, for ids that are sums of features: what
/// BPR and WARP share.
///
/// Each epoch visits every pair of a user and an item that she took once, in an order drawn anew,
/// in mini-batches. The gradients of a batch are all taken before its first step, and each row then
/// takes its steps (AdaGrad's: Duchi, Hazan and Singer 2011) in the order of the pairs, as one
/// thread owns it. So the bits do not depend on the number of threads, without a lock, and without
/// the noise of unguarded shared writes. Sharing out users and items in disjoint blocks would do
/// without the batches, but ids that share features leave no disjoint blocks. A batch is a small
/// share of the pairs, so that a gradient is hardly older than with single steps.
///
/// - Complexity: an epoch takes O(pairs x (draws + 3) x D x features an id) time, where draws are
///   the negatives looked at; training O((U + I + features) x D) memory.
struct PairwiseTraining {
    /// Where negatives come from.
    enum Negatives {
        /// Every item that anyone took is as likely as the next.
        case uniform
        /// An item is as likely as it is often taken.
        case popularity
    }

    var name: String
    var dimensions: Int
    var epochs: Int
    /// The rate of the first epoch; it falls in equal steps towards zero.
    var learningRate: Float
    /// Epochs without a better ranking of held-out items after which training ends; 0 for none.
    var patience: Int
    /// Of the squared norm of each row at each of its steps.
    var regularization: Float
    /// The entries of the first vectors have this standard deviation divided by sqrt(D).
    var initialDeviation: Float
    var negatives: Negatives
    /// 0 for BPR's loss, else how often WARP draws at most.
    var warpDrawsMax: Int

    func validate() throws(TrainingError) {
        let check = SettingsCheck(model: name)
        try check.require(1...1023 ~= dimensions, "dimensions must be 1 to 1023", dimensions)
        try check.require(epochs > 0, "epochs must be at least 1", epochs)
        try check.require(patience >= 0, "patience must be 0 or more", patience)
        for (name, value) in [
            ("learning_rate", learningRate), ("initial_deviation", initialDeviation),
        ] {
            try check.require(value > 0 && value.isFinite, "\(name) must be positive", value)
        }
        try check.require(
            regularization >= 0 && regularization.isFinite, "regularization must be 0 or more",
            regularization)
    }

    /// - Parameters:
    ///   - userFeatures, itemFeatures: ids x features; the values weigh the features.
    /// - Returns: vectors of D + 1 floats: the last one is the item's bias, and 1 for users. The
    ///   least bias of an item that was learned is 0, which changes no user's order, so that items
    ///   of which nothing is known rank low.
    func run(
        on data: TrainingData, userFeatures: SparseMatrix? = nil, itemFeatures: SparseMatrix? = nil,
        with context: TrainingContext
    ) throws(TrainingError) -> EmbeddingParts {
        try validate()
        guard data.interactions.nonZeroCount > 0 else {
            throw TrainingError(
                "\(name): no event of a known user; it learns from users' histories")
        }
        var generator = SeededGenerator(seed: context.seed)
        let heldOut = patience > 0 ? HeldOutItems(data.interactions, generator: &generator) : nil
        let histories = heldOut?.rest ?? data.interactions
        let audiences = histories.transposed()
        let columns = paddedCount(dimensions + 1)
        let users = FeatureTable(
            ids: histories, features: userFeatures, columns: columns, dimensions: dimensions,
            deviation: initialDeviation, generator: &generator)
        let items = FeatureTable(
            ids: audiences, features: itemFeatures, columns: columns, dimensions: dimensions,
            deviation: initialDeviation, generator: &generator)
        var pool = histories.columns
        if case .uniform = negatives {
            pool = (0..<Int32(audiences.rows)).filter { !audiences.row(Int($0)).isEmpty }
        }
        let descent = PairwiseDescent(
            histories: histories, pool: pool, users: users, items: items, bias: dimensions,
            warpDrawsMax: warpDrawsMax, threads: context.threads)
        func embeddings() -> EmbeddingParts {
            EmbeddingParts(
                items: liftBiases(
                    of: items.makeMatrix(columns: dimensions + 1), known: items.isKnown),
                users: fixBiases(of: users.makeMatrix(columns: dimensions + 1)), foldIn: nil)
        }
        var steps = TrainingSteps(model: name, total: epochs, context: context)
        let loop = EpochLoop(epochs: epochs, patience: patience, learningRate: learningRate)
        let figure = heldOut.map { heldOut in
            { heldOut.ndcg(of: $0, threads: context.threads) }
        }
        return try loop.run(&steps, of: embeddings, figure: figure) { rate in
            descent.runEpoch(seed: generator.next(), rate: rate, decay: regularization)
        }
    }

    private func liftBiases(of items: Matrix, known: [Bool]) -> Matrix {
        var lifted = items
        let places = (0..<items.rows).filter { known[$0] }.map { ($0 + 1) * items.columns - 1 }
        let least = places.reduce(Float.infinity) { min($0, items.values[$1]) }
        for place in places { lifted.values[place] -= least }
        return lifted
    }

    private func fixBiases(of users: Matrix) -> Matrix {
        var fixed = users
        for user in 0..<users.rows { fixed.values[(user + 1) * users.columns - 1] = 1 }
        return fixed
    }
}
