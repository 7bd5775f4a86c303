internal import Models

/// Every model by name. A new one is a line here: its defaults, and what of it is worth a search.
package enum ModelRegistry {
    package static let all = counting + neighbors + factors + networks

    private static let counting: [ModelEntry] = [
        ModelEntry(Popularity()),
        ModelEntry(
            CoPurchase(),
            Parameter("confidence_share", \.confidenceShare, try: [0.3, 0.5, 0.9]),
            Parameter("shrinkage", \.shrinkage, try: [2, 30]),
            Parameter("neighbors_max", \.neighborsMax, try: [100, 200]),
            Parameter("support_min", \.supportMin)),
        ModelEntry(
            Association(),
            Parameter("confidence_min", \.confidenceMin, try: [0.005, 0.1]),
            Parameter("neighbors_max", \.neighborsMax)),
        ModelEntry(Content(), Parameter("neighbors_max", \.neighborsMax, try: [200])),
        ModelEntry(PersonalFrequency(), Parameter("list_max", \.listMax)),
    ]

    private static let neighbors: [ModelEntry] = [
        ModelEntry(
            ItemKNN(),
            Parameter("similarity", \.similarity, try: [.conditionalProbability]),
            Parameter("popularity_exponent", \.popularityExponent, try: [0.2, 0.5]),
            Parameter("neighbors_max", \.neighborsMax, try: [50, 200]),
            Parameter("activity_exponent", \.activityExponent, try: [0, 0.75]),
            Parameter("shrinkage", \.shrinkage, try: [0, 50])),
        ModelEntry(
            UserKNN(),
            Parameter("neighbors_max", \.neighborsMax, try: [30, 200]),
            Parameter("amplification", \.amplification, try: [1, 4]),
            Parameter("similarity", \.similarity, try: [.cosine]),
            Parameter("rarity_exponent", \.rarityExponent, try: [0, 1]),
            Parameter("shrinkage", \.shrinkage, try: [10]),
            Parameter("users_max", \.usersMax), Parameter("list_max", \.listMax)),
        ModelEntry(
            EASE(), Parameter("regularization", \.regularization, try: [200, 5_000])),
        ModelEntry(
            SLIM(), Parameter("l2", \.l2, try: [30, 300]), Parameter("l1", \.l1, try: [0, 2]),
            Parameter("l2_exponent", \.l2Exponent, try: [0, 0.8]),
            Parameter("popularity_exponent", \.popularityExponent, try: [0.1, 0.25]),
            Parameter("activity_exponent", \.activityExponent, try: [0, 0.6]),
            Parameter("candidates_max", \.candidatesMax)),
        ModelEntry(
            TIFUKNN(),
            Parameter("own_share", \.ownShare, try: [0.3, 0.7]),
            Parameter("groups", \.groups, try: [3, 7]),
            Parameter("neighbors_max", \.neighborsMax, try: [100, 900]),
            Parameter("basket_decay", \.basketDecay, try: [0.8]),
            Parameter("group_decay", \.groupDecay), Parameter("list_max", \.listMax)),
        ModelEntry(
            UPCF(),
            Parameter("locality", \.locality, try: [1, 4]),
            Parameter("recency", \.recency, try: [1, 25]),
            Parameter("asymmetry", \.asymmetry, try: [0.5, 0.75]),
            Parameter("users_max", \.usersMax), Parameter("list_max", \.listMax)),
    ]

    private static let factors: [ModelEntry] = [
        ModelEntry(
            IALS(),
            Parameter("unobserved_weight", \.foldIn.unobservedWeight, try: [0.01, 0.05, 1]),
            Parameter("regularization", \.foldIn.regularization, try: [0.002, 0.02]),
            Parameter("dimensions", \.dimensions, try: [32, 128]),
            // Stopping early is a regularization of its own where many factors meet few events.
            Parameter("epochs", \.epochs, try: [6]), Parameter("block", \.block),
            Parameter("regularization_exponent", \.foldIn.regularizationExponent)),
        ModelEntry(
            EALS(),
            Parameter("unobserved_weight", \.unobservedWeight, try: [128, 2_048]),
            Parameter("regularization", \.regularization, try: [3]),
            Parameter("popularity_exponent", \.popularityExponent, try: [0]),
            Parameter("dimensions", \.dimensions), Parameter("epochs", \.epochs)),
        ModelEntry(
            BPR(),
            Parameter("regularization", \.regularization, try: [0.002, 0.02]),
            Parameter("learning_rate", \.learningRate, try: [0.2]),
            Parameter("dimensions", \.dimensions), Parameter("epochs", \.epochs),
            Parameter("patience", \.patience)),
        ModelEntry(
            WARP(),
            Parameter("regularization", \.regularization, try: [0.001, 0.02]),
            Parameter("learning_rate", \.learningRate), Parameter("dimensions", \.dimensions),
            Parameter("epochs", \.epochs), Parameter("patience", \.patience)),
        ModelEntry(
            SVDPlusPlus(), predictsRatings: true,
            Parameter("regularization", \.regularization, try: [0.005, 0.08]),
            Parameter("dimensions", \.dimensions), Parameter("epochs", \.epochs),
            Parameter("patience", \.patience)),
    ]

    private static let networks: [ModelEntry] = [
        ModelEntry(
            NeuMF(), Parameter("factors", \.factors, try: [64]),
            Parameter("regularization", \.regularization, try: [0.003, 0.03]),
            Parameter("learning_rate", \.learningRate), Parameter("epochs", \.epochs),
            Parameter("patience", \.patience), Parameter("negatives", \.negatives),
            Parameter("list_max", \.listMax), Parameter("tower_0", \.tower[0]),
            Parameter("tower_1", \.tower[1]),
            Parameter("tower_2", \.tower[2])),
        ModelEntry(TwoTower(), parameters: towerParameters),
        ModelEntry(WideDeep(), parameters: rankerParameters + retrievalParameters),
    ]

    private static let towerParameters: [Parameter<TwoTower>] = [
        Parameter("temperature", \.temperature, try: [0.05, 0.2]),
        Parameter("regularization", \.regularization, try: [0.01]),
        Parameter("correction", \.correction, try: [0.5]),
        Parameter("dimensions", \.dimensions), Parameter("hidden", \.hidden),
        Parameter("learning_rate", \.learningRate), Parameter("epochs", \.epochs),
        Parameter("patience", \.patience), Parameter("batch", \.batch),
        Parameter("history_max", \.historyMax), Parameter("own_vectors", \.ownVectors),
    ]

    private static let rankerParameters: [Parameter<WideDeep>] = [
        Parameter("held_out_share", \.heldOutShare, try: [0.1, 0.3]),
        Parameter("learning_rate", \.learningRate, try: [0.01, 0.05]),
        Parameter("cross_l1", \.crossL1, try: [4]), Parameter("cross_l2", \.crossL2),
        Parameter("cross_rate", \.crossRate), Parameter("epochs", \.epochs),
        Parameter("patience", \.patience), Parameter("negatives", \.negatives),
        Parameter("regularization", \.regularization),
        Parameter("hidden_0", \.hidden[0]), Parameter("hidden_1", \.hidden[1]),
    ]

    private static let retrievalParameters: [Parameter<WideDeep>] = [
        Parameter("dimensions", \.factors.dimensions),
        Parameter("unobserved_weight", \.factors.foldIn.unobservedWeight),
        Parameter("factors_regularization", \.factors.foldIn.regularization),
        Parameter("factors_epochs", \.factors.epochs),
        Parameter("item-knn_neighbors_max", \.similar.neighborsMax),
    ]

    /// What is trained where nothing is asked: slim on baskets' rows serves held-out baskets best of
    /// all that trains in seconds; the README has the figures.
    package static let standard = SLIM.name

    package static var names: [String] { all.map(\.name) }

    /// - Parameter name: one of ``names``, or several with `+` between for their blend.
    /// - Throws: ``EvaluationError`` that lists the names where there is no such model.
    package static func entry(_ name: String) throws(EvaluationError) -> ModelEntry {
        let parts = name.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 1 else {
            guard Set(parts).count == parts.count else {
                throw EvaluationError("'\(name)': a blend takes each model once")
            }
            return ModelEntry(
                blending: try parts.map { part throws(EvaluationError) in try entry(part) })
        }
        guard let entry = all.first(where: { $0.name == name }) else {
            throw EvaluationError(
                "no model is called '\(name)'; there are \(names.joined(separator: ", "))")
        }
        return entry
    }
}
