internal import Interactions
package import ModelParts

/// The plainest guess at a next basket: what a user buys most often, and then what everybody does.
///
/// With b_ui the baskets of user u that hold item i, and n_i the popularity of i of at most n, a
/// user is shown first her own items by b_ui, equals by n_i, and then the others by n_i: the score
/// is b_ui + n_i / (n + 1). Whatever claims to know users' habits is held against it. (Equals in
/// the order of first purchase instead, as published, take a tenth off the recall on Ta-Feng, where
/// most items of most users were bought once.)
///
/// Source: Li, Jullien, Ariannezhad and de Rijke 2023, "A next basket recommendation reality
/// check", section 4.3, where it is called GP-TopFreq.
///
/// - Complexity: O(I log I + sum of histories + U x listMax) time.
package struct PersonalFrequency: Recommender {
    package static let name = "personal-frequency"
    package var answersBaskets: Bool { false }

    /// The longest list of items; at least 1.
    package var listMax = 100

    package init() {}

    package var hyperparameters: [String: Double] { ["list_max": Double(listMax)] }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try SettingsCheck(model: Self.name)
            .require(listMax > 0, "list_max must be at least 1", listMax)
        guard let orders = data.orders, orders.baskets.rows > 0 else {
            throw TrainingError(
                "personal-frequency: no basket of a known user; it counts what users buy again")
        }
        let popularity = data.popularity
        let divisor = (popularity.max() ?? 0) + 1
        let shares = popularity.map { $0 / divisor }
        var bestSellers = shares.indices.filter { shares[$0] > 0 }.map {
            RankedKey(item: Int32($0), score: shares[$0])
        }
        bestSellers.keepFirst(listMax)
        let baskets = SparseRows(orders.baskets)
        var steps = TrainingSteps(
            model: Self.name, total: TrainingSteps.listSteps(rows: orders.users), context: context)
        var parts = ModelParts(popularity: popularity)
        parts.userLists = try steps.makeLists(
            rows: orders.users,
            makeScratch: { SparseAccumulator(columns: orders.baskets.columnCount) }
        ) { [bestSellers] user, counts in
            guard !orders.range(of: user).isEmpty else { return [] }
            for basket in orders.range(of: user) {
                counts.add(
                    columnsOf: basket, in: baskets, weight: orders.weights?[basket] ?? 1)
            }
            defer { counts.removeAll() }
            var list = counts.entries.map {
                RankedKey(item: $0, score: counts.values[Int($0)] + shares[Int($0)])
            }
            list += bestSellers.filter { !counts.isTouched(Int($0.item)) }
            list.keepFirst(listMax)
            return list
        }
        return parts
    }
}
