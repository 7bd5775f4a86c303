internal import CKernels
internal import Interactions
package import ModelParts

/// SVD++: predicts ratings from factors, biases, and from which items a user rated at all.
///
/// With the mean rating mu, biases b, and N(u) the items that user u rated, the prediction is
///
///     r_ui = mu + b_u + b_i + q_i.(p_u + |N(u)|^-1/2 sum over j in N(u) of y_j)
///
/// and stochastic gradient descent lowers the squared error plus lambda times the squares of all
/// parameters. As embeddings: an item is (q_i, b_i, 1) and a user (p_u + the sum, 1, mu + b_u),
/// whose product is r_ui.
///
/// A user's ratings follow each other, in an order drawn anew each epoch, and step by step her own
/// part moves exactly as in single steps: all her y_j take the same step but for their decay, so
/// that their sum can be followed alone. The steps of items wait until some dozen users are done,
/// and are then taken user by user, each item by the thread that owns it. So the bits do not depend
/// on the number of threads.
///
/// Source: Koren 2008, "Factorization meets the neighborhood: a multifaceted collaborative
/// filtering model", section 4. (Hu, Koren and Volinsky 2008, often named with it, is ``IALS``.)
///
/// - Complexity: an epoch takes O(ratings x D) time; training O((U + I) x D) memory.
package struct SVDPlusPlus: Recommender {
    package static let name = "svdpp"
    package var answersBaskets: Bool { false }
    package var learnsRatings: Bool { true }

    /// D, without the biases; 1 to 1,022.
    package var dimensions = 50
    /// How often each rating is visited; at least 1.
    package var epochs = 20
    /// Epochs without a lower error of held-out ratings after which training ends; 0 runs all of
    /// them, and holds nothing out.
    package var patience = 0
    /// In the first epoch; each later one has 0.9 times that of the one before. Positive.
    package var learningRate: Float = 0.01
    /// lambda; 0 or more.
    package var regularization: Float = 0.02
    /// The first factors have this standard deviation divided by sqrt(D); positive.
    package var initialDeviation: Float = 0.1

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "dimensions": Double(dimensions), "epochs": Double(epochs),
            "patience": Double(patience), "learning_rate": Double(learningRate),
            "regularization": Double(regularization),
            "initial_deviation": Double(initialDeviation),
        ]
    }

    /// The reported loss is the mean squared error of the epoch, each rating's before its step.
    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        let ratings = data.interactions
        guard let first = ratings.values.first else {
            throw TrainingError("svdpp: no event of a known user; it learns from users' ratings")
        }
        guard data.hasRatings else {
            throw TrainingError(
                "svdpp: no ratings: values say how often users took an item; it learns from events "
                    + "of the kind rating, where no other kind counts")
        }
        guard ratings.values.contains(where: { $0 != first }) else {
            throw TrainingError(
                "svdpp: no ratings: all \(ratings.nonZeroCount) pairs have the value \(first); "
                    + "it learns from values that differ")
        }
        guard ratings.values.allSatisfy(\.isFinite) else {
            throw TrainingError("svdpp: a rating is not a finite number")
        }
        var generator = SeededGenerator(seed: context.seed)
        let heldOut = patience > 0 ? HeldOutItems(data.interactions, generator: &generator) : nil
        let descent = RatingDescent(
            ratings: heldOut?.rest ?? ratings, dimensions: dimensions,
            deviation: initialDeviation, regularization: regularization, seed: context.seed,
            threads: context.threads)
        var steps = TrainingSteps(model: Self.name, total: epochs, context: context)
        let loop = EpochLoop(
            epochs: epochs, patience: patience, learningRate: learningRate,
            decay: .geometric(0.9))
        let figure = heldOut.map { heldOut in { -heldOut.squaredError(of: $0) } }
        var parts = ModelParts(popularity: data.popularity)
        parts.embeddings = try loop.run(&steps, of: descent.makeEmbeddings, figure: figure) {
            descent.runEpoch(rate: $0)
        }
        return parts
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(1...1022 ~= dimensions, "dimensions must be 1 to 1022", dimensions)
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
}
