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
            Parameter("shrinkage", \.shrinkage, try: [0, 50]),
            Parameter("popularity_exponent", \.popularityExponent, try: [0.3, 0.7]),
            Parameter("neighbours_max", \.neighboursMax, try: [20, 200])),
        ModelEntry(
            UserKNN(),
            Parameter("neighbours_max", \.neighboursMax, try: [20, 200]),
            Parameter("shrinkage", \.shrinkage, try: [10])),
        ModelEntry(
            EASE(), Parameter("regularization", \.regularization, try: [200, 5_000])),
        ModelEntry(
            SLIM(), Parameter("l2", \.l2, try: [20, 500]), Parameter("l1", \.l1, try: [1])),
        ModelEntry(
            TIFUKNN(),
            Parameter("neighbours_max", \.neighboursMax, try: [100, 900]),
            Parameter("own_share", \.ownShare, try: [0.5, 0.9]),
            Parameter("basket_decay", \.basketDecay), Parameter("group_decay", \.groupDecay)),
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
            Parameter("regularization", \.regularization, try: [0.003, 0.03]),
            Parameter("learning_rate", \.learningRate), Parameter("epochs", \.epochs),
            Parameter("negatives", \.negatives), Parameter("list_max", \.listMax),
            Parameter("tower_0", \.tower[0]), Parameter("tower_1", \.tower[1]),
            Parameter("tower_2", \.tower[2])),
        ModelEntry(
            TwoTower(), Parameter("temperature", \.temperature, try: [0.05, 0.2]),
            Parameter("regularization", \.regularization, try: [0.01]),
            Parameter("correction", \.correction, try: [0.5]),
            Parameter("dimensions", \.dimensions), Parameter("hidden", \.hidden),
            Parameter("learning_rate", \.learningRate), Parameter("epochs", \.epochs),
            Parameter("batch", \.batch), Parameter("history_max", \.historyMax),
            Parameter("own_vectors", \.ownVectors)),
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
