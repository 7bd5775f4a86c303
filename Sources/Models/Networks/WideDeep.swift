internal import Interactions
package import ModelParts

/// Two stages: factors and neighbors find candidates, and a wide and deep network ranks them.
///
/// The first stage is ``IALS`` with the lists of ``CoPurchase``, or of ``ItemKNN`` where there are
/// no baskets. The network's wide part is a weighted sum of ``RankerFeature``s and of crosses,
/// "took j and is shown i", for each item's nearest pairs; its deep part takes the features and
/// both vectors. Part of each user's items is held out, the first stage learns from the rest, and
/// the network learns which items were held out (see ``WideDeepDescent``): the crosses by
/// FTRL-proximal, all else by AdaGrad, jointly. Then the first stage learns anew, from everything,
/// and its vectors are turned into the coordinates that the network knows.
///
/// The network starts with the first stage's order, and keeps the epoch that ranks users best who
/// took no part in its training; where no epoch helps there, that order is the result.
///
/// Source: Cheng et al. 2016, "Wide & deep learning for recommender systems"; the vectors are not
/// trained with the network but come from the first stage, as in Covington, Adams and Sargin 2016,
/// "Deep neural networks for YouTube recommendations", where ranking too has a stage of its own.
///
/// - Complexity: twice the first stage, and an epoch takes O(held-out pairs x (negatives + 1) x
///   weights of the network).
package struct WideDeep: Recommender {
    package static let name = "wide-deep"
    /// Part of each row is held out, and of both kinds each would give away the other's.
    package var learnableRows: [TrainingRows] { [.users, .baskets] }

    package var factors = IALS()
    package var complements = CoPurchase()
    package var similar = ItemKNN()
    /// Of each user's items, what the network learns from; above 0 and below 1.
    package var heldOutShare = 0.2
    /// The widths of the deep part's layers but the last, one to four of 1 to 512 each.
    package var hidden = [64, 32]
    /// How often each held-out item is visited at most; 0 or more.
    package var epochs = 10
    /// Epochs without a better ranking of the users who take no part after which training ends; 0
    /// runs all of them.
    package var patience = 2
    /// Items drawn for each held-out item and epoch; 1 to 64.
    package var negatives = 6
    /// Of AdaGrad, positive.
    package var learningRate: Float = 0.02
    /// Of the deep part's squared weights; 0 or more.
    package var regularization: Float = 1e-5
    /// The alpha of FTRL-proximal, positive, and its penalties, 0 or more.
    package var crossRate: Float = 0.05
    package var crossL1: Float = 1
    package var crossL2: Float = 1

    package init() {}

    package var hyperparameters: [String: Double] {
        var all: [String: Double] = [
            "held_out_share": heldOutShare, "epochs": Double(epochs),
            "patience": Double(patience), "negatives": Double(negatives),
            "learning_rate": Double(learningRate),
            "regularization": Double(regularization), "cross_rate": Double(crossRate),
            "cross_l1": Double(crossL1), "cross_l2": Double(crossL2),
        ]
        for (layer, width) in hidden.enumerated() { all["hidden_\(layer)"] = Double(width) }
        let own = factors.hyperparameters
        for (name, value) in own { all[Self.factorNames[name] ?? name] = value }
        for (name, value) in complements.hyperparameters {
            all["\(CoPurchase.name)_\(name)"] = value
        }
        for (name, value) in similar.hyperparameters { all["\(ItemKNN.name)_\(name)"] = value }
        return all
    }

    /// The names of the factors' settings where the network has one of the same name.
    private static let factorNames = [
        "epochs": "factors_epochs", "regularization": "factors_regularization",
        "regularization_exponent": "factors_regularization_exponent",
    ]
    private static let judgesMax = 2_000

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        guard data.interactions.nonZeroCount > 0 else {
            throw TrainingError(
                "\(Self.name): no event of a known user; it learns from users' histories")
        }
        try DenseAlgebra.require(for: Self.name)
        var generator = SeededGenerator(seed: context.seed)
        let split = HoldOut(data, share: heldOutShare, generator: &generator)
        let lists = TrainingSteps.listSteps(rows: data.interactions.columnCount)
        let stage = 2 * factors.epochs
        let total = stage + 2 * lists + epochs
        var steps = TrainingSteps(model: Self.name, total: total, context: context)
        let first = try trainFirst(split.rest, &steps, lists: lists)
        let ranker = try trainRanker(split, first, &steps, &generator)
        var parts = try trainFirst(data, &steps, lists: lists).parts
        parts.embeddings = parts.embeddings?.turned(towards: first.embeddings.items)
        parts.itemWeights = ranker.crosses
        parts.ranker = ranker.parts
        return parts
    }

    // MARK: The first stage

    private struct FirstStage {
        var parts: ModelParts
        var embeddings: (users: Matrix, items: Matrix)
        /// Lists by co-occurrence in histories.
        var similar: NeighborLists
    }

    private func trainFirst(
        _ data: TrainingData, _ steps: inout TrainingSteps, lists: Int
    ) throws(TrainingError) -> FirstStage {
        var parts = try factors.fit(on: data, with: steps.context(steps: factors.epochs))
        let similar = try similar.fit(on: data, with: steps.context(steps: lists)).itemWeights!
        if let baskets = data.baskets, baskets.nonZeroCount > 0 {
            // Baskets that are all too long have no lists, and are none.
            let found = try? complements.fit(
                on: data,
                with: TrainingContext(
                    threads: steps.threads, seed: 0, isCancelled: steps.isCancelled))
            parts.neighbors[.complement] = found?.neighbors[.complement]
        }
        if parts.neighbors[.complement] == nil { parts.neighbors[.similar] = similar }
        let embeddings = parts.embeddings!
        return FirstStage(
            parts: parts, embeddings: (embeddings.users!, embeddings.items), similar: similar)
    }

    // MARK: The ranker

    private func trainRanker(
        _ split: HoldOut, _ first: FirstStage, _ steps: inout TrainingSteps,
        _ generator: inout SeededGenerator
    ) throws(TrainingError) -> (parts: RankerParts, crosses: NeighborLists) {
        let items = split.held.columnCount
        let complements = first.parts.neighbors[.complement]
        let lists = complements ?? first.parts.neighbors[.similar]!
        let samples = WideDeepSamples(
            split, share: heldOutShare, embeddings: first.embeddings,
            relation: complements == nil ? .similar : .complement,
            neighbors: lists.sources(columnCount: items),
            crosses: CrossWeights(
                sources: first.similar.sources(columnCount: items),
                settings: .init(rate: crossRate, l1: crossL1, l2: crossL2)),
            threads: steps.threads)
        var users = (0..<split.held.rows).filter { !split.held.row($0).isEmpty }
        users.shuffle(using: &generator)
        let judges = min(Self.judgesMax, users.count / 8)
        let taught = Array(users.dropFirst(judges))
        samples.standardize(users: taught, seed: generator.next())
        let network = WideDeepNetwork(
            features: samples.features.count, inputs: samples.columns, hidden: hidden,
            generator: &generator)
        // The first stage's order, with scores near the logarithms of probabilities.
        network.parameters[0] = 1
        network.parameters[network.features] = -Float(logarithm(Double(max(1, items))))
        let descent = WideDeepDescent(
            samples, network: network, users: taught, judges: Array(users.prefix(judges)),
            negatives: negatives, threads: steps.threads)
        // Without users to judge by nothing says that an epoch helps at all.
        let loop = EpochLoop(
            epochs: judges > 0 ? epochs : 0, patience: patience, learningRate: learningRate)
        steps.skip(epochs - loop.epochs)
        let judge = {
            (descent.judge(), { (network.snapshot(), samples.crosses.snapshot()) })
        }
        let best = try loop.run(&steps, judge: judge, judgesStart: true) { rate in
            descent.runEpoch(seed: generator.next(), rate: rate, decay: regularization)
        }
        let (kept, keptCrosses) = best!
        return (samples.ranker(network, kept), samples.crosses.lists(keptCrosses))
    }

    private func validate() throws(TrainingError) {
        try factors.validate()
        let check = SettingsCheck(model: Self.name)
        try check.require(
            heldOutShare > 0 && heldOutShare < 1, "held_out_share must be above 0 and below 1",
            heldOutShare)
        try check.require(
            1...4 ~= hidden.count && hidden.allSatisfy { 1...512 ~= $0 },
            "hidden must have 1 to 4 widths of 1 to 512", hidden)
        try check.require(epochs >= 0, "epochs must be 0 or more", epochs)
        try check.require(patience >= 0, "patience must be 0 or more", patience)
        try check.require(1...64 ~= negatives, "negatives must be 1 to 64", negatives)
        for (name, value) in [("learning_rate", learningRate), ("cross_rate", crossRate)] {
            try check.require(value > 0 && value.isFinite, "\(name) must be positive", value)
        }
        for (name, value) in [
            ("regularization", regularization), ("cross_l1", crossL1), ("cross_l2", crossL2),
        ] {
            try check.require(value >= 0 && value.isFinite, "\(name) must be 0 or more", value)
        }
    }
}

extension NeighborLists {
    /// I x I: row i the items whose lists hold i, with its scores there; columns ascend.
    fileprivate func sources(columnCount: Int) -> SparseMatrix {
        SparseMatrix(
            rows: columnCount, columnCount: columnCount,
            entries: (0..<offsets.count - 1).flatMap { row in
                range(of: row).map { (items[$0], Int32(row), scores[$0]) }
            })
    }
}
