internal import ModelParts

/// The second stage of a ranker: trees over the features of a block of candidates, or where there is no
/// time for them, or none, a weighted sum.
///
/// The first block holds a share of each source: what the first stage ranks best, what the shopper
/// keeps buying, and what sold best in the last weeks. Where a slate needs more than a block, the
/// next ones hold what the first stage ranks next.
///
/// Scratch of one engine.
final class SecondStage {
    /// The candidates of the first block that come from the first stage's order; the rest are for
    /// habits and trends.
    static let listed = 320
    static let habitual = 128
    static let trendingMax = TreeRanker.stride - listed - habitual

    private let trees: TreeRanker?
    private let linear: LinearStage?
    private let columns: CandidateColumns
    private let trending: [UInt32]
    private let sales: LiveSales?
    private let treeInputs: [CandidateColumns.Input]
    private let linearInputs: [CandidateColumns.Input]
    /// Shape `[F, stride]`.
    private let features: UnsafeMutablePointer<Float>
    private let scores: UnsafeMutablePointer<Float>
    /// What each feature adds to the scores that were split last, shape `[F, stride]`.
    private let shares: UnsafeMutablePointer<Float>
    private let candidates: UnsafeMutableBufferPointer<UInt32>
    private var count = 0
    /// By ordinal, whether it was in a block of this request; cleared by `seen`.
    private let isSeen: UnsafeMutableBufferPointer<Bool>
    private let seen: UnsafeMutablePointer<UInt32>
    private var seenCount = 0
    /// About how long a block takes at its best tier, in nanoseconds.
    let cost: Double

    /// nil where a ranker has no such stage.
    init?(
        _ trees: TreeRanker?, _ linear: LinearStage?, _ columns: CandidateColumns,
        _ trending: [UInt32], _ sales: LiveSales?
    ) {
        guard trees != nil || linear != nil else { return nil }
        self.trees = trees
        self.linear = linear
        self.columns = columns
        self.trending = trending
        self.sales = sales
        treeInputs = (trees?.features ?? []).map(columns.input)
        linearInputs = (linear?.features ?? []).map(columns.input)
        let featureCount = max(treeInputs.count, linearInputs.count)
        // One block for all, aligned as vectors want it.
        let floats = (2 * featureCount + 1) * TreeRanker.stride
        scores = UnsafeMutableRawPointer.allocate(
            byteCount: floats * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: floats)
        scores.initialize(repeating: 0, count: floats)
        features = scores + TreeRanker.stride
        shares = features + featureCount * TreeRanker.stride
        candidates = .allocate(capacity: TreeRanker.stride)
        candidates.initialize(repeating: 0)
        isSeen = .allocate(capacity: columns.itemCount)
        isSeen.initialize(repeating: false)
        seen = .allocate(capacity: columns.itemCount)
        seen.initialize(repeating: 0, count: columns.itemCount)
        cost = CostModel.secondStage(nodes: trees?.nodeCount ?? 0, features: featureCount)
    }

    /// Whether candidates go through this stage at a tier.
    func isUsed(at tier: Tier) -> Bool {
        tier == .full || tier == .linear && linear != nil
    }

    /// Whether its scores are those of the trees.
    private func usesTrees(_ tier: Tier) -> Bool { trees != nil && tier == .full }

    deinit {
        scores.deallocate()
        candidates.deallocate()
        isSeen.deallocate()
        seen.deallocate()
    }

    var room: Int { TreeRanker.stride - count }

    var hasRoom: Bool { count < TreeRanker.stride }

    /// The candidates at hand; valid until they change.
    var block: UnsafeBufferPointer<UInt32> {
        UnsafeBufferPointer(rebasing: candidates[..<count])
    }

    /// Starts a request with the shares of habits and trends in the first block.
    func begin(_ rules: Rules) {
        let (isSeen, seen) = (isSeen, seen)
        for place in 0..<seenCount { isSeen[Int(seen[place])] = false }
        seenCount = 0
        removeAll()
        if let habits = columns.habits {
            for item in habits.items {
                guard count < Self.habitual else { break }
                let ordinal = UInt32(bitPattern: item)
                if rules.allows(ordinal) { appendNew(ordinal) }
            }
        }
        let end = count + Self.trendingMax
        for place in 0..<(sales?.trendingCount ?? trending.count) {
            guard count < end else { break }
            let ordinal = sales?.trending(place) ?? trending[place]
            if rules.allows(ordinal) { appendNew(ordinal) }
        }
    }

