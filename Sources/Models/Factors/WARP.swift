internal import Interactions
package import ModelParts

/// Weighted approximate-rank pairwise loss over sums of features: a hybrid that also knows items
/// nobody took yet.
///
/// The vector of a user or item is the sum of the vectors of its features, one of which is its own;
/// its bias likewise. For each pair of a user and an item that she took, items that she did not
/// take are drawn until one's score x_uj comes within 1 of x_ui, at draw number n. The step then
/// lowers
///
///     ln((I - 1) / n) (1 - x_ui + x_uj)
///
/// since n draws tell of a rank near (I - 1) / n: what ranks far down is raised by more. How it is
/// parallel, see ``PairwiseTraining``.
///
/// Source: Weston, Bengio and Usunier 2011, "WSABIE: scaling up to large vocabulary image
/// annotation", for the loss; Kula 2015, "Metadata embeddings for user and item cold-start
/// recommendations", for the sums of features.
///
/// - Complexity: an epoch takes O(pairs x draws x D x features an item) time.
package struct WARP: Recommender {
    package static let name = "warp"
    package var answersBaskets: Bool { false }

    /// D, without the bias; 1 to 1,023.
    package var dimensions = 64
    /// How often each pair is visited; at least 1.
    package var epochs = 25
    /// Epochs without a better ranking of held-out items after which training ends; 0 runs all of
    /// them, and holds nothing out.
    package var patience = 0
    /// Of AdaGrad, in the first epoch; falls in equal steps towards zero. Positive.
    package var learningRate: Float = 0.1
    /// Of the squared norm of each row at each of its steps; 0 or more.
    package var regularization: Float = 0.15
    /// The entries of the first vectors have this standard deviation divided by sqrt(D); positive.
    package var initialDeviation: Float = 0.1
    /// How many items are drawn at most for a pair; at least 1.
    package var drawsMax = 10

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "dimensions": Double(dimensions), "epochs": Double(epochs),
            "patience": Double(patience), "learning_rate": Double(learningRate),
            "regularization": Double(regularization),
            "initial_deviation": Double(initialDeviation), "draws_max": Double(drawsMax),
        ]
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        guard drawsMax > 0 else {
            throw TrainingError("warp: draws_max must be at least 1, not \(drawsMax)")
        }
        let training = PairwiseTraining(
            name: Self.name, dimensions: dimensions, epochs: epochs, learningRate: learningRate,
            patience: patience, regularization: regularization, initialDeviation: initialDeviation,
            negatives: .uniform, warpDrawsMax: drawsMax)
        for (features, ids, side) in [
            (data.userFeatures, data.interactions.rows, "user"),
            (data.itemFeatures, data.interactions.columnCount, "item"),
        ] {
            guard let features, features.rows != ids else { continue }
            throw TrainingError(
                "warp: \(features.rows) rows of \(side) features for \(ids) \(side)s")
        }
        var parts = ModelParts(popularity: data.popularity)
        parts.embeddings = try training.run(
            on: data, userFeatures: data.userFeatures, itemFeatures: data.itemFeatures,
            with: context)
        return parts
    }
}
