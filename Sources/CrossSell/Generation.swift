package import Bundles
package import EmbeddingStore
internal import Glibc
package import Interactions
package import ModelParts

/// A trained model as it is served: immutable but for the vectors in its stores, and for what the shop says
/// of its items.
///
/// The ordinals of ``items`` are those of ``itemStore``; items of which only a vector is put while serving get
/// ordinals from `items.count` up and have no catalog entry.
package final class Generation: Sendable {
    package let version: String
    /// Version and kind.
    private let texts: TextTable
    /// The algorithm, such as `ials`.
    package let kind: String
    /// When it was loaded, in seconds since 1970.
    package let loadedAt: Int
    /// When the newest event that it learned from took place, in seconds since 1970; nil where the
    /// bundle does not say.
    package let newestEvent: Int?
    /// Which events it counts as takings.
    let takings: Takings
    package let dimensions: Int
    package let items: ItemTable
    /// User ids to rows of histories and user lists.
    package let userOrdinals: IdentifierTable
    package let itemStore: EmbeddingStore
    package let userStore: EmbeddingStore
    package let foldIn: FoldInSolver?
    /// Lists item -> item by relation, strongest first, with their facts.
    package let relations: [Relation: NeighborLists]
    let complements: EdgeLists?
    let complementFacts: NeighborLists?
    let similars: EdgeLists?
    /// Weights item -> item of a linear model, and lists by user; see ``ModelParts``.
    let itemWeights: EdgeLists?
    let userLists: EdgeLists?
    /// How the features of a candidate make its score; the feature that speaks for the model alone
    /// where the bundle names no ranker.
    package let ranker: RankerNetwork
    /// The trees that are the ranker's second stage; nil where it has none.
    let trees: TreeRanker?
    /// The features that are facts of items, those that the ranker asks for.
    let itemFacts: [(feature: RankerFeature, values: [Float])]
    /// The items that sold best in the last weeks, best first, some hundreds; empty where the ranker has
    /// no second stage.
    let trending: [UInt32]
    /// What items that nobody took yet are described like; see ``ModelParts/newItems``.
    let newItems: NeighborLists?
    /// What gives items that are added their lists and vectors; nil where none can be.
    let newItemSources: NewItemSources?
    /// What dated baskets tell of items and shoppers; nil where none had a date.
    package let profiles: Profiles?
    /// Computes an item's vector from its takers', with those of all users fixed; nil where vectors cannot be
    /// folded in, users have none, or nothing is learned while serving.
    let itemSolver: FoldInSolver?
    /// Past items by user, oldest first.
    package let histories: SparseMatrix?
    /// Whether some of the histories' items were rated low, with the value 0.
    let hasDislikes: Bool
    /// Whether the ranker asks what the shopper bought before.
    let asksHabits: Bool
    private let budget: MemoryBudget

    /// Fills the stores from a bundle.
    ///
    /// - Parameters:
    ///   - storeBytesMax: the cap on ``bytes``.
    ///   - outer: a cap on several generations together, besides that.
    ///   - readersMax: engines that can exist at once.
    ///   - roomForNew: how many items can be added while it serves; see ``add(_:)``. 0 where nothing is
    ///     learned while it does.
    /// - Throws: ``StoreError`` where it does not fit under a cap.
    /// - Complexity: O((I + U) x D + edges), and where items can be added that of reading all texts.
    package init(
        _ bundle: ModelBundle, shards: Int = 8, storeBytesMax: Int,
        within outer: MemoryBudget? = nil, readersMax: Int, roomForNew: Int = 0
    ) throws(StoreError) {
        let count = bundle.items.count
        let parts = bundle.parts
        version = bundle.info.version
        kind = bundle.info.kind
        texts = TextTable(count: 2) { $0 == 0 ? bundle.info.version : bundle.info.kind }
        loadedAt = time(nil)
        newestEvent = bundle.info.data?.newestEvent
        takings = bundle.info.data?.takings ?? Takings(kinds: nil, likedMin: nil)
        userOrdinals = bundle.users
        items = ItemTable(
            ids: bundle.items, catalog: bundle.catalog, popularity: parts.popularity,
            newItems: parts.newItems, folding: bundle.info.folding, room: roomForNew)
        newItems = parts.newItems
        let embeddings = parts.embeddings
        dimensions = embeddings?.items.columns ?? 0
        let budget = MemoryBudget(bytesMax: storeBytesMax, within: outer)
        self.budget = budget
        itemStore = try Self.store(
            bundle.items, embeddings?.items, dimensions: dimensions, room: roomForNew,
            shards: shards, budget: budget, readersMax: readersMax + (roomForNew > 0 ? 2 : 0))
        userStore = try Self.store(
            bundle.users, embeddings?.users, dimensions: dimensions, room: 0, shards: shards,
            budget: budget, readersMax: readersMax + (roomForNew > 0 ? 1 : 0))
        let learnsItems = roomForNew > 0 && embeddings?.foldIn != nil && embeddings?.users != nil
        if learnsItems {
            try budget.charge(
                FoldInSolver.bytes(dimensions: dimensions), for: "solving items' vectors anew")
        }
        itemSolver = embeddings.flatMap { embeddings in
            guard learnsItems, let users = embeddings.users else { return nil }
            return embeddings.foldIn.map { FoldInSolver(items: users, parameters: $0) }
        }
        if embeddings?.foldIn != nil {
            try budget.charge(
                FoldInSolver.bytes(dimensions: dimensions), for: "folding in shoppers")
        }
        foldIn = embeddings.flatMap { embeddings in
            embeddings.foldIn.map {
                FoldInSolver(items: embeddings.items.learned(parts.newItems), parameters: $0)
            }
        }
        relations = parts.neighbors
        func edges(_ lists: NeighborLists?) -> EdgeLists? {
            lists.map { EdgeLists($0, itemCount: count) }
        }
        complementFacts = parts.neighbors[.complement]
        complements = edges(parts.neighbors[.complement])
        similars = edges(parts.neighbors[.similar])
        itemWeights = edges(parts.itemWeights)
        userLists = edges(parts.userLists)
        ranker = RankerNetwork(
            parts.ranker ?? RankerParts(speaker: parts.speaker), dimensions: dimensions)
        trees = parts.ranker?.trees.map(TreeRanker.init)
        profiles = parts.profiles
        itemFacts = ranker.parts.asked.compactMap { feature in
            parts.profiles.itemFacts(feature, popularity: parts.popularity).map {
                (feature, $0.withExpected(parts.newItems))
            }
        }
        let hasSecond = trees != nil || parts.ranker?.linear != nil
        trending = hasSecond ? parts.profiles?.trending(Self.trendingMax) ?? [] : []
        histories = bundle.histories
        hasDislikes = bundle.histories?.values.contains { $0 <= 0 } ?? false
        asksHabits = parts.profiles != nil && ranker.parts.asked.contains(where: \.isHabit)
        if roomForNew > 0 {
            let index = ContentIndex(bundle.catalog, taken: parts.popularity)
            newItemSources = NewItemSources(
                index, itemCount: count + roomForNew, weights: itemWeights,
                complements: complements, similars: similars)
            try budget.charge(
                index.bytes + AddedItems.bytes(capacity: roomForNew) + 24 * count,
                for: "items that are new")
        } else {
            newItemSources = nil
        }
        try budget.charge(bundle.bytesBesideVectors, for: "lists, histories and ids")
        try budget.charge(
            readersMax * EngineMemory.bytes(of: self), for: "the memory of \(readersMax) engines")
    }

    /// What it holds in memory, with its engines, about.
    package var bytes: Int { budget.used }

    /// The version's UTF-8; valid while the generation lives.
    package var versionBytes: IDView { texts[0] }

    /// The kind's UTF-8; valid while the generation lives.
    package var kindBytes: IDView { texts[1] }

    private static func store(
        _ ids: IdentifierTable, _ vectors: Matrix?, dimensions: Int, room: Int, shards: Int,
        budget: MemoryBudget, readersMax: Int
    ) throws(StoreError) -> EmbeddingStore {
        let store = try EmbeddingStore(
            .init(
                dimensions: max(1, dimensions),
                format: vectors.map { .lossless(for: $0.values) } ?? .single, shards: shards,
                bytesMax: budget.bytesMax, sharedBudget: budget, readersMax: readersMax,
                firstFreeOrdinal: UInt32(ids.count + room)))
        guard let vectors else { return store }
        var entries: [EmbeddingStore.Entry] = []
        let ids = TextTable(count: vectors.rows) { ids[$0] }
        try vectors.values.withUnsafeBufferPointer { values throws(StoreError) in
            for row in 0..<vectors.rows {
                entries.append(
                    EmbeddingStore.Entry(
                        id: ids[row],
                        vector: UnsafeBufferPointer(
                            rebasing: values[row * vectors.columns..<(row + 1) * vectors.columns]),
                        ordinal: UInt32(row)))
                if entries.count == loadBatch || row == vectors.rows - 1 {
                    _ = try store.put(entries)
                    entries.removeAll(keepingCapacity: true)
                }
            }
        }
        withExtendedLifetime(ids) {}
        store.gatherPages()
        return store
    }

    private static let loadBatch = 4_096
    /// Of those that trend, how many are looked through for some that the rules allow.
    static let trendingMax = 512

    /// How many baskets it learned from, as the lifts of its complements tell: the median of the first
    /// ones that do; nil where there are none.
    var trainedBaskets: Float? {
        guard let lists = complementFacts else { return nil }
        var found: [Float] = []
        for edge in lists.items.indices where found.count < 101 && lists.confidences[edge] > 0 {
            found.append(
                lists.lifts[edge] * items.taken[Int(lists.items[edge])] / lists.confidences[edge])
        }
        return found.isEmpty ? nil : found.sorted()[found.count / 2]
    }

    /// Whether a feature can be anything but 0 for this model, and its ranker may ask for it.
    func canSay(_ feature: RankerFeature) -> Bool {
        guard trees == nil, ranker.parts.linear == nil else {
            return ranker.parts.asked.contains(feature)
        }
        return switch feature {
        case .product: dimensions > 0
        case .itemWeights: itemWeights != nil
        case .userList: userLists != nil
        case .complement: complements != nil
        case .similar: similars != nil
        default: ranker.parts.asked.contains(feature)
        }
    }
}

