internal import ModelParts

/// Scores candidates by their columns: the network's wide part, its deep part or a second stage for the
/// best of them, and the rungs of the ladder below.
///
/// Its variables are used by one thread and never by two accesses at once; that is not checked as the
/// program runs, which would take some of a small call.
final class CandidateRanker {
    @exclusivity(unchecked) private(set) var network: RankerNetwork
    /// What the best by the first stage go through; nil where the network is all.
    let second: SecondStage?
    /// Whether a score is the inner product and nothing else.
    @exclusivity(unchecked) private(set) var isProductAlone: Bool
    private let columns: CandidateColumns
    private let items: ItemTable
    private let lookUp: ItemLookUp
    @exclusivity(unchecked) private var scratch: RankerScratch
    @exclusivity(unchecked) private var inputs: [CandidateColumns.Input]
    /// The features of one candidate, shape `[F]`.
    private let features: UnsafeMutablePointer<Float>
    /// The feature that ranks where there is no time for vectors: complements, or where the model
    /// has none what is similar.
    let standIn: RankerFeature
    private let standInColumn: Int?
    @exclusivity(unchecked) private var shortlist = RankedOrder()
    /// What went through the second stage last, and its scores.
    @exclusivity(unchecked) private var block: [UInt32] = []
    @exclusivity(unchecked) private var blockScores: [Float] = []

    init(
        _ network: RankerNetwork, _ second: SecondStage?, _ columns: CandidateColumns,
        _ items: ItemTable, _ lookUp: ItemLookUp
    ) {
        self.network = network
        self.second = second
        isProductAlone = network.isProductAlone
        self.columns = columns
        self.items = items
        self.lookUp = lookUp
        scratch = RankerScratch(network)
        inputs = network.parts.features.map(columns.input)
        features = .allocate(capacity: RankerFeature.allCases.count)
        standIn = columns.column(of: .complement) == nil ? .similar : .complement
        standInColumn = columns.column(of: standIn)
        shortlist.reserve(RankerNetwork.blockMax)
        block.reserveCapacity(max(RankerNetwork.blockMax, TreeRanker.stride))
        blockScores.reserveCapacity(max(RankerNetwork.blockMax, TreeRanker.stride))
    }

    deinit { features.deallocate() }

    /// Ranks by another network over the same columns from now on.
    func use(_ other: RankerNetwork) {
        network = other
        isProductAlone = other.isProductAlone
        scratch = RankerScratch(other)
        inputs = other.parts.features.map(columns.input)
    }

    /// A candidate's score by the first stage: without the deep part, or the second stage.
    func score(_ ordinal: UInt32, _ tier: Tier) -> Float {
        switch tier {
        case .full, .linear:
            fill(features, ordinal)
            return network.wide(features)
        case .neighbors: return standInColumn.map { columns.value(inColumn: $0, ordinal) } ?? 0
        case .popular: return items.share(of: ordinal)
        }
    }

    private func fill(_ features: UnsafeMutablePointer<Float>, _ ordinal: UInt32) {
        for place in inputs.indices { features[place] = columns.value(of: inputs[place], ordinal) }
    }

    /// Appends the candidates from a position on that the rules allow to an order.
    func append(
        from position: Int, to order: inout RankedOrder, _ rules: Rules, _ tier: Tier
    ) {
        let scores =
            switch tier {
            case .full, .linear:
                columns.sums(
                    from: position, inputs, network.parts.wide, bias: network.parts.bias)
            case .neighbors:
                columns.sums(from: position, [columns.input(of: standIn)], [1], bias: 0)
            case .popular: columns.sums(from: position, [], [], bias: 0)
            }
        let (candidates, quick, boosts) = (columns.all, rules.quickCheck, rules.boosts)
        items.salesRank.withUnsafeBufferPointer { ranks in
            for place in position..<candidates.count {
                let ordinal = candidates[place]
                if !quick.allows(ordinal), let rule = rules.verdict(ordinal) {
                    rules.count(rule)
                    continue
                }
                var score = tier == .popular ? items.share(of: ordinal) : scores[place]
                if boosts.isActive { score = boosts.adjusted(score, of: ordinal, isLogOdds: false) }
                order.append(
                    score,
                    tieBreaker: Int(ordinal) < ranks.count ? ranks[Int(ordinal)] : ordinal)
            }
        }
    }

