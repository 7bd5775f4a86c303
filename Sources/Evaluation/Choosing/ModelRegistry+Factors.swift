internal import Models

extension ModelRegistry {
    static let factors: [ModelEntry] = [
        ModelEntry(IALS(), parameters: ials),
        ModelEntry(EALS(), parameters: eals),
        ModelEntry(GraphFilter(), parameters: graphFilter),
        ModelEntry(BPR(), parameters: bpr),
        ModelEntry(WARP(), parameters: warp),
        ModelEntry(SVDPlusPlus(), predictsRatings: true, parameters: svdPlusPlus),
    ]

    static let ials: [Parameter<IALS>] = [
        Parameter(
            "unobserved_weight", \.foldIn.unobservedWeight,
            "alpha0, what a pair weighs that was not observed; 0 sets it by the data.",
            try: [0.01, 0.05, 1]),
        Parameter(
            "regularization", \.foldIn.regularization, "lambda, the penalty of squared vectors.",
            try: [0.002, 0.02]),
        Parameter("dimensions", \.dimensions, dimensionsNote, try: [32, 128]),
        // Stopping early is a regularization of its own where many factors meet few events.
        Parameter("epochs", \.epochs, "How often both sides are solved.", try: [6]),
        Parameter("block", \.block, "Dimensions solved at a time, a multiple of 16; 0 for all."),
        Parameter(
            "regularization_exponent", \.foldIn.regularizationExponent,
            "nu, how far lambda grows with the length of a history, 0 to 1."),
        Parameter("initial_deviation", \.initialDeviation, deviationNote),
    ]

    private static let eals: [Parameter<EALS>] = [
        Parameter(
            "unobserved_weight", \.unobservedWeight,
            "What all the pairs of a user weigh that were not observed.", try: [128, 2_048]),
        Parameter("regularization", \.regularization, penaltyNote, try: [3]),
        Parameter(
            "popularity_exponent", \.popularityExponent,
            "How far that weight goes by popularity.", try: [0]),
        Parameter("dimensions", \.dimensions, dimensionsNote),
        Parameter("epochs", \.epochs, epochsNote),
        Parameter("initial_deviation", \.initialDeviation, deviationNote),
    ]

    private static let graphFilter: [Parameter<GraphFilter>] = [
        Parameter("dimensions", \.dimensions, dimensionsNote, try: [64, 1_024]),
        Parameter(
            "popularity_exponent", \.popularityExponent,
            "How far popular items are put first, 0 to 1.", try: [0, 0.25]),
        Parameter("iterations", \.iterations, "How often the space of vectors is multiplied."),
    ]

    private static let bpr: [Parameter<BPR>] = [
        Parameter("regularization", \.regularization, penaltyNote, try: [0.002, 0.02]),
        Parameter("learning_rate", \.learningRate, rateNote, try: [0.2]),
        Parameter("dimensions", \.dimensions, dimensionsNote),
        Parameter("epochs", \.epochs, epochsNote),
        Parameter("patience", \.patience, patienceNote),
        Parameter(
            "draws_by_popularity", \.drawsByPopularity,
            "Whether items that were not taken are drawn by popularity."),
        Parameter("initial_deviation", \.initialDeviation, deviationNote),
    ]

    private static let warp: [Parameter<WARP>] = [
        Parameter("regularization", \.regularization, penaltyNote, try: [0.001, 0.02]),
        Parameter("learning_rate", \.learningRate, rateNote),
        Parameter("dimensions", \.dimensions, dimensionsNote),
        Parameter("epochs", \.epochs, epochsNote),
        Parameter("patience", \.patience, patienceNote),
        Parameter("draws_max", \.drawsMax, "Items drawn in search of one that ranks too high."),
        Parameter("initial_deviation", \.initialDeviation, deviationNote),
    ]

    private static let svdPlusPlus: [Parameter<SVDPlusPlus>] = [
        Parameter("regularization", \.regularization, penaltyNote, try: [0.005, 0.08]),
        Parameter("dimensions", \.dimensions, dimensionsNote),
        Parameter("epochs", \.epochs, epochsNote),
        Parameter("patience", \.patience, patienceNote),
        Parameter("learning_rate", \.learningRate, rateNote),
        Parameter("initial_deviation", \.initialDeviation, deviationNote),
    ]

    static let dimensionsNote = "The length of the vectors."
    static let epochsNote = "How often the data is gone through."
    static let patienceNote = "Epochs without a better ranking before training ends; 0 for never."
    static let rateNote = "The size of the first epoch's steps."
    static let penaltyNote = "The penalty of squared parameters."
    private static let deviationNote = "How far the first vectors are from 0."
}