extension RankerParts {
    /// All features that either stage looks at.
    fileprivate var asked: [RankerFeature] {
        let second = (trees?.features ?? []) + (linear?.features ?? [])
        return second.reduce(into: features) { if !$0.contains($1) { $0.append($1) } }
    }
}

extension Profiles? {
    /// The values of a feature that is a fact of items; nil for any other.
    fileprivate func itemFacts(_ feature: RankerFeature, popularity: [Float]) -> [Float]? {
        switch feature {
        case .popularity: popularity.map(RankerFeature.popularity)
        case .monthPopularity: self?.monthSales.map(RankerFeature.popularity)
        case .weekPopularity: self?.weekSales.map(RankerFeature.popularity)
        case .repeatRate: self?.repeatRates
        default: nil
        }
    }
}

extension Matrix {
    /// The vectors that training knew: zeros where an item's was put together afterwards.
    fileprivate func learned(_ newItems: NeighborLists?) -> Matrix {
        guard let newItems else { return self }
        var learned = self
        for row in 0..<rows where !newItems.range(of: row).isEmpty {
            for d in 0..<columns { learned.values[row * columns + d] = 0 }
        }
        return learned
    }
}

extension [Float] {
    /// The same, with what is to be expected of new items in their places.
    fileprivate func withExpected(_ newItems: NeighborLists?) -> [Float] {
        guard let newItems else { return self }
        return indices.map { item in
            let likes = newItems.range(of: item)
            guard !likes.isEmpty else { return self[item] }
            return likes.reduce(0) { $0 + newItems.scores[$1] * self[Int(newItems.items[$1])] }
        }
    }
}

extension Profiles {
    /// The items that sold best in the last weeks, best first.
    fileprivate func trending(_ count: Int) -> [UInt32] {
        let sold = monthSales.indices.filter { monthSales[$0] > 0 }
        return sold.sorted { (monthSales[$1], $0) < (monthSales[$0], $1) }.prefix(count)
            .map { UInt32($0) }
    }
}

extension DataSummary {
    fileprivate var takings: Takings {
        Takings(kinds: kinds?.compactMap { EventKind(name: $0) }, likedMin: likedMin)
    }
}