    /// Whether candidates go through the second stage.
    func usesSecond(_ tier: Tier) -> Bool { second?.isUsed(at: tier) ?? false }

    /// What a caller sees of what candidates are ranked by: of a second stage the probability.
    func shown(_ score: Float, _ tier: Tier) -> Float {
        usesSecond(tier) ? TreeRanker.probability(score) : score
    }

    /// How many of the best by the first stage an order must hold to fill a slate of `k`.
    func depth(toFill k: Int, _ tier: Tier) -> Int {
        if usesSecond(tier) { return k <= SecondStage.listed / 2 ? SecondStage.listed : .max }
        return tier == .full && network.hasLayers ? .max : k
    }

    /// A candidate's value of the network's feature at a place.
    func value(of place: Int, _ ordinal: UInt32) -> Float {
        columns.value(of: inputs[place], ordinal)
    }

    /// What ranks a candidate where there is no time for vectors.
    func standInValue(of ordinal: UInt32) -> Float { score(ordinal, .neighbors) }

    /// What a feature adds to a candidate's score, in the wide part.
    func part(_ feature: RankerFeature, of ordinal: UInt32) -> Float {
        network.column(of: feature).map {
            network.parts.wide[$0] * columns.value(of: inputs[$0], ordinal)
        } ?? 0
    }

    /// The wide part's weight of a feature; 0 where the ranker does not ask for it.
    func weight(of feature: RankerFeature) -> Float {
        network.column(of: feature).map { network.parts.wide[$0] } ?? 0
    }

    /// Says whose candidates come next.
    func setShopper(_ vector: UnsafePointer<Float>?) { network.setShopper(vector, in: scratch) }

    /// Gets ready to take the candidates of an order one by one.
    func begin(_ rules: Rules) {
        shortlist.removeAll()
        second?.begin(rules)
    }

    /// One that is taken from an order.
    struct Taken {
        var ordinal: UInt32
        /// What it is ranked by: its score, as boosts have it.
        var rank: Float
        /// Its own score.
        var score: Float
    }

    /// The best candidate that is left of an order. With a second stage: of those that went through
    /// it, and the next ones go through it only when none of them is left.
    func takeBest(of order: inout RankedOrder, _ rules: Rules, _ tier: Tier) -> Taken? {
        let isLogOdds = usesSecond(tier)
        guard isLogOdds || tier == .full && network.hasLayers else {
            return best(of: &order).map { best in
                Taken(
                    ordinal: best.ordinal, rank: best.score,
                    score: rules.boosts.isActive ? score(best.ordinal, tier) : best.score)
            }
        }
        if shortlist.count == 0 {
            runBlock(of: &order, tier)
            let boosts = rules.boosts
            for (ordinal, score) in zip(block, blockScores) {
                shortlist.append(
                    boosts.isActive
                        ? boosts.adjusted(score, of: ordinal, isLogOdds: isLogOdds) : score,
                    tieBreaker: items.tieBreaker(of: ordinal))
            }
            shortlist.arrange()
        }
        return best(of: &shortlist).map { best in
            let place = rules.boosts.isActive ? block.firstIndex(of: best.ordinal) : nil
            return Taken(
                ordinal: best.ordinal, rank: best.score,
                score: place.map { blockScores[$0] } ?? best.score)
        }
    }

    /// Takes a block of the best off an order and through the second stage.
    private func runBlock(of order: inout RankedOrder, _ tier: Tier) {
        block.removeAll(keepingCapacity: true)
        blockScores.removeAll(keepingCapacity: true)
        if let second {
            fillBlock(of: &order)
            let scores = second.run(tier)
            block.append(contentsOf: second.block)
            for place in block.indices { blockScores.append(scores[place]) }
            second.removeAll()
            return
        }
        while block.count < RankerNetwork.blockMax, let next = best(of: &order) {
            block.append(next.ordinal)
        }
        let deep = deepParts(block.count) { block[$0] }
        for (row, ordinal) in block.enumerated() {
            blockScores.append(score(ordinal, .full) + deep[row])
        }
    }

