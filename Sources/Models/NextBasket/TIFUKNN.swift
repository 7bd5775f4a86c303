internal import Interactions
package import ModelParts

/// TIFU-KNN: the next basket from what a user buys again and again, and from what those like her
/// do.
///
/// A user's baskets, oldest first, are split into `groups` groups of equal length, the newest ones
/// longer by one where that does not come out even; with fewer baskets each is a group. Within a
/// group of n baskets the k-th weighs r_b^(n - k) / n, and the k-th of m groups r_g^(m - k) / m.
/// The weighted sum of her baskets, 1 where an item is in, is her vector u. With N the
/// `neighborsMax` users nearest to her by Euclidean distance, she is shown
///
///     alpha u + (1 - alpha) / |N| x (sum over v in N of v)
///
/// What she has bought may be on her list: most of a next basket is bought again.
///
/// Source: Hu, He, Gao and Zhang 2020, "Modeling personalized item frequency information for
/// next-basket recommendation", section 4.
///
/// - Complexity: O(sum of squared audiences + U x neighborsMax x history) time; O(U + I) memory a
///   thread beside the lists.
package struct TIFUKNN: Recommender {
    package static let name = "tifu-knn"
    package var answersBaskets: Bool { false }

    /// m; at least 1.
    package var groups = 1
    /// r_b; above 0, at most 1.
    package var basketDecay: Float = 0.9
    /// r_g; above 0, at most 1.
    package var groupDecay: Float = 0.7
    /// alpha; 0 to 1.
    package var ownShare: Float = 0.1
    /// At least 1.
    package var neighborsMax = 300
    /// The longest list of items; at least 1.
    package var listMax = 100

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "groups": Double(groups), "basket_decay": Double(basketDecay),
            "group_decay": Double(groupDecay), "own_share": Double(ownShare),
            "neighbors_max": Double(neighborsMax), "list_max": Double(listMax),
        ]
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        guard let orders = data.orders, orders.baskets.rows > 0 else {
            throw TrainingError(
                "tifu-knn: no basket of a known user; it learns from what users buy again")
        }
        let vectors = orders.sums(weights(baskets:))
        let users = SparseRows(vectors)
        let items = SparseRows(vectors.transposed())
        let neighborhood = Neighborhood(users: users, items: items)
        var steps = TrainingSteps(
            model: Self.name, total: TrainingSteps.listSteps(rows: users.rows), context: context)
        var parts = ModelParts(popularity: data.popularity)
        parts.userLists = try steps.makeLists(
            rows: users.rows,
            makeScratch: {
                (
                    users: SparseAccumulator(columns: users.rows),
                    items: SparseAccumulator(columns: items.rows)
                )
            }
        ) { user, scratch in
            guard users.count(user) > 0 else { return [] }
            let nearest = neighborhood.nearest(
                to: user, limit: neighborsMax, products: scratch.users)
            if ownShare > 0 { scratch.items.add(user, in: users, weight: ownShare) }
            if ownShare < 1 {
                for other in nearest {
                    scratch.items.add(
                        Int(other), in: users, weight: (1 - ownShare) / Float(nearest.count))
                }
            }
            defer { scratch.items.removeAll() }
            var list = scratch.items.entries.map {
                RankedKey(item: $0, score: scratch.items.values[Int($0)])
            }
            list.keepFirst(listMax)
            return list
        }
        return parts
    }

    /// The weight of each of a user's baskets, oldest first.
    func weights(baskets count: Int) -> [Float] {
        let groups = min(groups, count)
        var weights: [Float] = []
        for group in 0..<groups {
            let longer = group >= groups - count % groups
            let length = count / groups + (longer ? 1 : 0)
            let share = power(groupDecay, Float(groups - 1 - group)) / Float(groups * length)
            for basket in 0..<length {
                weights.append(share * power(basketDecay, Float(length - 1 - basket)))
            }
        }
        return weights
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(groups > 0, "groups must be at least 1", groups)
        for (name, decay) in [("basket_decay", basketDecay), ("group_decay", groupDecay)] {
            try check.require(decay > 0 && decay <= 1, "\(name) must be above 0, at most 1", decay)
        }
        try check.require(0...1 ~= ownShare, "own_share must be 0 to 1", ownShare)
        try check.require(neighborsMax > 0, "neighbors_max must be at least 1", neighborsMax)
        try check.require(listMax > 0, "list_max must be at least 1", listMax)
    }
}

/// Finds the users nearest to one by Euclidean distance between sparse vectors.
///
/// The squared distance is |u|^2 + |v|^2 - 2 u.v. Products come from the items they share; of users
/// who share none the shortest vectors are nearest, so only as many of those are looked at as could
/// be among the nearest.
private struct Neighborhood: Sendable {
    private let users: SparseRows
    private let items: SparseRows
    private let squares: [Float]
    /// Users with a vector, shortest first.
    private let byLength: [Int32]

    init(users: SparseRows, items: SparseRows) {
        self.users = users
        self.items = items
        let squares = (0..<users.rows).map { user in
            users.range(user).reduce(Float(0)) { $0 + users.values[$1] * users.values[$1] }
        }
        self.squares = squares
        byLength = (0..<Int32(users.rows)).filter { users.count(Int($0)) > 0 }
            .sorted { (squares[Int($0)], $0) < (squares[Int($1)], $1) }
    }

    /// - Parameter products: empty before and after.
    func nearest(to user: Int, limit: Int, products: SparseAccumulator) -> [Int32] {
        for entry in users.range(user) {
            products.add(Int(users.columns[entry]), in: items, weight: users.values[entry])
        }
        defer { products.removeAll() }
        var keys = products.entries.filter { Int($0) != user }.map { other in
            RankedKey(
                item: other, score: 2 * products.values[Int(other)] - squares[Int(other)])
        }
        var strangers = 0
        for other in byLength where !products.isTouched(Int(other)) {
            guard strangers < limit else { break }
            keys.append(RankedKey(item: other, score: -squares[Int(other)]))
            strangers += 1
        }
        keys.keepFirst(limit)
        return keys.map(\.item)
    }
}
