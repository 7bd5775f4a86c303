internal import Interactions
package import ModelParts

/// Neural matrix factorization: a product of factors and a tower of dense layers, trained as one
/// network.
///
/// The logit of user u and item i is h.[p_u * q_i, tower(p'_u, q'_i)] + b, with * element by
/// element and vectors of their own for each half; the tower's layers are rectified. The
/// cross-entropy of pairs that were taken against some that were not, drawn anew each epoch, is
/// lowered by AdaGrad (Duchi, Hazan and Singer 2011).
///
/// Its score has no smaller form, so that it serves lists by user: the best of the items she has
/// not taken.
///
/// Source: He, Liao, Zhang, Nie, Hu and Chua 2017, "Neural collaborative filtering". Both halves
/// start at random, without the paper's training of each by itself.
///
/// - Complexity: an epoch takes O(pairs x (negatives + 1) x weights of the tower) time, the lists
///   O(U x I) times the same; training O((U + I) x (factors + inputs)) memory.
package struct NeuMF: Recommender {
    package static let name = "neumf"
    package var answersBaskets: Bool { false }

    /// Of the product; a multiple of 16 up to 512.
    package var factors = 128
    /// The widths of the tower from its input, half user and half item, to its output: two to five,
    /// each a multiple of 16 up to 512, the first one of 32.
    package var tower = [64, 32, 16]
    /// How often each pair is visited; at least 1.
    package var epochs = 15
    /// Items drawn for each pair and epoch that the user did not take; 1 to 64.
    package var negatives = 8
    /// Epochs without a better ranking of held-out items after which training ends; 0 runs all of
    /// them, and holds nothing out.
    package var patience = 0
    /// Of AdaGrad, in the first epoch; falls in equal steps towards zero. Positive.
    package var learningRate: Float = 0.05
    /// Of the squared norm of each row at each of its steps; 0 or more.
    package var regularization: Float = 0.01
    /// How long a user's list is; at least 1. As long as what can be asked for, since what is not
    /// listed counts as worse than everything that is.
    package var listMax = 1_000

    package init() {}

    package var hyperparameters: [String: Double] {
        var all: [String: Double] = [
            "factors": Double(factors), "epochs": Double(epochs), "negatives": Double(negatives),
            "patience": Double(patience), "learning_rate": Double(learningRate),
            "regularization": Double(regularization), "list_max": Double(listMax),
        ]
        for (layer, width) in tower.enumerated() { all["tower_\(layer)"] = Double(width) }
        return all
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        let network = try network(on: data, with: context)
        var parts = ModelParts(popularity: data.popularity)
        parts.userLists = network.lists(
            excluding: data.interactions, max: listMax, threads: context.threads)
        return parts
    }

    /// The trained network itself, which scores any pair.
    package func network(on data: TrainingData, with context: TrainingContext)
        throws(TrainingError) -> NeuMFNetwork
    {
        try validate()
        guard data.interactions.nonZeroCount > 0 else {
            throw TrainingError("neumf: no event of a known user; it learns from users' histories")
        }
        try DenseAlgebra.require(for: Self.name)
        var generator = SeededGenerator(seed: context.seed)
        let heldOut = patience > 0 ? HeldOutItems(data.interactions, generator: &generator) : nil
        let histories = heldOut?.rest ?? data.interactions
        let network = NeuMFNetwork(
            model: self, histories: histories, audiences: histories.transposed(),
            generator: &generator)
        let descent = NeuMFDescent(
            network: network, histories: histories, negatives: negatives, threads: context.threads)
        var steps = TrainingSteps(model: Self.name, total: epochs, context: context)
        let loop = EpochLoop(epochs: epochs, patience: patience, learningRate: learningRate)
        let judge: EpochLoop.Judge<[[Float]]>? = heldOut.map { heldOut in
            {
                let figure = heldOut.ndcg(threads: context.threads) { user, candidates, scores in
                    network.score(user: user, candidates: candidates, into: &scores)
                }
                return (figure, network.snapshot)
            }
        }
        let best = try loop.run(&steps, judge: judge) { rate in
            descent.runEpoch(seed: generator.next(), rate: rate, decay: regularization)
        }
        if let best { network.restore(best) }
        return network
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(
            16...512 ~= factors && factors % 16 == 0, "factors must be a multiple of 16 up to 512",
            factors)
        let widths = tower.enumerated().allSatisfy { layer, width in
            width > 0 && width <= 512 && width % (layer == 0 ? 32 : 16) == 0
        }
        try check.require(
            2...5 ~= tower.count && widths,
            "tower must have 2 to 5 widths up to 512, multiples of 16 and the first of 32", tower)
        try check.require(epochs > 0, "epochs must be at least 1", epochs)
        try check.require(patience >= 0, "patience must be 0 or more", patience)
        try check.require(1...64 ~= negatives, "negatives must be 1 to 64", negatives)
        try check.require(listMax > 0, "list_max must be at least 1", listMax)
        try check.require(
            learningRate > 0 && learningRate.isFinite, "learning_rate must be positive",
            learningRate)
        try check.require(
            regularization >= 0 && regularization.isFinite, "regularization must be 0 or more",
            regularization)
    }
}
