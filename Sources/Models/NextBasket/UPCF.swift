internal import Interactions
package import ModelParts

/// UP-CF@r: the next basket from what those like a user have bought lately.
///
/// p_ui, the popularity of item i with user u, is the share of her last `recency` baskets that hold
/// i. With H_u the items she ever bought, users u and v are alike by
///
///     w_uv = |H_u and H_v| / (|H_u|^alpha |H_v|^(1 - alpha))
///
/// and u is shown what has the largest sum over all users v, herself included with w_uu = 1, of
/// w_uv^`locality` p_vi. What she has bought may be on her list.
///
/// Source: Faggioli, Polato and Aiolli 2020, "Recency aware collaborative filtering for next basket
/// recommendation", section 3.
///
/// - Complexity: O(sum of squared audiences + U x usersMax x history) time; O(U + I) memory a
///   thread beside the lists.
package struct UPCF: Recommender {
    package static let name = "up-cf"
    package var answersBaskets: Bool { false }

    /// r, in baskets; at least 1.
    package var recency = 5
    /// q; the higher, the less do users count who are not very much alike. Above 0.
    package var locality: Float = 2
    /// alpha; 0 to 1.
    package var asymmetry: Float = 1
    /// Only so many of the nearest users count; at least 1.
    package var usersMax = 1_000
    /// The longest list of items; at least 1.
    package var listMax = 100

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "recency": Double(recency), "locality": Double(locality),
            "asymmetry": Double(asymmetry), "users_max": Double(usersMax),
            "list_max": Double(listMax),
        ]
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        guard let orders = data.orders, orders.baskets.rows > 0 else {
            throw TrainingError(
                "up-cf: no basket of a known user; it learns from what users buy again")
        }
        let ever = orders.sums { Array(repeating: 1, count: $0) }
        let users = SparseRows(ever)
        let items = SparseRows(ever.transposed())
        let recent = SparseRows(
            orders.sums { [recency] count in
                let share = 1 / Float(min(recency, count))
                return (0..<count).map { $0 < count - recency ? 0 : share }
            })
        let lengths = (0..<users.rows).map { Float(users.count($0)) }
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
            for entry in users.range(user) {
                scratch.users.add(
                    columnsOf: Int(users.columns[entry]), in: items, weight: 1)
            }
            let own = power(lengths[user], asymmetry)
            var nearest = scratch.users.entries.filter { Int($0) != user }.map { other in
                let length = power(lengths[Int(other)], 1 - asymmetry)
                return RankedKey(
                    item: other, score: scratch.users.values[Int(other)] / (own * length))
            }
            scratch.users.removeAll()
            nearest.keepFirst(usersMax)
            scratch.items.add(user, in: recent, weight: 1)
            for neighbor in nearest {
                scratch.items.add(
                    Int(neighbor.item), in: recent, weight: power(neighbor.score, locality))
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

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(recency > 0, "recency must be at least 1", recency)
        try check.require(
            locality > 0 && locality.isFinite, "locality must be positive", locality)
        try check.require(0...1 ~= asymmetry, "asymmetry must be 0 to 1", asymmetry)
        try check.require(usersMax > 0, "users_max must be at least 1", usersMax)
        try check.require(listMax > 0, "list_max must be at least 1", listMax)
    }
}
