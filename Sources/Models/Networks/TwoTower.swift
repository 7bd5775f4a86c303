internal import Interactions
package import ModelParts

/// Two towers: a network that turns a user's history into a vector, and one that does so with an
/// item's features; a score is their inner product.
///
/// The user's input is the mean of the input vectors of the items that she took, and if wanted a
/// vector of her own in addition; the item's is a vector of its own, and the weighted sum of its
/// features'. Each passes through a rectified layer and a linear one, and around both. With a
/// temperature T the outcomes have length 1 / sqrt(T), so that the score is their cosine over T.
///
/// Each pair of a user and an item that she took is told from the other items of its mini-batch by
/// a softmax. Items are in a batch as often as they are taken, for which log q_i, the logarithm of
/// the share of all pairs that are with item i, is subtracted from their logits. The item of the
/// pair itself is left out of the history, and what she also took, out of the others. AdaGrad
/// (Duchi, Hazan and Singer 2011) takes the steps.
///
/// Source: Yi, Yang, Hong, Cheng, Heldt, Kumthekar, Zhao, Wei and Chi 2019,
/// "Sampling-bias-corrected neural modeling for large corpus item recommendations", sections 3 and
/// 4.1; Covington, Adams and Sargin 2016, "Deep neural networks for YouTube recommendations",
/// section 3.2, for the history. The shares q_i are counted, as all pairs are at hand.
///
/// - Complexity: an epoch takes O(pairs x (batch + history + hidden) x D) time; training O((U + 2 I
///   + features) x D + batch x (batch + history)) memory.
package struct TwoTower: Recommender {
    package static let name = "two-tower"
    package var answersBaskets: Bool { false }

    /// D; a multiple of 16 up to 512.
    package var dimensions = 64
    /// The width of the rectified layers; a multiple of 16 up to 512, or 0 to do without.
    package var hidden = 64
    /// How often each pair is visited; at least 1.
    package var epochs = 12
    /// Epochs without a better ranking of held-out items after which training ends; 0 runs all of
    /// them, and holds nothing out.
    package var patience = 0
    /// Pairs at a time, which are each other's negatives; 2 to 8,192.
    package var batch = 512
    /// Of AdaGrad, in the first epoch; falls in equal steps towards zero. Positive.
    package var learningRate: Float = 0.05
    /// Of the squared norm of each row at each of its steps; 0 or more.
    package var regularization: Float = 0
    /// What cosines are divided by; 0 for plain inner products.
    package var temperature: Float = 0.1
    /// How much of log q is subtracted: 1 corrects for popularity in full, 0 not at all.
    package var correction: Float = 1
    /// Of a longer history, so many items are drawn for each epoch; at least 1.
    package var historyMax = 200
    /// Whether users have vectors of their own, 1, or are their histories alone, 0.
    package var ownVectors = 0

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "dimensions": Double(dimensions), "hidden": Double(hidden), "epochs": Double(epochs),
            "patience": Double(patience), "batch": Double(batch),
            "learning_rate": Double(learningRate),
            "regularization": Double(regularization), "temperature": Double(temperature),
            "correction": Double(correction), "history_max": Double(historyMax),
            "own_vectors": Double(ownVectors),
        ]
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        guard data.interactions.nonZeroCount > 0 else {
            throw TrainingError(
                "two-tower: no event of a known user; it learns from users' histories")
        }
        let itemCount = data.interactions.columnCount
        if let features = data.itemFeatures, features.rows != itemCount {
            throw TrainingError(
                "two-tower: \(features.rows) rows of item features for \(itemCount) items")
        }
        try DenseAlgebra.require(for: Self.name)
        var generator = SeededGenerator(seed: context.seed)
        let heldOut = patience > 0 ? HeldOutItems(data.interactions, generator: &generator) : nil
        let histories = heldOut?.rest ?? data.interactions
        let none = SparseMatrix(rows: histories.rows, columnCount: 0, entries: [])
        let users = Tower(
            model: self, ids: ownVectors == 0 ? none : histories,
            features: Self.means(of: histories), generator: &generator)
        let items = Tower(
            model: self, ids: histories.transposed(), features: data.itemFeatures,
            generator: &generator)
        let descent = TwoTowerDescent(
            model: self, users: users, items: items, histories: histories,
            threads: context.threads)
        func embeddings() -> EmbeddingParts {
            EmbeddingParts(
                items: items.vectors(threads: context.threads),
                users: users.vectors(threads: context.threads), foldIn: nil)
        }
        var steps = TrainingSteps(model: Self.name, total: epochs, context: context)
        let loop = EpochLoop(epochs: epochs, patience: patience, learningRate: learningRate)
        let figure = heldOut.map { heldOut in
            { heldOut.ndcg(of: $0, threads: context.threads) }
        }
        var parts = ModelParts(popularity: data.popularity)
        parts.embeddings = try loop.run(&steps, of: embeddings, figure: figure) { rate in
            descent.runEpoch(seed: generator.next(), rate: rate, decay: regularization)
        }
        return parts
    }

    /// Each row's columns with one over their number.
    private static func means(of histories: SparseMatrix) -> SparseMatrix {
        let values = (0..<histories.rows).flatMap { user in
            let count = histories.row(user).count
            return repeatElement(1 / Float(max(1, count)), count: count)
        }
        return SparseMatrix(
            rows: histories.rows, columnCount: histories.columnCount,
            rowOffsets: histories.rowOffsets, columns: histories.columns, values: values)
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(
            16...512 ~= dimensions && dimensions % 16 == 0,
            "dimensions must be a multiple of 16 up to 512", dimensions)
        try check.require(
            0...512 ~= hidden && hidden % 16 == 0, "hidden must be 0 or a multiple of 16 up to 512",
            hidden)
        try check.require(epochs > 0, "epochs must be at least 1", epochs)
        try check.require(patience >= 0, "patience must be 0 or more", patience)
        try check.require(2...8_192 ~= batch, "batch must be 2 to 8192", batch)
        try check.require(
            learningRate > 0 && learningRate.isFinite, "learning_rate must be positive",
            learningRate)
        for (name, value) in [("regularization", regularization), ("temperature", temperature)] {
            try check.require(value >= 0 && value.isFinite, "\(name) must be 0 or more", value)
        }
        try check.require(0...1 ~= correction, "correction must be 0 to 1", correction)
        try check.require(historyMax > 0, "history_max must be at least 1", historyMax)
        try check.require(0...1 ~= ownVectors, "own_vectors must be 0 or 1", ownVectors)
    }
}