    /// Takes the best that are left of an order into the second stage's block, as many as there is room for.
    func fillBlock(of order: inout RankedOrder) {
        guard let second else { return }
        if order.count <= second.room {
            return order.takeAll { second.appendNew(items.ordinal(ofTieBreaker: $0)) }
        }
        while second.hasRoom, let next = order.takeBest() {
            second.appendNew(items.ordinal(ofTieBreaker: next.tieBreaker))
        }
    }

    /// The deep parts of `count` items, a block at most, in their order; valid until the next call.
    func deepParts(_ count: Int, _ item: (Int) -> UInt32) -> UnsafeMutablePointer<Float> {
        for row in 0..<count {
            let ordinal = item(row)
            let inputs = scratch.inputs + row * scratch.stride
            fill(inputs, ordinal)
            guard network.dimensions > 0 else { continue }
            let vector = inputs + network.featureCount
            if let own = lookUp.vector(of: ordinal) {
                vector.update(from: own, count: network.dimensions)
            } else {
                vector.update(repeating: 0, count: network.dimensions)
            }
        }
        network.runDeep(count: count, in: scratch)
        return scratch.deep
    }

    /// Splits a candidate's deep part into features and, last of all, the vectors together.
    ///
    /// Each part is what the deep part changes by when that input takes its value while the inputs before
    /// it have theirs and those after it are 0, as the mean of two orders, the one and its reverse. The
    /// parts add up to the deep part without what it is for zeros alone.
    ///
    /// - Parameters:
    ///   - vector: the shopper's, shape `[D]`; nil for zeros.
    ///   - parts: shape `[F + 1]`; overwritten.
    /// - Returns: the deep part for zeros alone.
    /// - Source: Castro, Gómez and Tejada 2009, "Polynomial calculation of the Shapley value based on
    ///   sampling", with the two orders as its sample.
    /// - Complexity: 2 F + 2 rows through the network.
    func splitDeepPart(
        of ordinal: UInt32, _ vector: UnsafePointer<Float>?, into parts: UnsafeMutablePointer<Float>
    ) -> Float {
        let count = network.featureCount
        fill(features, ordinal)
        // Features from the first on, without vectors.
        network.setShopper(nil, in: scratch)
        runSteps(ordinal, hasVectors: false) { feature, row in feature < row }
        let (base, firstAll) = (scratch.deep[0], scratch.deep[count])
        for place in 0..<count {
            parts[place] = (scratch.deep[place + 1] - scratch.deep[place]) / 2
        }
        // Vectors first, then features from the last on.
        network.setShopper(vector, in: scratch)
        runSteps(ordinal, hasVectors: true) { feature, row in feature >= count - row }
        let (vectorsAlone, all) = (scratch.deep[0], scratch.deep[count])
        for place in 0..<count {
            let row = count - place
            parts[place] += (scratch.deep[row] - scratch.deep[row - 1]) / 2
        }
        parts[count] = ((all - firstAll) + (vectorsAlone - base)) / 2
        return base
    }

    /// Runs F + 1 rows of one candidate through the network, each with some of its features.
    private func runSteps(
        _ ordinal: UInt32, hasVectors: Bool, _ isThere: (_ feature: Int, _ row: Int) -> Bool
    ) {
        let (count, dimensions) = (network.featureCount, network.dimensions)
        for row in 0...count {
            let inputs = scratch.inputs + row * scratch.stride
            for place in 0..<count { inputs[place] = isThere(place, row) ? features[place] : 0 }
            guard dimensions > 0 else { continue }
            if hasVectors, let vector = lookUp.vector(of: ordinal) {
                (inputs + count).update(from: vector, count: dimensions)
            } else {
                (inputs + count).update(repeating: 0, count: dimensions)
            }
        }
        network.runDeep(count: count + 1, in: scratch)
    }

    private func best(of order: inout RankedOrder) -> (score: Float, ordinal: UInt32)? {
        order.takeBest().map { ($0.score, items.ordinal(ofTieBreaker: $0.tieBreaker)) }
    }
}

extension RankerNetwork {
    fileprivate var isProductAlone: Bool {
        parts.features == [.product] && parts.wide == [1] && parts.bias == 0 && !hasLayers
    }
}
