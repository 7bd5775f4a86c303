internal import Models
internal import RankerTraining

extension ModelRegistry {
    static let rankers: [ModelEntry] = [
        ModelEntry(TwoStageRanker(), parameters: trees + queries),
        ModelEntry(
            LinearRanker(), parameters: queries.map { $0.nested(in: \LinearRanker.stages) }),
    ]

    private static let trees: [Parameter<TwoStageRanker>] = [
        Parameter("trees_max", \.trees.treesMax, "Trees at most.", try: [60, 240]),
        Parameter("leaves_max", \.trees.leavesMax, "Leaves of a tree, 2 to 64.", try: [4, 16]),
        Parameter(
            "learning_rate", \.trees.learningRate, "How far each tree goes.",
            try: [0.05, 0.2]),
        Parameter("leaf_rows_min", \.trees.leafRowsMin, "Rows of a leaf at least."),
        Parameter("trees_l2", \.trees.l2, "The penalty of leaves' squared values."),
        Parameter(
            "truncation", \.trees.truncation,
            "Pairs of candidates that are both below this place are left out."),
    ]

    private static let queries: [Parameter<TwoStageRanker>] =
        [
            Parameter(
                "newest_share", \.newestShare,
                "Of the baskets, the newest share that teaches the second stage.", try: [0.1, 0.3]),
            Parameter("queries_max", \.queriesMax, "Baskets that teach the second stage at most."),
            Parameter(
                "hidden_max", \.hiddenMax,
                "Of a basket, how many of its items are hidden in turn at most."),
            Parameter("negatives", \.negatives, "Other candidates of a query that teach them."),
            Parameter("judging_share", \.judgingShare, "Of the queries, how many judge it."),
            Parameter(
                "next_basket_share", \.nextBasketShare,
                "Of the queries of known shoppers, how many come without a basket."),
            Parameter(
                "partial_share", \.partialShare,
                "Of the other queries, how many come with a part of the basket."),
        ] + slim.map { $0.nested(in: \TwoStageRanker.first, as: "slim_\($0.name)") }
}
