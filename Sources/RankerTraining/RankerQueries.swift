internal import Interactions
internal import Models

/// What the trees are asked: baskets with an item hidden, and known shoppers' next baskets.
struct RankerQueries: Sendable {
    struct Query: Sendable {
        /// The shopper, or `EventTable.none`.
        var user: Int32
        var basket: [Int32]
        var hidden: Int32
    }

    let all: [Query]

    /// - Parameters:
    ///   - rows: the baskets that are asked about.
    ///   - known: by item, how often it was taken before; what never was cannot be asked for.
    ///   - nextBasketShare: of the queries of known shoppers, how many come without a basket.
    ///   - hiddenMax: how often a basket is asked about at most, each time with another item hidden, where
    ///     there are few.
    ///   - partialShare: of the others, how many come with a part of the basket of any length, as a
    ///     shopper asks who has only begun.
    init(
        _ baskets: SparseMatrix, _ log: BasketLog, rows: [Int], known: [Float],
        nextBasketShare: Double, partialShare: Double, hiddenMax: Int, max: Int, seed: UInt64
    ) {
        var generator = SeededGenerator(seed: seed)
        let order = rows.shuffled(using: &generator)
        var queries: [Query] = []
        for pass in 0..<hiddenMax {
            for row in order {
                guard queries.count < max else { break }
                let items = baskets.columns[baskets.row(row)].filter { known[Int($0)] > 0 }
                // The same shuffle each time a basket comes up, and another of its items.
                var own = SeededGenerator(seed: seed &+ UInt64(row))
                let hidden = items.shuffled(using: &own)
                let isNext =
                    Double.random(in: 0..<1, using: &generator) < nextBasketShare
                    && log.users[row] != EventTable.none
                guard pass < hidden.count, isNext || items.count > 1 else { continue }
                var basket = isNext ? [] : items.filter { $0 != hidden[pass] }
                if Double.random(in: 0..<1, using: &generator) < partialShare, basket.count > 1 {
                    let count = Int.random(in: 1..<basket.count, using: &generator)
                    basket = Array(basket.shuffled(using: &generator).prefix(count))
                }
                queries.append(
                    Query(user: log.users[row], basket: basket, hidden: hidden[pass]))
            }
        }
        all = queries
    }
}
