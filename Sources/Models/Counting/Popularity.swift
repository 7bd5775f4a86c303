internal import Interactions
package import ModelParts

/// Ranks every item by how often it was taken: the fallback tier, and the baseline for all others.
package struct Popularity: Recommender {
    package static let name = "popularity"
    package var learnableRows: [TrainingRows] { [] }
    package var hyperparameters: [String: Double] { [:] }

    package init() {}

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        let parts = ModelParts(popularity: data.popularity)
        guard parts.popularity.contains(where: { $0 > 0 }) else {
            throw TrainingError("popularity: no item was taken by a user or in a basket")
        }
        context.report(TrainingProgress(model: Self.name, step: 1, steps: 1, loss: nil))
        return parts
    }
}

extension TrainingData {
    /// By item, the number of users who took it or of baskets that hold it, whichever is larger.
    ///
    /// Users and baskets are counted, not pieces, so that one large order does not make a
    /// bestseller; baskets matter where customers are unknown, or come back for the same item.
    ///
    /// - Complexity: O(pairs).
    package var popularity: [Float] {
        if let countedPopularity { return countedPopularity }
        // A low rating is no demand.
        let users = hasRatings ? demand.interactions.columnCounts : interactions.columnCounts
        guard let baskets else { return users.map { Float($0) } }
        return zip(users, baskets.columnCounts).map { Float(max($0, $1)) }
    }
}

extension SparseMatrix {
    /// How many rows have each column; whole numbers, since a Float stops counting at 2^24.
    var columnCounts: [Int] {
        var counts = Array(repeating: 0, count: columnCount)
        for column in columns { counts[Int(column)] += 1 }
        return counts
    }
}
