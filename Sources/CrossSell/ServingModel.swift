package import Bundles
package import EmbeddingStore
package import Interactions
package import ModelParts

/// A trained model as it is served: immutable but for the vectors in its stores.
///
/// The numbers of ``items`` are the ordinals of ``itemStore``; items put while serving get ordinals
/// from `items.count` up and have no catalog entry.
package final class ServingModel: Sendable {
    package let version: String
    private let versionText: TextTable
    /// The algorithm, such as `ials`.
    package let kind: String
    package let dimensions: Int
    package let items: TextTable
    package let itemNumbers: IdentifierTable
    package let userNumbers: IdentifierTable
    package let itemStore: EmbeddingStore
    package let userStore: EmbeddingStore
    package let foldIn: FoldInSolver?
    package let complements: NeighborLists?
    package let similars: NeighborLists?
    /// Weights item -> item of a linear model, and lists by user; see ``ModelParts``.
    package let itemWeights: NeighborLists?
    package let userLists: NeighborLists?
    /// How the scores of the other parts make one; nil where they are added up as they are.
    package let ranker: RankerNetwork?
    /// The ranker's feature by item; empty without a ranker.
    let popularityFeatures: [Float]
    /// Past items by user, oldest first.
    package let histories: SparseMatrix?
    /// What sells best, best first, at most ``popularMax`` items.
    package let popular: [UInt32]
    /// Share of all taken items, by item; sums to 1 unless nothing was ever taken.
    package let popularity: [Float]
    package let titles: TextTable
    /// The category path's number by item, and the paths joined by ` > `.
    package let categoryNumbers: [Int32]
    package let categories: TextTable
    package let prices: [Float]
    package let stocks: [Int32]

    /// How many of the best sellers stand ready as a last resort: far more than one request can
    /// rule out by id, few enough to look through where stock and categories rule out the rest.
    static let popularMax = 65_536

    /// Fills the stores from a bundle.
    ///
    /// - Parameters:
    ///   - storeBytesMax: the cap on both stores together.
    ///   - readersMax: engines that can exist at once.
    /// - Throws: ``StoreError`` where the vectors do not fit under the cap.
    /// - Complexity: O((I + U) x D).
    package init(
        _ bundle: ModelBundle, shards: Int = 8, storeBytesMax: Int, readersMax: Int
    ) throws(StoreError) {
        let count = bundle.items.count
        version = bundle.info.version
        versionText = TextTable(count: 1) { _ in bundle.info.version }
        kind = bundle.info.kind
        itemNumbers = bundle.items
        userNumbers = bundle.users
        items = TextTable(count: count) { bundle.items[$0] }
        let embeddings = bundle.parts.embeddings
        dimensions = embeddings?.items.columns ?? 0
        let budget = MemoryBudget(bytesMax: storeBytesMax)
        itemStore = try Self.store(
            bundle.items, embeddings?.items, dimensions: dimensions, shards: shards,
            budget: budget, readersMax: readersMax)
        userStore = try Self.store(
            bundle.users, embeddings?.users, dimensions: dimensions, shards: shards,
            budget: budget, readersMax: readersMax)
        if embeddings?.foldIn != nil {
            try budget.charge(
                FoldInSolver.bytes(dimensions: dimensions), for: "folding in shoppers")
        }
        foldIn = embeddings.flatMap { embeddings in
            embeddings.foldIn.map { FoldInSolver(items: embeddings.items, parameters: $0) }
        }
        complements = bundle.parts.neighbors[.complement]
        similars = bundle.parts.neighbors[.similar]
        itemWeights = bundle.parts.itemWeights
        userLists = bundle.parts.userLists
        let dimensions = dimensions
        ranker = bundle.parts.ranker.map { RankerNetwork($0, dimensions: dimensions) }
        popularityFeatures =
            ranker == nil ? [] : bundle.parts.popularity.map(RankerFeature.popularity)
        histories = bundle.histories
        let total = bundle.parts.popularity.reduce(0, +)
        popularity = bundle.parts.popularity.map { total > 0 ? $0 / total : 0 }
        popular = Self.bestSellers(bundle.parts.popularity)
        let catalog = bundle.catalog
        titles = TextTable(count: count) { catalog.titles[$0] }
        var paths = IdentifierTable()
        categoryNumbers = catalog.categories.map { path in
            path.isEmpty ? -1 : paths.insert(path.joined(separator: " > "))
        }
        categories = TextTable(count: paths.count) { paths[$0] }
        prices = catalog.prices
        stocks = catalog.stocks
    }

    /// The version's UTF-8; valid while the model lives.
    package var versionBytes: IDView { versionText[0] }

    /// What a reply shows of an item; empty and 0 where nothing is known.
    package func shown(_ ordinal: UInt32) -> (title: IDView, category: IDView, price: Float) {
        let item = Int(ordinal)
        guard item < items.count else {
            return (IDView(start: nil, count: 0), IDView(start: nil, count: 0), 0)
        }
        let category = categoryNumbers[item]
        return (
            titles[item], category < 0 ? IDView(start: nil, count: 0) : categories[Int(category)],
            prices[item]
        )
    }

    private static func bestSellers(_ popularity: [Float]) -> [UInt32] {
        let order = popularity.indices.sorted {
            popularity[$0] != popularity[$1] ? popularity[$0] > popularity[$1] : $0 < $1
        }
        return order.prefix(popularMax).map { UInt32($0) }
    }

    private static func store(
        _ ids: IdentifierTable, _ vectors: Matrix?, dimensions: Int, shards: Int,
        budget: MemoryBudget, readersMax: Int
    ) throws(StoreError) -> EmbeddingStore {
        let store = try EmbeddingStore(
            .init(
                dimensions: max(1, dimensions), shards: shards, bytesMax: budget.bytesMax,
                sharedBudget: budget, readersMax: readersMax, firstFreeOrdinal: UInt32(ids.count)))
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
        return store
    }

    private static let loadBatch = 4_096
}
