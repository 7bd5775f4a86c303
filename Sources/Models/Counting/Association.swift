package import Interactions
package import ModelParts

/// Who buys these items also buys that one.
package struct AssociationRule: Sendable {
    /// Ascending, at least one.
    package var antecedent: [Int32]
    package var consequent: Int32
    /// The baskets that hold antecedent and consequent.
    package var support: Int
    /// P(consequent | antecedent).
    package var confidence: Double
    /// confidence / P(consequent).
    package var lift: Double
    /// (1 - P(consequent)) / (1 - confidence); infinite where the rule never fails.
    package var conviction: Double
    /// The chance of at least this support if both sides were independent, by Fisher's exact test.
    package var significance: Double
}

/// Association rules: what baskets with some items hold more often than others, and not by chance.
///
/// Frequent sets come from FP-growth; each set gives one rule for each of its items as consequent.
/// A served model is the rules from one item, as complements ranked by confidence.
///
/// Source: Agrawal and Srikant 1994, "Fast algorithms for mining association rules" (rules,
/// confidence); Brin, Motwani, Ullman and Tsur 1997, "Dynamic itemset counting and implication
/// rules for market basket data" (lift, conviction); Webb 2007, "Discovering significant patterns"
/// (Fisher's exact test).
///
/// - Complexity: grows with the number of frequent sets, which `setsMax` bounds.
package struct Association: Recommender {
    package static let name = "association"
    package var learnableRows: [TrainingRows] { [] }

    /// The smallest share of the baskets that hold a set; above 0, at most 1. Two baskets are
    /// always needed.
    package var supportMin = 0.0005
    /// 0 to 1.
    package var confidenceMin = 0.02
    /// 0 or more; rules at it or below are left out.
    package var liftMin = 1.0
    /// Above 0, at most 1.
    package var significanceMax = 0.01
    /// The most items of a rule, both sides together; at least 2. A served model has no use for
    /// more.
    package var ruleItemsMax = 2
    /// The most frequent sets; beyond it training is refused.
    package var setsMax = 2_000_000
    /// The longest list; at least 1.
    package var neighborsMax = 50

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "support_min": supportMin, "confidence_min": confidenceMin, "lift_min": liftMin,
            "significance_max": significanceMax, "rule_items_max": Double(ruleItemsMax),
            "sets_max": Double(setsMax), "neighbors_max": Double(neighborsMax),
        ]
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        guard let baskets = data.baskets, baskets.nonZeroCount > 0 else {
            throw TrainingError("association: no baskets; it learns from what is bought together")
        }
        var lists = Array(repeating: [Neighbor](), count: baskets.columnCount)
        let weights = data.basketWeights.map(BasketUnits.init)
        for rule in try rules(in: baskets, weights, with: context) where rule.antecedent.count == 1
        {
            lists[Int(rule.antecedent[0])].append(
                Neighbor(
                    item: rule.consequent, score: Float(rule.confidence), lift: Float(rule.lift),
                    confidence: Float(rule.confidence)))
        }
        for item in lists.indices {
            lists[item].sort { ($1.score, $0.item) < ($0.score, $1.item) }
            lists[item].removeLast(max(0, lists[item].count - neighborsMax))
        }
        var parts = ModelParts(popularity: data.popularity)
        parts.neighbors[.complement] = lists.withUnsafeMutableBufferPointer {
            NeighborLists(rows: $0)
        }
        return parts
    }

    /// The sets that enough baskets hold, by their rarest item, most frequent first.
    ///
    /// - Throws: ``TrainingError`` where there are more than `setsMax`, or training was cancelled.
    package func frequentSets(in baskets: SparseMatrix, with context: TrainingContext)
        throws(TrainingError) -> [FrequentSet]
    {
        try frequentSets(in: baskets, nil, with: context)
    }

    /// - Returns: sets whose support is in units, where baskets have some.
    private func frequentSets(
        in baskets: SparseMatrix, _ weights: BasketUnits?, with context: TrainingContext
    ) throws(TrainingError) -> [FrequentSet] {
        try validate()
        // .28 of 25 baskets are 7, whatever the product of two floating-point numbers says.
        let unit = weights?.whole ?? 1
        let share = supportMin * Double(weights?.total ?? baskets.rows)
        let isWhole = abs(share - share.rounded()) < 1e-9 * share
        let support = max(2 * unit, Int(isWhole ? share.rounded() : share.rounded(.up)))
        let growth = FPGrowth(
            baskets: baskets, units: weights?.units, supportMin: support, itemsMax: ruleItemsMax)
        let ranks = growth.frequentItems
        let rows = UnsafeMutableBufferPointer<[FrequentSet]>.allocate(capacity: ranks)
        rows.initialize(repeating: [])
        defer { rows.deinitialize().deallocate() }
        nonisolated(unsafe) let row = rows
        var steps = TrainingSteps(
            model: Self.name, total: max(1, TrainingSteps.listSteps(rows: ranks)),
            context: context)
        var sets: [FrequentSet] = []
        let count = max(1, TrainingSteps.listSteps(rows: ranks))
        for step in 0..<count {
            try steps.check()
            let (first, end) = (ranks * step / count, ranks * (step + 1) / count)
            let limit = setsMax - sets.count
            parallelFor(count: end - first, chunk: 1, threads: context.threads) { _, range in
                for rank in range {
                    row[first + rank] = growth.sets(endingIn: first + rank, limit: limit)
                }
            }
            for rank in first..<end {
                sets += rows[rank]
                rows[rank] = []
            }
            guard sets.count <= setsMax else {
                throw TrainingError(
                    "association: more than \(setsMax) sets are in \(support) of "
                        + "\(baskets.rows) baskets; raise support_min, now \(supportMin)")
            }
            steps.finish()
        }
        return sets
    }

    /// The rules that pass all bounds, in the order of their sets and then of the consequent.
    package func rules(in baskets: SparseMatrix, with context: TrainingContext)
        throws(TrainingError) -> [AssociationRule]
    {
        try rules(in: baskets, nil, with: context)
    }

    private func rules(
        in baskets: SparseMatrix, _ weights: BasketUnits?, with context: TrainingContext
    ) throws(TrainingError) -> [AssociationRule] {
        let sets = try frequentSets(in: baskets, weights, with: context)
        var supports: [[Int32]: Int] = [:]
        for set in sets { supports[set.items] = set.support }
        let test = FisherTest(
            total: weights?.total ?? baskets.rows, unit: weights?.whole ?? 1)
        var rules: [AssociationRule] = []
        for set in sets where set.items.count > 1 {
            for consequent in set.items {
                let antecedent = set.items.filter { $0 != consequent }
                // Part of a frequent set is frequent too.
                let rule = rule(
                    antecedent, consequent, both: set.support, left: supports[antecedent]!,
                    right: supports[[consequent]]!, test: test)
                if let rule { rules.append(rule) }
            }
        }
        return rules
    }

    private func rule(
        _ antecedent: [Int32], _ consequent: Int32, both: Int, left: Int, right: Int,
        test: FisherTest
    ) -> AssociationRule? {
        let confidence = Double(both) / Double(left)
        let share = Double(right) / Double(test.total)
        let lift = confidence / share
        // Whether there is any lift is asked in whole numbers, so that independent items have none.
        guard confidence >= confidenceMin, lift > liftMin,
            liftMin != 1 || both * test.total > left * right
        else { return nil }
        let significance = test.chance(both: both, left: left, right: right)
        guard significance <= significanceMax else { return nil }
        return AssociationRule(
            antecedent: antecedent, consequent: consequent, support: both,
            confidence: confidence, lift: lift,
            conviction: both == left ? .infinity : (1 - share) / (1 - confidence),
            significance: significance)
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(
            supportMin > 0 && supportMin <= 1, "support_min must be above 0, at most 1", supportMin)
        try check.require(0...1 ~= confidenceMin, "confidence_min must be 0 to 1", confidenceMin)
        try check.require(
            liftMin >= 0 && liftMin.isFinite, "lift_min must be 0 or more", liftMin)
        try check.require(
            significanceMax > 0 && significanceMax <= 1,
            "significance_max must be above 0, at most 1", significanceMax)
        try check.require(ruleItemsMax >= 2, "rule_items_max must be at least 2", ruleItemsMax)
        try check.require(setsMax > 0, "sets_max must be at least 1", setsMax)
        try check.require(neighborsMax > 0, "neighbors_max must be at least 1", neighborsMax)
    }
}

