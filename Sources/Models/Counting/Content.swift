internal import Interactions
package import ModelParts

/// Items that are described alike, by TF-IDF; needs a catalog and no event of the items at hand.
///
/// The list of i holds the items with the largest cosine between their vectors of weights, which
/// are those of ``CatalogTerms``.
///
/// Source: Lops, de Gemmis and Semeraro 2011, "Content-based recommender systems:
/// state of the art and trends".
///
/// Common terms are not gone through item by item: an item that shares nothing rarer with i cannot
/// be nearer than those terms together allow, so once enough items are nearer than that, the others
/// are out, and the cosines of what is left are taken one by one. The lists are exact. Source:
/// Turtle and Flood 1995, "Query evaluation: strategies and optimizations", section 4.2 (max-score).
///
/// - Complexity: O(sum of squared n_t) time at worst, and in catalogs whose items have some rare
///   terms little more than that sum over the rare ones; O(I) memory a thread beside the lists.
package struct Content: Recommender {
    package static let name = "content"
    package var learnableRows: [TrainingRows] { [] }

    /// Multiply a term's weight by its field; 0 or more, and one of them positive.
    package var categoryWeight: Float = 1
    package var attributeWeight: Float = 1
    package var titleWeight: Float = 1
    /// A term of a larger share of the items is left out: it says little, and takes the square of
    /// its items to compare. Above 0, at most 1; two items are never too many.
    package var termShareMax: Float = 0.5
    /// The longest list; at least 1.
    package var neighborsMax = 50

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "category_weight": Double(categoryWeight),
            "attribute_weight": Double(attributeWeight), "title_weight": Double(titleWeight),
            "term_share_max": Double(termShareMax), "neighbors_max": Double(neighborsMax),
        ]
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        let fields = CatalogTerms(
            categoryWeight: categoryWeight, attributeWeight: attributeWeight,
            titleWeight: titleWeight, shareMax: termShareMax)
        let vectors = fields.vectors(
            of: data.catalog ?? Catalog(), items: data.interactions.columnCount)
        guard vectors.nonZeroCount > 0 else {
            throw TrainingError(
                "content: no category, attribute or title word that some items have and others "
                    + "do not; it learns from a catalog")
        }
        let index = TermIndex(vectors)
        var steps = TrainingSteps(
            model: Self.name, total: TrainingSteps.listSteps(rows: vectors.rows), context: context)
        var parts = ModelParts(popularity: data.popularity)
        parts.neighbors[.similar] = try steps.makeLists(
            rows: vectors.rows, makeScratch: { TermIndex.Scratch(index) }
        ) { item, scratch in
            index.nearest(to: item, limit: neighborsMax, scratch)
        }
        return parts
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        let weights = [
            ("category_weight", categoryWeight), ("attribute_weight", attributeWeight),
            ("title_weight", titleWeight),
        ]
        for (name, weight) in weights {
            try check.require(weight >= 0 && weight.isFinite, "\(name) must be 0 or more", weight)
        }
        try check.require(
            weights.contains { $0.1 > 0 }, "one field's weight must be positive", 0)
        try check.require(
            termShareMax > 0 && termShareMax <= 1, "term_share_max must be above 0, at most 1",
            termShareMax)
        try check.require(neighborsMax > 0, "neighbors_max must be at least 1", neighborsMax)
    }
}
