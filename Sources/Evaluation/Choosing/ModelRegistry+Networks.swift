internal import Models

extension ModelRegistry {
    static let networks: [ModelEntry] = [
        ModelEntry(NeuMF(), parameters: neuMF),
        ModelEntry(TwoTower(), parameters: twoTower),
        ModelEntry(WideDeep(), parameters: ranker + retrieval),
    ]

    private static let neuMF: [Parameter<NeuMF>] = [
        Parameter(
            "factors", \.factors, "The length of the vectors that are multiplied.", try: [64]),
        Parameter("regularization", \.regularization, penaltyNote, try: [0.003, 0.03]),
        Parameter("learning_rate", \.learningRate, rateNote),
        Parameter("epochs", \.epochs, epochsNote), Parameter("patience", \.patience, patienceNote),
        Parameter("negatives", \.negatives, "Items drawn for each one that was taken."),
        Parameter("list_max", \.listMax, "The longest list of items."),
        Parameter("tower_0", \.tower[0], "The width of the first layer."),
        Parameter("tower_1", \.tower[1], "The width of the second layer."),
        Parameter("tower_2", \.tower[2], "The width of the third layer."),
    ]

    private static let twoTower: [Parameter<TwoTower>] = [
        Parameter(
            "temperature", \.temperature, "What cosines are divided by; 0 for inner products.",
            try: [0.05, 0.2]),
        Parameter("regularization", \.regularization, penaltyNote, try: [0.01]),
        Parameter(
            "correction", \.correction, "How much popularity is corrected for, 0 to 1.",
            try: [0.5]),
        Parameter("dimensions", \.dimensions, dimensionsNote),
        Parameter("hidden", \.hidden, "The width of the layers; 0 to do without."),
        Parameter("learning_rate", \.learningRate, rateNote),
        Parameter("epochs", \.epochs, epochsNote), Parameter("patience", \.patience, patienceNote),
        Parameter("batch", \.batch, "Pairs at a time, which are each other's negatives."),
        Parameter("history_max", \.historyMax, "The items drawn of a longer history."),
        Parameter("own_vectors", \.ownVectors, "1 gives users vectors of their own."),
    ]

    private static let ranker: [Parameter<WideDeep>] = [
        Parameter(
            "held_out_share", \.heldOutShare, "The part of each row that the network learns from.",
            try: [0.1, 0.3]),
        Parameter("learning_rate", \.learningRate, rateNote, try: [0.01, 0.05]),
        Parameter("cross_l1", \.crossL1, "The penalty of the crosses' weights.", try: [4]),
        Parameter("cross_l2", \.crossL2, "The penalty of the crosses' squared weights."),
        Parameter("cross_rate", \.crossRate, "The size of the crosses' steps."),
        Parameter("epochs", \.epochs, epochsNote), Parameter("patience", \.patience, patienceNote),
        Parameter("negatives", \.negatives, "Items drawn for each one that was held out."),
        Parameter("regularization", \.regularization, penaltyNote),
        Parameter("hidden_0", \.hidden[0], "The width of the first layer."),
        Parameter("hidden_1", \.hidden[1], "The width of the second layer."),
    ]

    /// The first stage's, by names that the network leaves free.
    private static let retrieval: [Parameter<WideDeep>] =
        ials.map { $0.nested(in: \.factors, as: factorNames[$0.name]) }
        + copurchase.map { $0.nested(in: \.complements, as: "\(CoPurchase.name)_\($0.name)") }
        + itemKNN.map { $0.nested(in: \.similar, as: "\(ItemKNN.name)_\($0.name)") }

    private static let factorNames = [
        "epochs": "factors_epochs", "regularization": "factors_regularization",
        "regularization_exponent": "factors_regularization_exponent",
    ]
}
