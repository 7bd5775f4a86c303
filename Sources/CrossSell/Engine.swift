package import EmbeddingStore
internal import Glibc
package import ModelParts

/// Answers Score, Recommend and Related for one generation, on one thread.
///
/// One path for every model: the query becomes a context of ordinals; each source adds candidates
/// and writes its feature columns; the ranker makes a score of the features; the rules fill the
/// slate, best first; the reasons say which parts the scores have.
///
/// Pure: it reads no clock but those it is given, and does no input or output. All scratch space
/// is allocated when the engine is made and reused, so a request allocates nothing. What a call
/// leaves in ``slate``, ``reasons``, ``scores`` and ``unknown`` is valid until the next call or
/// ``endTurn()``.
///
/// Its variables are used by one thread and never by two accesses at once; that is not checked as the
/// program runs, which would take a tenth of a small call.
package final class Engine {
    package let generation: Generation
    package let limits: EngineLimits
    package let itemReader: StoreReader
    package let userReader: StoreReader

    /// The ranked answer of the last `recommend`.
    @exclusivity(unchecked) package internal(set) var slate: [RankedItem] = []
    /// What ``RankedItem/reasons`` points into.
    @exclusivity(unchecked) package internal(set) var reasons: [Reason] = []
    /// What ``RankedItem/parts`` points into, and what ``ScorePart/shares`` does.
    package var parts: [ScorePart] { splitter.parts }
    package var shares: [ItemShare] { splitter.shares }
    /// What the last `recommend` says of the items that the query asked about, in its order.
    @exclusivity(unchecked) package internal(set) var whyNot: [WhyNot] = []
    /// The answer of the last `score`, in the order asked; NaN for unknown items.
    @exclusivity(unchecked) package internal(set) var scores: [Float] = []
    /// Positions of unknown ids among the items of the last `score`.
    @exclusivity(unchecked) package internal(set) var unknownPositions: [UInt32] = []
    /// The answer of the last `related`.
    @exclusivity(unchecked) package internal(set) var related: [RelatedItem] = []

    let live: LiveCounts?
    let lookUp: ItemLookUp
    let context: ShopperContext
    let habits: ShopperHabits?
    let columns: CandidateColumns
    let sources: CandidateSources
    let ranker: CandidateRanker
    let rules: Rules
    private let explainer: Explainer
    private let splitter: ScoreSplitter
    var order = RankedOrder()
    private let clock: () -> Int64
    var nearest: NearestResults
    var pool = DiversePool()
    let likeness: Likeness

    /// - Parameters:
    ///   - live: what was recorded since the generation was trained; nil where nothing is learned while
    ///     serving.
    ///   - clock: what deadlines are told by, in nanoseconds.
    ///   - calendar: the time now in seconds since 1970, by which items become available.
    /// - Throws: ``StoreError`` where the stores have no room for another reader.
    package init(
        _ generation: Generation, live: LiveCounts? = nil, limits: EngineLimits = .init(),
        clock: @escaping () -> Int64 = { 0 },
        calendar: @escaping () -> Int64 = { Int64(time(nil)) }
    ) throws(StoreError) {
        self.generation = generation
        self.limits = limits
        self.clock = clock
        itemReader = try generation.itemStore.makeReader()
        userReader = try generation.userStore.makeReader()
        lookUp = ItemLookUp(
            items: generation.items, reader: itemReader, hasVectors: generation.dimensions > 0)
        self.live = live
        let shopper = live.map(LiveShopper.init)
        context = ShopperContext(generation, shopper, limits: limits, now: calendar)
        let habits = generation.profiles.map {
            ShopperHabits($0, shopper, itemCount: generation.items.count)
        }
        self.habits = habits
        let columns = CandidateColumns(
            features: RankerFeature.allCases.filter(generation.canSay),
            items: generation.items.count, itemFacts: generation.itemFacts, sales: live?.sales,
            habits: generation.asksHabits ? habits : nil)
        self.columns = columns
        sources = CandidateSources(
            generation, lookUp, users: userReader, columns, live, limits: limits)
        ranker = CandidateRanker(
            generation.ranker,
            SecondStage(
                generation.trees, generation.ranker.parts.linear, columns, generation.trending,
                live?.sales),
            columns, generation.items, lookUp)
        rules = Rules(generation.items, context.flags, habits)
        likeness = Likeness(generation.items, lookUp)
        explainer = Explainer(generation, ranker, live, slateMax: limits.slateItems)
        splitter = ScoreSplitter(generation, ranker)
        nearest = NearestResults(capacity: limits.slateItems + 1)
        order.reserve(generation.items.count)
    }

    /// Ids of the last query's basket, history and exclusions that the model does not know.
    package var unknown: [IDView] { context.unknown }

    /// Whether the model knows anything of the last query's user beyond her history in the query.
    package var knowsUser: Bool {
        context.userRow != nil || context.storedRow != nil || context.hasLiveEvents
    }

    /// How many items a rule kept off the last slate, as far as was looked for some to fill it.
    package func leftOut(by rule: Rule) -> UInt32 { rules.leftOut(by: rule) }

    /// Whether the model knows an item's substitutes.
    package var knowsSubstitutes: Bool { generation.relations[.substitute] != nil }

    /// Whether the catalog says what the shop earns on any item.
    package var knowsMargins: Bool { !generation.items.marginLogs.isEmpty }

    /// Whether the scores of a slate that was found like this are probabilities.
    package func tellsProbabilities(at tier: Tier) -> Bool { ranker.usesSecond(tier) }

    /// Says that nothing of the answers so far is held any more; call it when the loop's turn ends.
    package func endTurn() {
        itemReader.quiesce()
        userReader.quiesce()
    }

    /// About how many nanoseconds an exact search of so many rows takes.
    package func scanNanoseconds(rows: Int) -> Int64 { Int64(sources.cost.scan(rows: rows)) }

    /// Finds, ranks, filters and explains a slate; leaves it in ``slate`` and ``reasons``.
    ///
    /// - Precondition: the query keeps to ``limits``.
    /// - Returns: how the answer was found.
    /// - Complexity: O(edges of the context's lists) and, with vectors, O(H D^2 + D^3) for the
    ///   fold-in of H context items and one scan of the store; then O(C + k log C) for C candidates.
    package func recommend(_ query: borrowing Query) -> Tier {
        read(query)
        return recommendWhatWasRead(query)
    }

    /// Has memory on its way that ``read(_:findsCandidates:)`` will want, while its caller still checks
    /// the rest of a request.
    package func expect(user id: IDView) {
        if generation.dimensions > 0 { userReader.prefetch(id) }
    }

    /// Turns a query's ids into ordinals, which the next step of the same query goes on from.
    ///
    /// - Parameter findsCandidates: false where items are named, as for Score.
    /// - Returns: about how many nanoseconds the next step will take.
    /// - Complexity: one look-up an id.
    @discardableResult
    package func read(_ query: borrowing Query, findsCandidates: Bool = true) -> Int64 {
        context.read(
            query, lookUp, users: userReader,
            vectorSuffices: !findsCandidates && ranker.isProductAlone)
        if let habits, generation.asksHabits || query.rules.includesDue {
            habits.read(user: context.userRow)
            context.noteBought(habits.items)
        }
        return Int64(sources.cost(query, context, ranker, findsCandidates: findsCandidates))
    }

    /// ``recommend(_:)`` for the query that was read last.
    package func recommendWhatWasRead(_ query: borrowing Query) -> Tier {
        let found = gather(query)
        rank(query, found)
        if query.wantsReasons || query.wantsParts { explain(&slate, query, found) }
        if !query.whyNot.isEmpty { findAbsent(query, found) }
        return found.tier
    }

    /// Finds the candidates that the ranker's trees see first for a query, whatever the trees are.
    ///
    /// - Parameter body: takes them by ordinal, and their features by place among those of the trees;
    ///   valid within the call.
    /// - Returns: false where nothing is known of the shopper, so that there is nothing to rank by.
    package func forCandidates(
        _ query: borrowing Query,
        _ body: (
            _ ordinals: UnsafeBufferPointer<UInt32>, _ feature: (Int) -> UnsafeBufferPointer<Float>
        ) -> Void
    ) -> Bool {
        guard let second = ranker.second else { return false }
        read(query)
        let found = gather(query)
        guard found.tier == .full else { return false }
        order.removeAll(limit: SecondStage.listed)
        ranker.append(from: 0, to: &order, rules, .full)
        order.arrange()
        ranker.begin(rules)
        ranker.fillBlock(of: &order)
        _ = second.run(.full)
        body(second.block, second.feature)
        return true
    }

    /// Ranks by another network over the same features from now on, such as other weights of a
    /// blend.
    package func rank(by network: RankerNetwork) { ranker.use(network) }

    /// Gathers the candidates of the query that was read last, with their features.
    ///
    /// - Parameter findsCandidates: false where the items are named and only their features are
    ///   wanted.
    func gather(_ query: borrowing Query, findsCandidates: Bool = true) -> Gathered {
        slate.removeAll(keepingCapacity: true)
        reasons.removeAll(keepingCapacity: true)
        whyNot.removeAll(keepingCapacity: true)
        splitter.removeAll()
        columns.removeAll()
        if findsCandidates {
            let lists = generation.itemWeights ?? generation.complements
            rules.read(query.rules, k: query.k, context, lookUp, lists: lists)
        }
        return sources.gather(
            query, context, rules, ranker, columns, findsCandidates: findsCandidates,
            TimeBudget(clock: clock, deadline: query.deadline))
    }

    /// Says why items are there, and splits their scores, as far as the query wants it.
    func explain(_ items: inout [RankedItem], _ query: borrowing Query, _ found: Gathered) {
        let vectors = found.knowsVector ? sources.vectors : nil
        if query.wantsReasons,
            found.tier == .popular || found.time.allows(found.explanationCost)
        {
            explainer.explain(
                &items, &reasons, found.tier, context, found.shares, sources: sources.lists,
                weights: sources.weights, vectors: vectors)
        }
        if query.wantsParts {
            splitter.split(
                &items, found.tier, context, found.shares, sources: sources.lists,
                weights: sources.weights, vectors: vectors)
        }
    }
}
