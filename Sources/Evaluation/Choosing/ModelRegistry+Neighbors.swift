internal import Models

extension ModelRegistry {
    static let neighbors: [ModelEntry] = [
        ModelEntry(ItemKNN(), parameters: itemKNN),
        ModelEntry(UserKNN(), parameters: userKNN),
        ModelEntry(EASE(), parameters: ease),
        ModelEntry(SLIM(), parameters: slim),
    ]

    static let itemKNN: [Parameter<ItemKNN>] = [
        Parameter(
            "similarity", \.similarity, "What makes two items alike.",
            try: [.conditionalProbability]),
        Parameter(
            "popularity_exponent", \.popularityExponent,
            "alpha, 0 to 1: the larger, the more popular items are held back.", try: [0.2, 0.5]),
        Parameter(
            "neighbors_max", \.neighborsMax, "The items that may lead to one item.",
            try: [50, 200]),
        Parameter(
            "activity_exponent", \.activityExponent,
            "How much less a row counts the longer it is; 0 for not at all.", try: [0, 0.75]),
        Parameter(
            "shrinkage", \.shrinkage, "In rows; holds back what rests on few of them.",
            try: [0, 50]),
        Parameter("targets_max", \.targetsMax, targetsNote),
    ]

    private static let userKNN: [Parameter<UserKNN>] = [
        Parameter(
            "neighbors_max", \.neighborsMax, "The users who speak for one item.", try: [30, 200]),
        Parameter(
            "amplification", \.amplification, "Above 1, the nearest users count for more.",
            try: [1, 4]),
        Parameter("similarity", \.similarity, "What makes two users alike.", try: [.cosine]),
        Parameter(
            "rarity_exponent", \.rarityExponent,
            "How much more items count that few took; 0 for not at all.", try: [0, 1]),
        Parameter(
            "shrinkage", \.shrinkage, "Holds back similarities that rest on few items.",
            try: [10]),
        Parameter("users_max", \.usersMax, "The users who speak at all."),
        Parameter("list_max", \.listMax, "The longest list of items."),
    ]

    private static let ease: [Parameter<EASE>] = [
        Parameter(
            "regularization", \.regularization,
            "lambda, the penalty of squared weights; 0 sets it by what rows are.",
            try: [200, 1_200, 5_000]),
        Parameter("weights_max", \.weightsMax, "The weights kept that lead to one item."),
        Parameter("targets_max", \.targetsMax, targetsNote),
        Parameter(
            "memory_bytes_max", \.memoryBytesMax, "The most bytes that the matrix may take."),
    ]

    static let slim: [Parameter<SLIM>] = [
        Parameter(
            "l2", \.l2, "The penalty of squared weights; 0 sets it by what rows are.",
            try: [30, 300]),
        Parameter("l1", \.l1, "The penalty of weights.", try: [0, 2]),
        Parameter(
            "l2_exponent", \.l2Exponent,
            "How far l2 grows with how often an item was taken, 0 to 1.", try: [0, 0.8]),
        Parameter(
            "popularity_exponent", \.popularityExponent,
            "How much less popular items are shown, 0 to 1.", try: [0.1, 0.25]),
        Parameter(
            "activity_exponent", \.activityExponent,
            "How much less a row counts the longer it is; 0 for not at all.", try: [0, 0.6]),
        Parameter("candidates_max", \.candidatesMax, "The items that may lead to one item."),
        Parameter("targets_max", \.targetsMax, targetsNote),
        Parameter("non_negative", \.isNonNegative, "Whether weights are never below 0."),
        Parameter("sweeps_max", \.sweepsMax, "The most rounds over an item's weights."),
        Parameter("tolerance", \.tolerance, "Ends once no weight changes by more."),
    ]

    private static let targetsNote =
        "The weights kept that lead from one item; 0 sets it by what rows are."
}

extension ModelRegistry {
    static let nextBasket: [ModelEntry] = [
        ModelEntry(
            TIFUKNN(),
            Parameter(
                "own_share", \.ownShare, "What a user's own habits weigh, 0 to 1.",
                try: [0.3, 0.7]),
            Parameter(
                "groups", \.groups, "The parts that a user's baskets are split into.",
                try: [3, 7]),
            Parameter(
                "neighbors_max", \.neighborsMax, "The users like her who count.",
                try: [100, 900]),
            Parameter(
                "basket_decay", \.basketDecay,
                "What a basket weighs against the next of its group.",
                try: [0.8]),
            Parameter("group_decay", \.groupDecay, "What a group weighs against the next."),
            Parameter("list_max", \.listMax, "The longest list of items.")),
        ModelEntry(
            UPCF(),
            Parameter(
                "locality", \.locality, "The higher, the less users count who are not much alike.",
                try: [1, 4]),
            Parameter("recency", \.recency, "The newest baskets that count.", try: [1, 25]),
            Parameter(
                "asymmetry", \.asymmetry, "Whose number of items similarity is divided by, 0 to 1.",
                try: [0.5, 0.75]),
            Parameter("users_max", \.usersMax, "The users like her who count."),
            Parameter("list_max", \.listMax, "The longest list of items.")),
    ]
}
