internal import Interactions
package import ModelParts

/// Items that go together: for each item, those that share its baskets more often than chance has
/// it.
///
/// Let n_i be the baskets that hold i, n_ij those that hold both, 0 where fewer than `supportMin` do, N
/// all of them, and q_ij what is expected of both by ``ExpectedPairs``. Items j are ranked by
///
///     score(i -> j) = ((n_ij + e q_ij) / (n_i + s))^alpha x ((n_ij + e q_ij) / (n_j + s))^(1 - alpha)
///
/// which lies in 0...1 and is no probability unless alpha is 1, s and e are 0; P(j | i) itself is the
/// list's confidence. With alpha = 1 it is the confidence P(j | i), shrunk; that alone puts
/// bestsellers on every list, since they are in many baskets whatever else is. The second factor,
/// P(i | j), is small for them: alpha = 1/2 gives the cosine. Which alpha finds most depends on the
/// shop: 0.5 for held-out items of Online Retail's invoices, 0.7 for Instacart's and a Belgian
/// supermarket's baskets; 1 was behind on all three and filled lists with the 50 bestsellers twice
/// as often. The pseudo-count s keeps a pair seen twice in two baskets from beating one seen in
/// half of a thousand, and of those s baskets e hold what is expected: where few baskets say anything,
/// the score is what is expected, and where many do, what they say.
///
/// The list of i holds items j with n_ij > 0 and lift n_ij N / (n_i n_j) > 1. Those with n_ij = 0 follow it,
/// by the same score, where the list has room and count and expectation together are above chance. Their
/// lift and confidence are 0: nothing was counted of them.
///
/// Source: Aiolli 2013, "Efficient top-N recommendation for very large scale binary rated datasets"
/// (the asymmetric cosine); Deshpande and Karypis 2004, "Item-based top-N recommendation
/// algorithms" (conditional probability against popularity); Brin, Motwani, Ullman and Tsur 1997
/// for lift (their interest).
///
/// - Complexity: O(sum of squared basket sizes + I^2 x 32) time; O(I) memory a thread beside the lists and
///   128 bytes an item and a basket.
package struct CoPurchase: Recommender {
    package static let name = "copurchase"
    package var learnableRows: [TrainingRows] { [] }

    /// The longest list; at least 1.
    package var neighborsMax = 50
    /// s, in baskets; 0 or more.
    package var shrinkage: Float = 10
    /// e, in baskets; 0 or more, and with 0 lists hold nothing but what was counted.
    package var smoothing: Float = 10
    /// alpha; 0 to 1.
    package var confidenceShare: Float = 0.5
    /// The fewest baskets that must hold a pair; at least 1.
    package var supportMin = 2
    /// A basket with more items is left out altogether: an order for a warehouse says little about
    /// pairs, and takes the square of its size to count.
    package var basketItemsMax = 200

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "neighbors_max": Double(neighborsMax), "shrinkage": Double(shrinkage),
            "smoothing": Double(smoothing), "confidence_share": Double(confidenceShare),
            "support_min": Double(supportMin),
            "basket_items_max": Double(basketItemsMax),
        ]
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        guard let all = data.baskets else {
            throw TrainingError("copurchase: no baskets; it learns from what is bought together")
        }
        let isCounted = (0..<all.rows).map { (1...basketItemsMax).contains(all.row($0).count) }
        let baskets = all.filteringRows { (1...basketItemsMax).contains($0.count) }
        let weights = data.basketWeights.map { all in
            isCounted.indices.filter { isCounted[$0] }.map { all[$0] }
        }
        guard baskets.rows > 0 else {
            throw TrainingError("copurchase: no basket of 1 to \(basketItemsMax) items")
        }
        var parts = ModelParts(popularity: data.popularity)
        var expected: ExpectedPairs?
        if smoothing > 0 {
            expected = try ExpectedPairs(
                baskets: baskets, weights: weights, histories: data.interactions,
                context: context)
        }
        parts.neighbors[.complement] = try lists(
            baskets: baskets, weights.map(BasketUnits.init), expected, context: context)
        return parts
    }

    private func lists(
        baskets: SparseMatrix, _ weights: BasketUnits?, _ expected: ExpectedPairs?,
        context: TrainingContext
    ) throws(TrainingError) -> NeighborLists {
        let holders = baskets.transposed()
        let itemCount = baskets.columnCount
        let rows = UnsafeMutableBufferPointer<[Neighbor]>.allocate(capacity: itemCount)
        let counts = UnsafeMutablePointer<Int32>.allocate(capacity: context.threads * itemCount)
        rows.initialize(repeating: [])
        counts.initialize(repeating: 0, count: context.threads * itemCount)
        defer {
            rows.deinitialize().deallocate()
            counts.deallocate()
        }
        nonisolated(unsafe) let (row, count) = (rows, counts)
        let shop = Shop(holders: holders, weights, expected, model: self)
        let promising = try shop.promising(model: self, context: context)
        let steps = min(32, itemCount)
        for step in 0..<steps {
            guard !context.isCancelled() else {
                throw TrainingError("copurchase: training was cancelled")
            }
            let (first, end) = (itemCount * step / steps, itemCount * (step + 1) / steps)
            parallelFor(count: end - first, chunk: 16, threads: context.threads) { worker, range in
                // All zero between items.
                let together = count + worker * itemCount
                var partners: [Int32] = []
                var keys: [RankedKey] = []
                for item in first + range.lowerBound..<first + range.upperBound {
                    for holder in holders.row(item) {
                        let basket = Int(holders.columns[holder])
                        let weight = weights?.units[basket] ?? 1
                        guard weight > 0 else { continue }
                        for entry in baskets.row(basket) {
                            let other = baskets.columns[entry]
                            if together[Int(other)] == 0 { partners.append(other) }
                            together[Int(other)] += weight
                        }
                    }
                    row[item] = strongest(
                        of: partners, and: promising?[item] ?? [], for: item, together: together,
                        in: shop, keys: &keys)
                    for other in partners { together[Int(other)] = 0 }
                    partners.removeAll(keepingCapacity: true)
                }
            }
            context.report(
                TrainingProgress(model: Self.name, step: step + 1, steps: steps, loss: nil))
        }
        return NeighborLists(rows: rows)
    }

    /// How many baskets hold each item, and what that does to its scores.
    private struct Shop: Sendable {
        let baskets: Int
        /// How many units a basket counts: 1, or where they age more, so that counts stay whole.
        let unit: Float
        /// n_i, in units.
        let counts: [Int]
        /// (n_i + s)^-alpha, and (n_i + s)^(alpha - 1): their product with n_ij is the score.
        let forward: [Float]
        let backward: [Float]
        let expected: ExpectedPairs?

        init(
            holders: SparseMatrix, _ weights: BasketUnits?, _ expected: ExpectedPairs?,
            model: CoPurchase
        ) {
            self.expected = expected
            baskets = weights?.total ?? holders.columnCount
            unit = Float(weights?.whole ?? 1)
            counts = (0..<holders.rows).map { item in
                guard let weights else { return holders.row(item).count }
                return holders.row(item).reduce(0) {
                    $0 + Int(weights.units[Int(holders.columns[$1])])
                }
            }
            // What is in no basket is no partner either.
            let sums = counts.map { [unit] in max(1, Float($0) / unit) + model.shrinkage }
            forward = sums.map { power($0, -model.confidenceShare) }
            backward = sums.map { power($0, model.confidenceShare - 1) }
        }

        /// By item, those that would be first if nothing had been counted, with their scores.
        func promising(model: CoPurchase, context: TrainingContext) throws(TrainingError)
            -> [[RankedKey]]?
        {
            guard let expected else { return nil }
            // The lists themselves tell how far training is.
            var context = context
            context.report = { _ in }
            return try VectorSearch(model: CoPurchase.name, limit: model.neighborsMax).lists(
                from: expected.vectors.scalingRows { model.smoothing * forward[$0] },
                to: expected.vectors.scalingRows { backward[$0] }, context: context)
        }

        /// Whether two items are together more than by chance, as counted and as expected.
        func isAboveChance(_ a: Int, _ b: Int, together: Float, smoothing: Float) -> Bool {
            guard let expected else { return false }
            let counted = Float(counts[a]) * Float(counts[b]) / (Float(baskets) * unit)
            return together / unit - counted
                + smoothing * (expected.strength(a, b) - expected.chance(a, b)) > 0
        }
    }

    /// The best partners of one item, strongest first and by number among equals.
    ///
    /// - Parameters:
    ///   - partners: those that a basket holds with it.
    ///   - promising: what ``Shop/promising(model:context:)`` says of it.
    ///   - keys: scratch.
    private func strongest(
        of partners: [Int32], and promising: [RankedKey], for item: Int,
        together: UnsafePointer<Int32>, in shop: Shop, keys: inout [RankedKey]
    ) -> [Neighbor] {
        keys.removeAll(keepingCapacity: true)
        let own = shop.counts[item]
        let least = Int32(clamping: Int(Float(supportMin) * shop.unit))
        for other in partners where Int(other) != item && together[Int(other)] >= least {
            let both = Int(together[Int(other)])
            // In whole numbers: by division two independent items may come out above 1, and that one
            // way alone.
            guard
                both * shop.baskets > own * shop.counts[Int(other)]
            else { continue }
            let expected = shop.expected.map { smoothing * $0.strength(item, Int(other)) } ?? 0
            let score =
                (Float(both) / shop.unit + expected) * shop.forward[item]
                * shop.backward[Int(other)]
            keys.append(RankedKey(item: other, score: min(1, score)))
        }
        for key in promising where together[Int(key.item)] < least {
            let other = Int(key.item)
            guard
                shop.isAboveChance(
                    item, other, together: Float(together[other]), smoothing: smoothing)
            else { continue }
            keys.append(key)
        }
        keys.keepFirst(neighborsMax)
        return keys.map { key in
            let both = Float(together[Int(key.item)])
            guard together[Int(key.item)] >= least else {
                return Neighbor(item: key.item, score: key.score, lift: 0, confidence: 0)
            }
            return Neighbor(
                item: key.item, score: key.score,
                lift: lift(both, Float(own), Float(shop.counts[Int(key.item)]), shop),
                confidence: both / Float(own))
        }
    }

    private func lift(_ both: Float, _ own: Float, _ others: Float, _ shop: Shop) -> Float {
        both / own * (Float(shop.baskets) / others)
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(neighborsMax > 0, "neighbors_max must be at least 1", neighborsMax)
        try check.require(supportMin > 0, "support_min must be at least 1", supportMin)
        try check.require(basketItemsMax > 0, "basket_items_max must be at least 1", basketItemsMax)
        try check.require(
            shrinkage >= 0 && shrinkage.isFinite, "shrinkage must be 0 or more", shrinkage)
        try check.require(
            smoothing >= 0 && smoothing.isFinite, "smoothing must be 0 or more", smoothing)
        try check.require(
            0...1 ~= confidenceShare, "confidence_share must be 0 to 1", confidenceShare)
    }
}

