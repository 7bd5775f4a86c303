package import Bundles
internal import CrossSell
internal import EmbeddingStore
internal import Interactions

/// Two bundles, asked by the engine that serves to complete the same baskets.
///
/// In each basket one item is hidden, drawn by the seed; the others and the shopper are asked with.
/// An item that a bundle does not know, it does not find.
package struct BundleComparison: Codable, Equatable, Sendable {
    /// Mean reciprocal rank of the hidden item among the first ten, of each bundle.
    package static let measure = "mrr@10"

    package let candidate: Double
    package let running: Double
    /// Where the mean of the differences lies, candidate - running: 95 %, by bootstrap.
    package let low: Double
    package let high: Double
    /// Baskets asked about.
    package let queries: Int

    /// Whether the candidate finds less, beyond what chance may do.
    package var isWorse: Bool { high < 0 }

    /// - Throws: ``EvaluationError`` where a bundle's vectors do not fit into memory.
    package init(
        _ candidate: ModelBundle, against running: ModelBundle, on newest: NewestBaskets,
        seed: UInt64, threads: Int
    ) throws(EvaluationError) {
        let ours = try Self.reciprocalRanks(of: candidate, newest, seed: seed)
        let theirs = try Self.reciprocalRanks(of: running, newest, seed: seed)
        let interval = bootstrapInterval(
            of: zip(ours, theirs).map { $0 - $1 }, seed: seed, threads: threads)
        func mean(_ figures: [Float]) -> Double {
            figures.reduce(0) { $0 + Double($1) } / Double(figures.count)
        }
        (self.candidate, self.running) = (mean(ours), mean(theirs))
        (low, high) = (interval?.low ?? 0, interval?.high ?? 0)
        queries = newest.baskets.count
    }

    private static func reciprocalRanks(
        of bundle: ModelBundle, _ newest: NewestBaskets, seed: UInt64
    ) throws(EvaluationError) -> [Float] {
        let engine: Engine
        do throws(StoreError) {
            engine = try Engine(
                Generation(bundle, storeBytesMax: 1 << 40, readersMax: 1))
        } catch {
            throw EvaluationError(error.description)
        }
        let dataset = newest.dataset
        var generator = SeededGenerator(seed: seed)
        return newest.baskets.map { basket in
            let (items, user) = newest.contents[basket]!
            let hidden = items.randomElement(using: &generator)!
            let shown = items.filter { $0 != hidden }.prefix(engine.limits.basketItems)
            // The query borrows its ids from this.
            let texts = TextTable(count: shown.count + 2) { place in
                switch place {
                case 0: dataset.items[Int(hidden)]
                case 1: user == EventTable.none ? "" : dataset.users[Int(user)]
                default: dataset.items[Int(shown[shown.startIndex + place - 2])]
                }
            }
            var query = Query()
            if user != EventTable.none { query.user = texts[1] }
            query.basket = (0..<shown.count).map { texts[$0 + 2] }
            query.k = 10
            query.rules.includesPurchased = true
            query.rules.includesOutOfStock = true
            query.wantsReasons = false
            _ = engine.recommend(query)
            defer {
                engine.endTurn()
                withExtendedLifetime(texts) {}
            }
            let place = engine.slate.firstIndex { $0.id.elementsEqual(texts[0]) }
            return place.map { 1 / Float($0 + 1) } ?? 0
        }
    }
}