    func removeAll() { count = 0 }

    func append(_ ordinal: UInt32) {
        candidates[count] = ordinal
        count += 1
    }

    /// Appends a candidate unless it was in a block of this request.
    func appendNew(_ ordinal: UInt32) {
        if Int(ordinal) < isSeen.count {
            guard !isSeen[Int(ordinal)] else { return }
            isSeen[Int(ordinal)] = true
            seen[seenCount] = ordinal
            seenCount += 1
        }
        append(ordinal)
    }

    /// The scores of the block, in its order; valid until the next call.
    func run(_ tier: Tier) -> UnsafePointer<Float> {
        fill(tier)
        if usesTrees(tier), let trees {
            trees.score(count, inputs: features, into: scores)
        } else if let linear {
            let (scores, features, count) = (scores, features, count)
            for row in 0..<count { scores[row] = linear.bias }
            for (place, weight) in linear.weights.enumerated() {
                let values = features + place * TreeRanker.stride
                for row in 0..<count { scores[row] += weight * values[row] }
            }
        }
        return UnsafePointer(scores)
    }

    /// A feature of the block's candidates, as the last ``run(_:)`` saw it.
    func feature(_ place: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: features + place * TreeRanker.stride, count: count)
    }

    private func fill(_ tier: Tier) {
        let (block, inputs) = (block, usesTrees(tier) ? treeInputs : linearInputs)
        for place in inputs.indices {
            columns.fill(inputs[place], block, into: features + place * TreeRanker.stride)
        }
    }

    /// How the shopper bought an item before; nil where she never did.
    func habit(of ordinal: UInt32) -> Reason.Habit? { columns.habits?.habit(ordinal) }

    /// The score before any feature is looked at.
    func base(_ tier: Tier) -> Float {
        usesTrees(tier) ? trees?.base ?? 0 : linear?.bias ?? 0
    }

    /// The weight that a feature has in a weighted sum; nil where the trees decide.
    func weight(of feature: RankerFeature, _ tier: Tier) -> Float? {
        guard !usesTrees(tier), let linear else { return nil }
        return linear.features.firstIndex(of: feature).map { linear.weights[$0] }
    }

    /// Splits the scores of some items, a block at most, into what each feature adds: with ``base(_:)`` that
    /// is all of a score. ``forEachPart(of:_:_:)`` and ``parts(of:_:)`` tell it then, by the items' places.
    ///
    /// - Complexity: O(trees' nodes x items).
    func split(_ items: ArraySlice<RankedItem>, _ tier: Tier) {
        removeAll()
        for item in items { append(item.ordinal) }
        fill(tier)
        if usesTrees(tier), let trees {
            trees.explain(count, inputs: features, into: shares)
        } else if let linear {
            for (place, weight) in linear.weights.enumerated() {
                let start = place * TreeRanker.stride
                for row in start..<start + count { shares[row] = weight * features[row] }
            }
        }
        removeAll()
    }

    private func splitFeatures(_ tier: Tier) -> [RankerFeature] {
        usesTrees(tier) ? trees?.features ?? [] : linear?.features ?? []
    }

    /// Gives each feature with its value and what it adds to the score of the item at a place.
    func forEachPart(
        of row: Int, _ tier: Tier,
        _ body: (_ feature: RankerFeature, _ value: Float, _ contribution: Float) -> Void
    ) {
        for (place, feature) in splitFeatures(tier).enumerated() {
            let at = place * TreeRanker.stride + row
            body(feature, features[at], shares[at])
        }
    }

    /// What the score of the item at a place is made of: what goes with basket and history, what she bought
    /// before, and what sells.
    func parts(of row: Int, _ tier: Tier) -> (taste: Float, habit: Float, popular: Float) {
        var parts: (taste: Float, habit: Float, popular: Float) = (0, 0, 0)
        for (place, feature) in splitFeatures(tier).enumerated() {
            let contribution = shares[place * TreeRanker.stride + row]
            if feature.isHabit {
                parts.habit += contribution
            } else if feature.isSales {
                parts.popular += contribution
            } else {
                parts.taste += contribution
            }
        }
        return parts
    }
}
