internal import Models

/// Every model by name. A new one is a line here: its defaults, and what of it is worth a search.
package enum ModelRegistry {
    package static let all: [ModelEntry] = [
        ModelEntry(Popularity()),
        ModelEntry(
            CoPurchase(),
            Parameter("confidence_share", \.confidenceShare, try: [0.3, 0.5, 0.9]),
            Parameter("shrinkage", \.shrinkage, try: [2, 30]),
            Parameter("neighbours_max", \.neighboursMax, try: [100, 200]),
            Parameter("support_min", \.supportMin)),
        ModelEntry(
            IALS(),
            Parameter("unobserved_weight", \.foldIn.unobservedWeight, try: [0.01, 0.05, 1]),
            Parameter("regularization", \.foldIn.regularization, try: [0.002, 0.02]),
            Parameter("dimensions", \.dimensions, try: [32, 128]),
            Parameter("epochs", \.epochs),
            Parameter("regularization_exponent", \.foldIn.regularizationExponent)),
        ModelEntry(
            ItemKNN(),
            Parameter("similarity", \.similarity, try: [.conditionalProbability]),
            Parameter("popularity_exponent", \.popularityExponent, try: [0.2, 0.5]),
            Parameter("neighbours_max", \.neighboursMax, try: [50, 200]),
            Parameter("activity_exponent", \.activityExponent, try: [0, 0.75]),
            Parameter("shrinkage", \.shrinkage, try: [0, 50])),
        ModelEntry(
            UserKNN(),
            Parameter("neighbours_max", \.neighboursMax, try: [30, 200]),
            Parameter("amplification", \.amplification, try: [1, 4]),
            Parameter("similarity", \.similarity, try: [.cosine]),
            Parameter("rarity_exponent", \.rarityExponent, try: [0, 1]),
            Parameter("shrinkage", \.shrinkage, try: [10]),
            Parameter("users_max", \.usersMax), Parameter("list_max", \.listMax)),
        ModelEntry(
            EASE(), Parameter("regularization", \.regularization, try: [200, 5_000])),
        ModelEntry(
            SLIM(), Parameter("l2", \.l2, try: [20, 500]), Parameter("l1", \.l1, try: [1])),
        ModelEntry(
            TIFUKNN(),
            Parameter("own_share", \.ownShare, try: [0.3, 0.7]),
            Parameter("groups", \.groups, try: [3, 7]),
            Parameter("neighbours_max", \.neighboursMax, try: [100, 900]),
            Parameter("basket_decay", \.basketDecay, try: [0.8]),
            Parameter("group_decay", \.groupDecay), Parameter("list_max", \.listMax)),
        ModelEntry(
            UPCF(),
            Parameter("locality", \.locality, try: [1, 4]),
            Parameter("recency", \.recency, try: [1, 25]),
            Parameter("asymmetry", \.asymmetry, try: [0.5, 0.75]),
            Parameter("users_max", \.usersMax), Parameter("list_max", \.listMax)),
        ModelEntry(PersonalFrequency(), Parameter("list_max", \.listMax)),
        ModelEntry(Content(), Parameter("neighbours_max", \.neighboursMax, try: [200])),
        ModelEntry(
            Association(),
            Parameter("confidence_min", \.confidenceMin, try: [0.005, 0.1]),
            Parameter("neighbours_max", \.neighboursMax)),
        ModelEntry(
            BPR(),
            Parameter("regularization", \.regularization, try: [0.002, 0.02]),
            Parameter("learning_rate", \.learningRate, try: [0.2]),
            Parameter("dimensions", \.dimensions), Parameter("epochs", \.epochs)),
        ModelEntry(
            WARP(),
            Parameter("regularization", \.regularization, try: [0.001, 0.02]),
            Parameter("learning_rate", \.learningRate), Parameter("dimensions", \.dimensions),
            Parameter("epochs", \.epochs)),
        ModelEntry(
            EALS(),
            Parameter("unobserved_weight", \.unobservedWeight, try: [128, 2_048]),
            Parameter("regularization", \.regularization),
            Parameter("dimensions", \.dimensions), Parameter("epochs", \.epochs)),
        ModelEntry(
            SVDPlusPlus(), predictsRatings: true,
            Parameter("regularization", \.regularization, try: [0.005, 0.08]),
            Parameter("dimensions", \.dimensions), Parameter("epochs", \.epochs)),
        ModelEntry(
            NeuMF(), Parameter("factors", \.factors, try: [16]),
            Parameter("learning_rate", \.learningRate), Parameter("epochs", \.epochs)),
    ]

    package static var names: [String] { all.map(\.name) }

    /// - Throws: ``EvaluationError`` that lists the names where there is no such model.
    package static func entry(_ name: String) throws(EvaluationError) -> ModelEntry {
        guard let entry = all.first(where: { $0.name == name }) else {
            throw EvaluationError(
                "no model is called '\(name)'; there are \(names.joined(separator: ", "))")
        }
        return entry
    }
}
