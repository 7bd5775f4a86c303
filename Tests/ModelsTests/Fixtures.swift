import Interactions
import ModelParts
import Models

/// Even users took even items and odd users odd ones, but nobody the item of her own number, which
/// must return.
func makeCheckerboard(size: Int) -> TrainingData {
    var entries: [(row: Int32, column: Int32, value: Float)] = []
    for user in 0..<Int32(size) {
        for item in 0..<Int32(size) where item % 2 == user % 2 && item != user {
            entries.append((user, item, 1))
        }
    }
    let matrix = SparseMatrix(rows: size, columnCount: size, entries: entries)
    var catalog = Catalog()
    for item in 0..<size {
        catalog.update(item: item, category: [item % 2 == 0 ? "Even" : "Odd"])
    }
    return TrainingData(
        interactions: matrix, baskets: matrix,
        orders: OrderHistories(offsets: Array(0...size), baskets: matrix), catalog: catalog)
}

/// As the checkerboard, but the last two items, one of each color, were taken by nobody;
/// features tell colors.
func makeColdCheckerboard() -> TrainingData {
    var data = makeCheckerboard(size: 40)
    let matrix = data.interactions
    let entries = (0..<40).flatMap { user in
        matrix.columns[matrix.row(user)].filter { $0 < 38 }
            .map { (row: Int32(user), column: $0, value: Float(1)) }
    }
    data.interactions = SparseMatrix(rows: 40, columnCount: 40, entries: entries)
    data.itemFeatures = makeMatrix((0..<40).map { [$0 % 2] }, columns: 2)
    return data
}

/// Rows that hold the listed columns, with value 1.
func makeMatrix(_ rows: [[Int32]], columns: Int) -> SparseMatrix {
    SparseMatrix(
        rows: rows.count, columnCount: columns,
        entries: rows.enumerated().flatMap { row, columns in
            columns.map { (row: Int32(row), column: $0, value: Float(1)) }
        })
}

/// Users and baskets that take items at random, the first items far more often than the last. The
/// first third of the users have three baskets each.
func makeRandomData(users: Int, items: Int, pairs: Int, seed: UInt64) -> TrainingData {
    var generator = SeededGenerator(seed: seed)
    func draw() -> SparseMatrix {
        let entries = (0..<pairs).map { _ in
            let rank = Double(generator.next() >> 11) * 0x1p-53
            return (
                row: Int32.random(in: 0..<Int32(users), using: &generator),
                column: Int32(Double(items) * rank * rank), value: Float(1)
            )
        }
        return SparseMatrix(rows: users, columnCount: items, entries: entries)
    }
    let (interactions, baskets) = (draw(), draw())
    var catalog = Catalog()
    for item in 0..<items {
        catalog.update(
            item: item, title: "Item \(item % 13)", category: ["c\(item % 5)", "d\(item % 3)"],
            attributes: ["size=\(item % 7)", "color=\(item % 11)"])
    }
    return TrainingData(
        interactions: interactions, baskets: baskets,
        orders: OrderHistories(
            offsets: (0...users).map { min(users, 3 * $0) }, baskets: baskets),
        catalog: catalog)
}

/// All numbers of a model as bits, so that equal means equal to the last one.
func bits(_ parts: ModelParts) -> [UInt32] {
    var all = parts.popularity
    if let embeddings = parts.embeddings {
        all += embeddings.items.values + (embeddings.users?.values ?? [])
    }
    var bits = all.map(\.bitPattern)
    let lists =
        Relation.allCases.map { parts.neighbors[$0] } + [parts.itemWeights, parts.userLists]
    for case let lists? in lists {
        bits += lists.offsets.map { UInt32($0) } + lists.items.map { UInt32($0) }
        bits += (lists.scores + lists.lifts + lists.confidences).map(\.bitPattern)
    }
    if let ranker = parts.ranker {
        bits += (ranker.wide + [ranker.bias]).map(\.bitPattern)
        for layer in ranker.layers {
            bits += (layer.weights.values + layer.biases).map(\.bitPattern)
        }
    }
    return bits
}