/// What baskets count for their age in whole units, so that counts of them stay exact and can be
/// compared without rounding.
struct BasketUnits: Sendable {
    /// Of a basket of full weight; one of less than half a unit no longer counts.
    let whole = 64
    /// By basket.
    let units: [Int32]
    let total: Int

    init(weights: [Float]) {
        units = weights.map { [whole] in Int32(($0 * Float(whole)).rounded()) }
        total = units.reduce(0) { $0 + Int($1) }
    }
}

extension Matrix {
    fileprivate func scalingRows(_ scale: (Int) -> Float) -> Matrix {
        var scaled = self
        for row in 0..<rows {
            let factor = scale(row)
            for place in row * columns..<(row + 1) * columns { scaled.values[place] *= factor }
        }
        return scaled
    }
}

extension SparseMatrix {
    /// The rows whose range of entries satisfies the condition, renumbered.
    func filteringRows(_ isIncluded: (Range<Int>) -> Bool) -> SparseMatrix {
        var offsets = [0]
        var columns: [Int32] = []
        var values: [Float] = []
        for row in 0..<rows where isIncluded(self.row(row)) {
            columns.append(contentsOf: self.columns[self.row(row)])
            values.append(contentsOf: self.values[self.row(row)])
            offsets.append(columns.count)
        }
        return SparseMatrix(
            rows: offsets.count - 1, columnCount: columnCount, rowOffsets: offsets,
            columns: columns, values: values)
    }
}
