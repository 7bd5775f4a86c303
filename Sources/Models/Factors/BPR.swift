internal import Interactions
package import ModelParts

/// Bayesian personalized ranking: matrix factorization that puts what a user took before what she
/// did not.
///
/// Minimizes the sum over triples of a user u, an item i that she took and an item j that she did
/// not of
///
///     -ln sigma(x_ui - x_uj) + lambda/2 (|w_u|^2 + |h_i|^2 + |h_j|^2),    x_ui = w_u.h_i + b_i
///
/// with one j drawn for each pair (u, i) and epoch. How it is parallel, see ``PairwiseTraining``.
///
/// Source: Rendle, Freudenthaler, Gantner and Schmidt-Thieme 2009, "BPR: Bayesian personalized
/// ranking from implicit feedback"; for the draws by popularity Rendle and Freudenthaler 2014,
/// "Improving pairwise learning for item recommendation from implicit feedback".
///
/// - Complexity: an epoch takes O(pairs x D) time.
package struct BPR: Recommender {
    package static let name = "bpr"
    package var answersBaskets: Bool { false }

    /// D, without the bias; 1 to 1,023.
    package var dimensions = 128
    /// How often each pair is visited; at least 1.
    package var epochs = 40
    /// Epochs without a better ranking of held-out items after which training ends; 0 runs all of
    /// them, and holds nothing out.
    package var patience = 0
    /// Of AdaGrad, in the first epoch; falls in equal steps towards zero. Positive.
    package var learningRate: Float = 0.5
    /// lambda; 0 or more.
    package var regularization: Float = 0.007
    /// The entries of the first vectors have this standard deviation divided by sqrt(D); positive.
    package var initialDeviation: Float = 0.1
    /// Draws negatives as often as they are taken, not each as likely as the next.
    package var drawsByPopularity = false

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "dimensions": Double(dimensions), "epochs": Double(epochs),
            "patience": Double(patience), "learning_rate": Double(learningRate),
            "regularization": Double(regularization),
            "initial_deviation": Double(initialDeviation),
            "draws_by_popularity": drawsByPopularity ? 1 : 0,
        ]
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        let training = PairwiseTraining(
            name: Self.name, dimensions: dimensions, epochs: epochs, learningRate: learningRate,
            patience: patience, regularization: regularization, initialDeviation: initialDeviation,
            negatives: drawsByPopularity ? .popularity : .uniform, warpDrawsMax: 0)
        var parts = ModelParts(popularity: data.popularity)
        parts.embeddings = try training.run(on: data, with: context)
        return parts
    }
}
