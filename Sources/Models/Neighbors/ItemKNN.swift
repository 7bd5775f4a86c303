internal import Interactions
package import ModelParts

/// Item-based nearest neighbors: a user is shown what resembles the items of her history.
///
/// Let n_i be the users who took i, n_ij those who took both, U all of them. By `similarity`, s(j,
/// i) is
///
/// - cosine: n_ij / sqrt(n_i n_j)
/// - Jaccard: n_ij / (n_i + n_j - n_ij)
/// - lift: n_ij U / (n_i n_j)
/// - conditional probability: n_ij / (n_j n_i^alpha), that is P(i | j) against the popularity of i
/// - asymmetric cosine: n_ij / (n_j^(1 - alpha) n_i^alpha); the cosine where alpha is 0.5, and P(i |
///   j) where it is 0
/// - link propagation: n_ij / (d_j^(1 - alpha) d_i^alpha), where d_i counts the users who took i each
///   alike: how much of what starts at j arrives at i by way of users, who pass it on in parts
///
/// where user u counts (h_u / h)^-`activityExponent` times, with h_u the length of her history and
/// h the mean: what somebody with few items takes together says more than what a collector does.
/// Each is multiplied by n_ij / (n_ij + `shrinkage`), since what rests on few users is not to be
/// trusted. A user's score for i is the sum of s(j, i) over those items j of her history that are
/// among the `neighborsMax` most similar to i. (The nearest of i, not of j: the lists of popular
/// items would otherwise hold popular items alone, and lose the others their score.) A pair counts
/// once, whatever its value.
///
/// Source: Sarwar, Karypis, Konstan and Riedl 2001, "Item-based collaborative filtering
/// recommendation algorithms"; Deshpande and Karypis 2004, "Item-based top-N recommendation
/// algorithms", section 4.1 (conditional probability, alpha, lists of k, rows scaled by their
/// length); Aiolli 2013, "Efficient top-N recommendation for very large scale binary rated datasets"
/// (asymmetric cosine); Fu, Poirson, Lee and Wang 2022, "Revisiting neighborhood-based link prediction for
/// collaborative filtering", equation 5 (link propagation); Bell and Koren 2007, "Improved
/// neighborhood-based collaborative filtering" (shrinkage).
///
/// - Complexity: O(sum of squared history lengths) time; O(I) memory a thread beside the lists.
package struct ItemKNN: Recommender {
    package static let name = "item-knn"

    /// Recorded in manifests by number, in this order.
    package enum Similarity: Int, CaseIterable, Sendable {
        case cosine, jaccard, lift, conditionalProbability, asymmetricCosine, linkPropagation
    }

    package var similarity = Similarity.asymmetricCosine
    /// In users; 0 or more.
    package var shrinkage: Float = 10
    /// alpha, 0 to 1, of the conditional probability, the asymmetric cosine and link propagation; the
    /// other similarities have none.
    package var popularityExponent: Float = 0.3
    /// 0 counts every user as one; 0 or more.
    package var activityExponent: Float = 0.5
    /// The items that may lead to one item; at least 1.
    package var neighborsMax = 100
    /// The weights kept of those that lead from one item, the largest by absolute value: what is
    /// served walks them all for each item of a basket. 0 for what suits the rows: 500 for users'
    /// histories, 100 for baskets.
    package var targetsMax = 0

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "similarity": Double(similarity.rawValue), "shrinkage": Double(shrinkage),
            "popularity_exponent": Double(popularityExponent),
            "activity_exponent": Double(activityExponent),
            "neighbors_max": Double(neighborsMax), "targets_max": Double(targetsMax),
        ]
    }

    package func targetsMax(ofBasketRows: Bool) -> Int {
        Self.targetsMax(asked: targetsMax, ofBasketRows: ofBasketRows)
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        guard data.interactions.nonZeroCount > 0 else {
            throw TrainingError("item-knn: no event of a known user; it learns from histories")
        }
        let users = SparseRows(data.interactions)
        let items = SparseRows(data.interactions.transposed())
        let voices = users.voices(
            exponent: activityExponent, weights: data.rowWeights)
        let total = voices.reduce(0, +)
        let counts = items.sums(of: voices)
        let isPropagated = similarity == .linkPropagation
        let scales =
            (isPropagated
            ? items.sums(of: users.voices(exponent: 0, weights: data.rowWeights)) : counts)
            .map(scales)
        var steps = TrainingSteps(
            model: Self.name, total: TrainingSteps.listSteps(rows: items.rows), context: context)
        let sources = try steps.makeLists(
            rows: items.rows, makeScratch: { SparseAccumulator(columns: items.rows) }
        ) { item, together in
            for entry in items.range(item) {
                let user = Int(items.columns[entry])
                together.add(columnsOf: user, in: users, weight: voices[user])
            }
            defer { together.removeAll() }
            let target = counts[item]
            var list: [RankedKey] = []
            list.reserveCapacity(together.count)
            for other in together.entries where Int(other) != item {
                let both = together.values[Int(other)]
                let scale = scales[Int(other)].source * scales[item].target
                let score =
                    switch similarity {
                    case .cosine: both / (counts[Int(other)] * target).squareRoot()
                    case .jaccard: both / (counts[Int(other)] + target - both)
                    case .lift: both * total / (counts[Int(other)] * target)
                    case .conditionalProbability, .asymmetricCosine, .linkPropagation: both / scale
                    }
                list.append(RankedKey(item: other, score: score * both / (both + shrinkage)))
            }
            list.keepFirst(neighborsMax)
            return list
        }
        var parts = ModelParts(popularity: data.popularity)
        parts.itemWeights = sources.transposed(
            columnCount: items.rows, threads: context.threads
        )
        return parts
    }

    /// What an item of this count divides by where it leads to others, and where others lead to it.
    private func scales(count: Float) -> (source: Float, target: Float) {
        let target = power(count, popularityExponent)
        let isConditional = similarity == .conditionalProbability
        return (isConditional ? count : power(count, 1 - popularityExponent), target)
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(
            shrinkage >= 0 && shrinkage.isFinite, "shrinkage must be 0 or more", shrinkage)
        try check.require(
            0...1 ~= popularityExponent, "popularity_exponent must be 0 to 1", popularityExponent)
        try check.require(
            activityExponent >= 0 && activityExponent.isFinite,
            "activity_exponent must be 0 or more", activityExponent)
        try check.require(neighborsMax > 0, "neighbors_max must be at least 1", neighborsMax)
        try check.require(targetsMax >= 0, "targets_max must be 0 or more", targetsMax)
    }
}
