internal import Interactions

/// Part of each user's items, held out to learn from what the rest says of them.
struct HoldOut {
    /// Users x items: what is left; at least one item of each user who had any.
    let rest: TrainingData
    /// Users x items: what was held out.
    let held: SparseMatrix

    /// - Parameter share: of each user's items, above 0 and below 1; who has two or more loses at
    ///   least one.
    init(_ data: TrainingData, share: Double, generator: inout SeededGenerator) {
        let histories = data.interactions
        var (kept, removed) = (RowParts(histories), RowParts(histories))
        for user in 0..<histories.rows {
            let range = histories.row(user)
            let count =
                range.count < 2
                ? 0 : min(range.count - 1, max(1, Int(share * Double(range.count))))
            let out = Set(range.shuffled(using: &generator).prefix(count))
            for entry in range {
                if out.contains(entry) { removed.append(entry) } else { kept.append(entry) }
            }
            kept.endRow()
            removed.endRow()
        }
        held = removed.matrix
        var rest = data
        rest.interactions = kept.matrix
        rest.countedPopularity = nil
        rest.basketWeights = nil
        if let orders = data.orders {
            let left = Self.without(held, in: orders)
            rest.orders = left
            rest.baskets = left.baskets
        }
        self.rest = rest
    }

    /// The users' baskets without what is held out of them; baskets may become empty and go.
    private static func without(_ held: SparseMatrix, in orders: OrderHistories) -> OrderHistories {
        var parts = RowParts(orders.baskets)
        var offsets = [0]
        for user in 0..<orders.users {
            let out = user < held.rows ? Set(held.columns[held.row(user)]) : []
            for basket in orders.range(of: user) {
                let range = orders.baskets.row(basket)
                let left = range.filter { !out.contains(orders.baskets.columns[$0]) }
                guard !left.isEmpty else { continue }
                for entry in left { parts.append(entry) }
                parts.endRow()
            }
            offsets.append(parts.rows)
        }
        return OrderHistories(offsets: offsets, baskets: parts.matrix)
    }
}

/// A sparse matrix made of some entries of another one.
struct RowParts {
    private let source: SparseMatrix
    private var offsets = [0]
    private var columns: [Int32] = []
    private var values: [Float] = []

    init(_ source: SparseMatrix) { self.source = source }

    var rows: Int { offsets.count - 1 }

    mutating func append(_ entry: Int) {
        columns.append(source.columns[entry])
        values.append(source.values[entry])
    }

    mutating func endRow() { offsets.append(columns.count) }

    var matrix: SparseMatrix {
        SparseMatrix(
            rows: rows, columnCount: source.columnCount, rowOffsets: offsets, columns: columns,
            values: values)
    }
}
