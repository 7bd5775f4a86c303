internal import EmbeddingStore
internal import ModelParts

/// What the sources found for one query.
struct Gathered {
    var tier: Tier
    var shares: ContextShares
    /// Whether there is a shopper's vector.
    var knowsVector = false
    var time: TimeBudget
    /// About how long the reasons of the slate take, in nanoseconds.
    var explanationCost = 0.0
}

/// All sources of one engine, in their order: lists, what the shopper bought before, best sellers
/// where the ranker counts sales, vectors, and best sellers where a slate would not be full.
final class CandidateSources {
    let lists: [ListSource]
    let weights: WeightSource?
    private let habits: HabitSource?
    let userLists: UserListSource?
    let vectors: VectorSource?
    private let items: ItemTable
    let cost: CostModel

    /// How many of the best sellers are looked through as a last resort: far more than one request
    /// can rule out by id, few enough where stock and categories rule out the rest.
    static let popularMax = 65_536

    /// The most that what is bought together since training adds to a weight of a linear item model; 0.1 to
    /// 0.3 were best of 0 to 3 on the older baskets of Online Retail.
    /// Complements are scores of the same kind, and take it whole.
    private static let liveWeight: Float = 0.2

    /// The same where training knew nothing of one of the two items, and so has no weight for the pair.
    private static let newLiveWeight: Float = 0.2

    init(
        _ generation: Generation, _ lookUp: ItemLookUp, users: StoreReader,
        _ columns: CandidateColumns, _ live: LiveCounts?, limits: EngineLimits
    ) {
        items = generation.items
        cost = CostModel(
            items: items.count, dimensions: generation.dimensions,
            hasFoldIn: generation.foldIn != nil)
        let new = generation.newItemSources
        func served(
            _ lists: EdgeLists?, _ added: AddedEdges?, share: Float, newShare: Float
        ) -> ServedLists? {
            lists.map {
                ServedLists(
                    $0, added, live, share: share, newShare: newShare,
                    itemCount: generation.items.count)
            }
        }
        let itemWeights = served(
            generation.itemWeights, new?.weights, share: Self.liveWeight,
            newShare: Self.newLiveWeight)
        lists = [
            ListSource(.itemWeights, itemWeights, columns),
            ListSource(
                .complement,
                served(generation.complements, new?.complements, share: 1, newShare: 1), columns),
            ListSource(
                .similar, served(generation.similars, new?.similars, share: 0, newShare: 0), columns
            ),
        ].compactMap { $0 }
        weights = WeightSource(itemWeights, columns)
        habits = HabitSource(columns)
        userLists = UserListSource(generation.userLists, columns)
        vectors = VectorSource(generation, lookUp, users: users, columns, limits: limits)
    }

    /// Lets each source that the ranker asks add its candidates and write its column, as far as
    /// there is time.
    func gather(
        _ query: borrowing Query, _ context: ShopperContext, _ rules: Rules,
        _ ranker: CandidateRanker, _ columns: CandidateColumns, findsCandidates: Bool,
        _ time: TimeBudget
    ) -> Gathered {
        let network = ranker.network
        let historyShare = network.parts.historyShare
        var found = Gathered(
            tier: .popular,
            shares: ContextShares(
                historyShare: historyShare, hasBasket: !context.basket.isEmpty,
                hasHistory: hasHistory(context)), time: time)
        columns.set(.historyLength, to: RankerFeature.historyLength(context.length))
        columns.set(.basketLength, to: Float(context.basket.count))
        columns.set(.basketCount, to: columns.habits?.basketCount ?? 0)
        let asksProduct = network.column(of: .product) != nil
        let vectorCost =
            asksProduct ? shopperCost(context) + (findsCandidates ? cost.scan : 0) : 0
        guard !asksProduct || time.allows(vectorCost) else {
            // No time for vectors: what is bought together stands in for them.
            let standIn = ranker.standIn
            for source in lists where source.feature == standIn {
                if source.write(context, found.shares, to: columns) { found.tier = .neighbors }
            }
            return found
        }
        var isKnown = false
        for source in lists where network.column(of: source.feature) != nil {
            isKnown = source.write(context, found.shares, to: columns) || isKnown
        }
        if let weights { isKnown = weights.write(context, to: columns) || isKnown }
        if let habits { isKnown = habits.write(to: columns) || isKnown }
        if network.column(of: .userList) != nil, let userLists {
            isKnown = userLists.write(context, found.shares, to: columns) || isKnown
        }
        if asksProduct, let vectors {
            found.knowsVector = vectors.resolve(context, historyShare: historyShare)
            found.explanationCost = explanationCost(query.k, context)
        }
        guard isKnown || found.knowsVector else { return found }
        found.tier = ranker.second.map { time.allows($0.cost) } ?? true ? .full : .linear
        guard findsCandidates else { return found }
        let isFinal = ranker.isProductAlone && !rules.limitsPlaces
        let wanted = isFinal ? wanted(for: query, rules) : 2 * query.ranked + 50
        if network.column(of: .popularity) != nil { addBestSellers(wanted, rules, columns) }
        if found.knowsVector, let vectors {
            vectors.complete(from: 0, columns)
            // What the deep part is to reorder has to be there.
            vectors.addNearest(
                network.hasLayers ? max(wanted, RankerNetwork.blockMax) : wanted, rules, columns)
        }
        return found
    }

