internal import Interactions
package import ModelParts

/// Ranks every item by how often it was taken: the fallback tier, and the baseline for all others.
package struct Popularity: Recommender {
    package static let name = "popularity"
    package var hyperparameters: [String: Double] { [:] }

    package init() {}

    package func train(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
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
    package var popularity: [Float] {
        var users = Array(repeating: Float(0), count: interactions.columnCount)
        for item in interactions.columns { users[Int(item)] += 1 }
        guard let baskets else { return users }
        var orders = Array(repeating: Float(0), count: interactions.columnCount)
        for item in baskets.columns { orders[Int(item)] += 1 }
        return zip(users, orders).map { max($0, $1) }
    }
}