/// One-sided: the chance that of `total` baskets, `left` with one thing and `right` with another,
/// drawn at random, at least `both` have the two.
private struct FisherTest: Sendable {
    /// In units, as all counts that are asked about.
    let total: Int
    private let unit: Int
    /// ln n!, shape `[baskets + 1]`.
    private let logFactorials: [Double]

    init(total: Int, unit: Int) {
        (self.total, self.unit) = (total, unit)
        var sums = [0.0]
        for n in 0..<total / unit + 1 { sums.append(sums[n] + logarithm(Double(n + 1))) }
        logFactorials = sums
    }

    func chance(both: Int, left: Int, right: Int) -> Double {
        // Whole baskets, so that what ages is no more certain than as many new ones would be.
        let total = total / unit
        let (left, right) = (min(total, left / unit), min(total, right / unit))
        let both = min(left, right, both / unit)
        guard left + right - both <= total else { return 1 }
        let f = logFactorials
        let outer =
            f[left] + f[total - left] + f[right] + f[total - right] - f[total]
        var term = exponential(
            outer - f[both] - f[left - both] - f[right - both] - f[total - left - right + both])
        var sum = term
        // Each term follows from the last; past the expected value they only fall.
        for k in both..<min(left, right) {
            term *= Double(left - k) * Double(right - k)
            term /= Double(k + 1) * Double(total - left - right + k + 1)
            sum += term
            if term < sum * 1e-12, (k + 1) * total > left * right { break }
        }
        return min(1, sum)
    }
}
