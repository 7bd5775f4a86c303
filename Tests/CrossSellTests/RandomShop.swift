import Bundles
import Interactions
import ModelParts
import Models

/// A seeded random bundle: nothing learned, every part present or absent as asked.
struct RandomShop {
    var seed: UInt64
    var items = 40
    var users = 8
    var dimensions = 12
    var hasEmbeddings = true
    var hasUserVectors = true
    var hasFoldIn = true
    var hasNeighbors = true
    var categories = 6
    var hasItemWeights = false
    var hasUserLists = false
    var hasVariants = false
    /// nil: no ranker; without widths it is a weighted sum.
    var ranker: Ranker?

    struct Ranker {
        var features: [RankerFeature] = [
            .product, .itemWeights, .userList, .complement, .popularity, .historyLength,
        ]
        /// Of the layers but the last.
        var widths: [Int] = []
        var usesVectors = false
    }

    func makeBundle() -> ModelBundle {
        var random = SeededGenerator(seed: seed)
        var parts = ModelParts(
            popularity: (0..<items).map { _ in Float(Int.random(in: 0...200, using: &random)) })
        if hasEmbeddings {
            parts.embeddings = EmbeddingParts(
                items: matrix(items, &random),
                users: hasUserVectors ? matrix(users, &random) : nil,
                foldIn: hasFoldIn
                    ? FoldInParameters(
                        unobservedWeight: 0.2, regularization: 0.05, regularizationExponent: 1)
                    : nil)
        }
        if hasNeighbors {
            parts.neighbors[.complement] = neighbors(&random)
            var other = SeededGenerator(seed: seed + 1_000)
            parts.neighbors[.substitute] = neighbors(&other)
        }
        if hasItemWeights { parts.itemWeights = lists(rows: items, of: -0.3...0.9, &random) }
        if hasUserLists { parts.userLists = lists(rows: users, of: 0...2, &random) }
        parts.ranker = ranker.map { network($0, &random) }
        var catalog = Catalog()
        for item in 0..<items {
            let shelf = Int.random(in: 0...categories, using: &random)
            catalog.update(
                item: item, title: "Item \(item)", category: shelf == 0 ? [] : ["All", "\(shelf)"],
                price: Float(item), stock: [-1, -1, 0, 5].randomElement(using: &random)!)
        }
        // Variants, and items that are sold no more, or not yet.
        if hasVariants {
            for item in 0..<items {
                catalog.update(
                    item: item,
                    group: ["", "", "g1", "g2", "g\(item / 3)"].randomElement(using: &random)!,
                    availableFrom: Int.random(in: 0..<8, using: &random) == 0 ? .max : .min,
                    isDiscontinued: Int.random(in: 0..<8, using: &random) == 0)
            }
        }
        return ModelBundle(
            info: BundleInfo(version: "random-\(seed)", kind: "random"),
            items: IdentifierTable((0..<items).map(Self.item)),
            users: IdentifierTable((0..<users).map { "u\($0)" }), catalog: catalog, parts: parts,
            histories: histories(&random))
    }

    static func item(_ number: Int) -> String { "i\(number)" }

    private func matrix(_ rows: Int, _ random: inout SeededGenerator) -> Matrix {
        Matrix(
            rows: rows, columns: dimensions,
            values: (0..<rows * dimensions).map { _ in Float(random.nextNormal() * 0.3) })
    }

    private func neighbors(_ random: inout SeededGenerator) -> NeighborLists {
        var lists = NeighborLists(offsets: [0], items: [], scores: [], lifts: [], confidences: [])
        for item in 0..<items {
            let others = (0..<items).filter { $0 != item }.shuffled(using: &random)
            let count = Int.random(in: 0...min(8, items - 1), using: &random)
            let scores = (0..<count).map { _ in Float.random(in: 0.01...0.9, using: &random) }
            lists.items += others.prefix(count).map { Int32($0) }
            lists.scores += scores.sorted(by: >)
            lists.lifts += (0..<count).map { _ in Float.random(in: 1...30, using: &random) }
            lists.confidences += (0..<count).map { _ in Float.random(in: 0...1, using: &random) }
            lists.offsets.append(lists.items.count)
        }
        return lists
    }

