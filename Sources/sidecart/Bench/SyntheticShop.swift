import Bundles
import Interactions
import ModelParts

/// A seeded bundle of any size that is shaped as real ones are, without the time that training
/// takes.
///
/// What sells is skewed: the item of rank r has weight r^-0.8, and ranks are dealt to item numbers
/// at random, so that best sellers do not lie side by side. Histories, neighbor lists and item
/// weights lead to items by that weight.
struct SyntheticShop {
    /// What speaks for an item.
    enum Model: String, CaseIterable {
        /// Vectors with fold-in, and lists of complements, as of `ials`.
        case vectors
        /// Item weights and lists of complements, as of `slim`.
        case weights
    }

    var items = 10_000
    var users = 50_000
    var dimensions = 64
    var model = Model.vectors
    /// Items of a user's history: 1 to twice as many, and every hundredth user's as many as are
    /// kept at most. 0: there are no histories.
    var historyMean = 50

    /// The longest history that `train` keeps.
    private static let historyMax = 1_000
    /// As many as `train` keeps of an item's neighbors.
    private static let neighborsMax = 50
    /// What a sparse linear model has of an item, about.
    private static let weightsMax = 200
    /// Entries of all lists together, so that a shop of a million items is made in seconds.
    private static let edgesMax = 20_000_000
    private static let categories = 60

    func makeBundle() -> ModelBundle {
        var random = SeededGenerator(seed: 1)
        let popularity = makePopularity(&random)
        let sales = AliasTable(weights: popularity)
        var parts = ModelParts(popularity: popularity)
        parts.neighbors[.complement] = lists(Self.neighborsMax, sales, &random)
        switch model {
        case .vectors:
            parts.embeddings = EmbeddingParts(
                items: vectors(items, &random), users: vectors(users, &random),
                foldIn: FoldInParameters(
                    unobservedWeight: 0.1, regularization: 0.01, regularizationExponent: 1))
            parts.embeddings?.roundToHalf()
        case .weights:
            parts.itemWeights = lists(Self.weightsMax, sales, &random)
            parts.itemWeights?.lifts.resetToZeros()
            parts.itemWeights?.confidences.resetToZeros()
        }
        return ModelBundle(
            info: BundleInfo(version: "synthetic", kind: "synthetic"),
            items: IdentifierTable((0..<items).lazy.map { Self.id("item-", $0) }),
            users: IdentifierTable((0..<users).lazy.map { Self.id("user-", $0) }),
            catalog: makeCatalog(), parts: parts, histories: makeHistories(sales, &random))
    }

    private func makePopularity(_ random: inout SeededGenerator) -> [Float] {
        var ranks = Array(1...items)
        ranks.shuffle(using: &random)
        return ranks.map { 1e6 * power(Float($0), -0.8) }
    }

    private func vectors(_ rows: Int, _ random: inout SeededGenerator) -> Matrix {
        let scale = 1 / Double(dimensions).squareRoot()
        return Matrix(
            rows: rows, columns: dimensions,
            values: (0..<rows * dimensions).map { _ in Float(random.nextNormal() * scale) })
    }

    /// A list of `most` different items for each item, or all others where there are fewer.
    private func lists(
        _ most: Int, _ sales: AliasTable, _ random: inout SeededGenerator
    ) -> NeighborLists {
        // A rare item could take long to be drawn, so that a tenth of the shop is as much as a list
        // may hold.
        let length = min(most, items / 10, Self.edgesMax / items)
        var targets: [Int32] = []
        targets.reserveCapacity(items * length)
        for item in 0..<items {
            let start = targets.count
            while targets.count < start + length {
                let target = Int32(sales.draw(&random))
                if target != item, !targets[start...].contains(target) { targets.append(target) }
            }
        }
        let scores = (0..<length).map { 0.3 / Float($0 + 2) }
        return NeighborLists(
            offsets: (0...items).map { $0 * length }, items: targets,
            scores: (0..<items).flatMap { _ in scores },
            lifts: Array(repeating: 2, count: targets.count),
            confidences: Array(repeating: 0.1, count: targets.count))
    }

    private func makeHistories(
        _ sales: AliasTable, _ random: inout SeededGenerator
    ) -> SparseMatrix? {
        guard historyMean > 0 else { return nil }
        var offsets = [0]
        var columns: [Int32] = []
        for user in 0..<users {
            let length =
                user % 100 == 99
                ? Self.historyMax : Int.random(in: 1...2 * historyMean, using: &random)
            for _ in 0..<length { columns.append(Int32(sales.draw(&random))) }
            offsets.append(columns.count)
        }
        return SparseMatrix(
            rows: users, columnCount: items, rowOffsets: offsets, columns: columns,
            values: Array(repeating: 1, count: columns.count))
    }

    private func makeCatalog() -> Catalog {
        var catalog = Catalog()
        let paths = (0..<Self.categories).map { ["Section \($0 / 10)", "Shelf \($0)"] }
        catalog.grow(to: items)
        for item in 0..<items {
            catalog.update(
                item: item, title: "Article number \(item)", category: paths[item % paths.count],
                price: Float(item % 5_000 + 1) / 100)
        }
        return catalog
    }

    private static func id(_ prefix: String, _ number: Int) -> String {
        let digits = String(number)
        return prefix + String(repeating: "0", count: max(0, 7 - digits.count)) + digits
    }
}

extension [Float] {
    fileprivate mutating func resetToZeros() { self = Array(repeating: 0, count: count) }
}
