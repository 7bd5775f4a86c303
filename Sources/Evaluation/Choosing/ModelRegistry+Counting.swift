internal import Models

extension ModelRegistry {
    static let counting: [ModelEntry] = [
        ModelEntry(Popularity()),
        ModelEntry(CoPurchase(), parameters: copurchase),
        ModelEntry(Association(), parameters: association),
        ModelEntry(Content(), parameters: content),
        ModelEntry(
            PersonalFrequency(), Parameter("list_max", \.listMax, "The longest list of items.")),
    ]

    static let copurchase: [Parameter<CoPurchase>] = [
        Parameter(
            "confidence_share", \.confidenceShare,
            "alpha, 0 to 1: 1 ranks by P(j | i), 0.5 by the cosine.", try: [0.3, 0.5, 0.9]),
        Parameter(
            "shrinkage", \.shrinkage, "Baskets added to each item's count; holds back rare pairs.",
            try: [2, 30]),
        Parameter(
            "smoothing", \.smoothing,
            "Baskets that hold what is expected of a pair; 0 goes by counts alone.", try: [0, 30]),
        Parameter("neighbors_max", \.neighborsMax, "The longest list.", try: [100, 200]),
        Parameter("support_min", \.supportMin, "The fewest baskets that must hold a pair."),
        Parameter(
            "basket_items_max", \.basketItemsMax, "A basket with more items is left out."),
    ]

    private static let association: [Parameter<Association>] = [
        Parameter(
            "confidence_min", \.confidenceMin, "The least P(j | i) of a rule.",
            try: [0.005, 0.1]),
        Parameter("neighbors_max", \.neighborsMax, "The longest list."),
        Parameter(
            "support_min", \.supportMin, "The smallest share of the baskets that hold a set."),
        Parameter("lift_min", \.liftMin, "Rules at this lift or below are left out."),
        Parameter(
            "significance_max", \.significanceMax,
            "The largest chance that a rule is a coincidence, by Fisher's exact test."),
        Parameter("rule_items_max", \.ruleItemsMax, "The most items of a rule, both sides."),
        Parameter("sets_max", \.setsMax, "The most frequent sets before training is refused."),
    ]

    private static let content: [Parameter<Content>] = [
        Parameter("neighbors_max", \.neighborsMax, "The longest list.", try: [200]),
        Parameter("category_weight", \.categoryWeight, "What a category counts."),
        Parameter("attribute_weight", \.attributeWeight, "What an attribute counts."),
        Parameter("title_weight", \.titleWeight, "What a word of the title counts."),
        Parameter(
            "term_share_max", \.termShareMax, "A term of a larger share of the items is left out."),
    ]
}