    private func lists(
        rows: Int, of scores: ClosedRange<Float>, _ random: inout SeededGenerator
    ) -> NeighborLists {
        var lists = NeighborLists(offsets: [0], items: [], scores: [], lifts: [], confidences: [])
        for _ in 0..<rows {
            let count = Int.random(in: 0...min(8, items), using: &random)
            lists.items += (0..<items).shuffled(using: &random).prefix(count).map { Int32($0) }
            lists.scores += (0..<count).map { _ in Float.random(in: scores, using: &random) }
                .sorted(by: >)
            lists.offsets.append(lists.items.count)
        }
        lists.lifts = Array(repeating: 0, count: lists.items.count)
        lists.confidences = lists.lifts
        return lists
    }

    private func network(_ shape: Ranker, _ random: inout SeededGenerator) -> RankerParts {
        var ranker = RankerParts(
            features: shape.features,
            wide: shape.features.map { _ in Float.random(in: 0.1...0.8, using: &random) },
            bias: 0.3, usesVectors: shape.usesVectors)
        var inputs = shape.features.count + (shape.usesVectors ? 2 * dimensions : 0)
        for outputs in shape.widths.isEmpty ? [] : shape.widths + [1] {
            let deviation = (1 / Double(inputs)).squareRoot()
            let weights = (0..<inputs * outputs).map { _ in Float(random.nextNormal() * deviation) }
            ranker.layers.append(
                RankerParts.Layer(
                    weights: Matrix(rows: outputs, columns: inputs, values: weights),
                    biases: (0..<outputs).map { _ in Float(random.nextNormal() * 0.1) }))
            inputs = outputs
        }
        return ranker
    }

    private func histories(_ random: inout SeededGenerator) -> SparseMatrix {
        var offsets = [0]
        var columns: [Int32] = []
        for _ in 0..<users {
            let count = Int.random(in: 0...6, using: &random)
            columns += (0..<items).shuffled(using: &random).prefix(count).map { Int32($0) }
            offsets.append(columns.count)
        }
        return SparseMatrix(
            rows: users, columnCount: items, rowOffsets: offsets, columns: columns,
            values: Array(repeating: 1, count: columns.count))
    }
}

extension Ask {
    /// Any mixture of known, unknown and repeated ids and of rules.
    static func random(items: Int, users: Int, using random: inout SeededGenerator) -> Ask {
        func ids(_ most: Int) -> [String] {
            guard Bool.random(using: &random) else { return [] }
            return (0..<Int.random(in: 0...most, using: &random)).map { _ in
                RandomShop.item(Int.random(in: 0..<items + 3, using: &random))
            }
        }
        var ask = Ask()
        ask.user = [nil, "u\(Int.random(in: 0..<users, using: &random))", "stranger"]
            .randomElement(using: &random)!
        ask.basket = ids(4)
        ask.history = ids(8)
        ask.exclusions = ids(6)
        ask.k = Int.random(in: 1...items + 5, using: &random)
        ask.includesPurchased = Bool.random(using: &random)
        ask.includesOutOfStock = Bool.random(using: &random)
        ask.perCategoryMax = [0, 0, 1, 2].randomElement(using: &random)!
        if Int.random(in: 0..<4, using: &random) == 0 {
            let half = Float(items) / 2
            ask.priceMin = Float.random(in: 0...half, using: &random).rounded()
            ask.priceMax = Bool.random(using: &random) ? .infinity : ask.priceMin + half
        }
        // "All > 1" is not above "All > 10", nor "Al" above "All".
        let paths = ["All", "All > 1", "All > 2", "All > 3", "Al", "Nowhere"]
        if Int.random(in: 0..<4, using: &random) == 0 {
            ask.categories = Array(paths.shuffled(using: &random).prefix(2))
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            ask.excludedCategories = [paths.randomElement(using: &random)!]
        }
        func sometimes() -> Bool { Int.random(in: 0..<5, using: &random) == 0 }
        if sometimes() {
            ask.allowed = (0..<items).map(RandomShop.item).filter { _ in sometimes() }
        }
        if sometimes() { ask.budget = Float(Int.random(in: 0...3 * items, using: &random)) }
        if sometimes() { ask.supportMin = 50 }
        ask.leavesOutSubstitutes = sometimes()
        if ask.perCategoryMax > 0 { ask.categoryLevel = Int.random(in: 0...3, using: &random) }
        if sometimes() { ask.perBasketItemMax = Int.random(in: 1...3, using: &random) }
        if sometimes() {
            ask.itemBoosts = [RandomShop.item(Int.random(in: 0..<items, using: &random)): 4]
        }
        if sometimes() { ask.categoryBoosts = ["All > 1": 0.25, "All": 2] }
        ask.wantsReasons = Bool.random(using: &random)
        return ask
    }
}