    /// How many candidates a slate takes that nothing thins out: more than its length where something
    /// else than their scores orders them.
    func wanted(for query: borrowing Query, _ rules: Rules) -> Int {
        rules.reorders ? 2 * query.ranked + 50 : query.ranked
    }

    /// Whether anything is known of what the shopper took before.
    private func hasHistory(_ context: ShopperContext) -> Bool {
        if !context.past.isEmpty || context.storedRow != nil { return true }
        guard let row = context.userRow, let userLists else { return false }
        return userLists.lists.count(of: row) > 0
    }

    /// Adds best sellers until `count` candidates can be on a slate together, or there are no more.
    /// Where something else than their sales orders them, that they compete for places does not count.
    func addPopular(
        toReach count: Int, _ rules: Rules, _ columns: CandidateColumns, _ found: Gathered
    ) {
        defer { rules.freePlaces() }
        func refusal(_ ordinal: UInt32) -> Rule? {
            rules.reorders ? nil : rules.refusal(of: ordinal)
        }
        var passing = 0
        let gathered = columns.count
        for place in 0..<gathered
        where rules.allows(columns[place]) && refusal(columns[place]) == nil {
            rules.takePlace(columns[place])
            passing += 1
        }
        for ordinal in items.bySales.prefix(Self.popularMax) where !columns.contains(ordinal) {
            guard passing < count else { break }
            if let rule = rules.verdict(ordinal) ?? refusal(ordinal) {
                rules.count(rule)
                continue
            }
            rules.takePlace(ordinal)
            columns.add(ordinal)
            passing += 1
        }
        if found.knowsVector { vectors?.complete(from: gathered, columns) }
    }

    private func addBestSellers(_ count: Int, _ rules: Rules, _ columns: CandidateColumns) {
        var left = count
        for ordinal in items.bySales.prefix(Self.popularMax) where rules.allows(ordinal) {
            guard left > 0 else { return }
            columns.add(ordinal)
            left -= 1
        }
    }

    // MARK: Costs

    private func shopperCost(_ context: ShopperContext) -> Double {
        let history = context.storedRow == nil ? cost.foldIn(context.past.count) : 0
        return cost.foldIn(context.basket.count) + history
    }

    private func explanationCost(_ k: Int, _ context: ShopperContext) -> Double {
        let refold = context.storedRow == nil ? 0 : cost.foldIn(context.past.count)
        return refold + cost.explain(k, context.basket.count)
            + cost.explain(k, context.past.count)
    }

    /// About how long a query takes from its context to its reply, in nanoseconds.
    func cost(
        _ query: borrowing Query, _ context: ShopperContext, _ ranker: CandidateRanker,
        findsCandidates: Bool
    ) -> Double {
        let network = ranker.network
        var edges = 0
        for source in lists where network.column(of: source.feature) != nil {
            edges += source.edgeCount(context)
        }
        edges += weights?.edgeCount(context) ?? 0
        var sum = CostModel.base + CostModel.edges(edges) + CostModel.slate(query.k)
        sum += ranker.second?.cost ?? 0
        if network.column(of: .product) != nil {
            sum += shopperCost(context) + (findsCandidates ? cost.scan : 0)
            if query.wantsReasons { sum += explanationCost(query.k, context) }
            if query.wantsParts { sum += explanationCost(query.k, context) }
        }
        return sum
    }
}
