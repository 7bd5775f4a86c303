internal import Interactions
package import ModelParts

/// User-based nearest neighbors: a user is shown what the users most like her took.
///
/// With x_u the row of user u's values, y_ui = x_ui ln((U + 1) / n_i)^`rarityExponent` and n_i the
/// users who took i, s(u, v) is
///
/// - cosine: y_u.y_v / (|y_u| |y_v| + `shrinkage`)
/// - Tanimoto: y_u.y_v / (|y_u|^2 + |y_v|^2 - y_u.y_v + `shrinkage`), which is Jaccard's where all
///   values are 1
///
/// and r_ui is the sum of s(u, v)^`amplification` x_vi over the `neighborsMax` users v with the
/// largest s(u, v) of those who took i, as far as they are among the `usersMax` nearest of all. (Of
/// those who took i: what many took would else win by their number alone.) A user's list holds what
/// she has not taken.
///
/// Source: Herlocker, Konstan, Borchers and Riedl 1999, "An algorithmic framework for performing
/// collaborative filtering"; Breese, Heckerman and Kadie 1998, "Empirical analysis of predictive
/// algorithms for collaborative filtering", section 2.2 (inverse user frequency, case
/// amplification); unnormalized, for ranking, as in Cremonesi, Koren and Turrin 2010, "Performance
/// of recommender algorithms on top-N recommendation tasks", section 3.
///
/// - Complexity: O(sum of squared audiences + U x neighborsMax x history) time; O(U + I) memory a
///   thread beside the lists.
package struct UserKNN: Recommender {
    package static let name = "user-knn"
    package var answersBaskets: Bool { false }

    /// Recorded in manifests by number, in this order.
    package enum Similarity: Int, CaseIterable, Sendable {
        case cosine, tanimoto
    }

    package var similarity = Similarity.tanimoto
    /// In products of values, which are users' common items where all values are 1; 0 or more.
    package var shrinkage: Float = 0
    /// 1 makes items that few took count for more when users are compared, 0 does not; 0 or more.
    package var rarityExponent: Float = 0.5
    /// Above 1, the nearest users count for more; positive.
    package var amplification: Float = 2
    /// The users who speak for one item; at least 1.
    package var neighborsMax = 15
    /// The users who speak at all; at least 1.
    package var usersMax = 1_000
    /// The longest list of items; at least 1.
    package var listMax = 1_000

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "similarity": Double(similarity.rawValue), "shrinkage": Double(shrinkage),
            "rarity_exponent": Double(rarityExponent), "amplification": Double(amplification),
            "neighbors_max": Double(neighborsMax), "users_max": Double(usersMax),
            "list_max": Double(listMax),
        ]
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        guard data.interactions.nonZeroCount > 0 else {
            throw TrainingError("user-knn: no event of a known user; it learns from histories")
        }
        guard data.interactions.values.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw TrainingError("user-knn: a value is not positive; it compares how much was taken")
        }
        let users = SparseRows(data.interactions)
        let compared = weighted(data.interactions)
        let profiles = SparseRows(compared)
        let items = SparseRows(compared.transposed())
        let squares = (0..<users.rows).map { user in
            users.range(user).reduce(Float(0)) { $0 + profiles.values[$1] * profiles.values[$1] }
        }
        var steps = TrainingSteps(
            model: Self.name, total: TrainingSteps.listSteps(rows: users.rows), context: context)
        var parts = ModelParts(popularity: data.popularity)
        parts.userLists = try steps.makeLists(
            rows: users.rows,
            makeScratch: { Scratch(users: users.rows, items: items.rows) }
        ) { user, scratch in
            for entry in users.range(user) {
                scratch.users.add(
                    Int(users.columns[entry]), in: items, weight: profiles.values[entry])
            }
            var nearest = scratch.users.entries.filter { Int($0) != user }.map { other in
                let product = scratch.users.values[Int(other)]
                return RankedKey(
                    item: other,
                    score: similarity(product, squares[user], squares[Int(other)]))
            }
            nearest.keepFirst(usersMax)
            scratch.users.removeAll()
            for neighbor in nearest {
                let weight = power(neighbor.score, amplification)
                scratch.add(Int(neighbor.item), in: users, weight: weight, limit: neighborsMax)
            }
            defer { scratch.removeItems() }
            for entry in users.range(user) {
                let item = Int(users.columns[entry])
                if scratch.items.isTouched(item) { scratch.items.values[item] = 0 }
            }
            var list = scratch.items.entries.filter { scratch.items.values[Int($0)] > 0 }.map {
                RankedKey(item: $0, score: scratch.items.values[Int($0)])
            }
            list.keepFirst(listMax)
            return list
        }
        return parts
    }

    /// The values by which users are compared; positive.
    private func weighted(_ matrix: SparseMatrix) -> SparseMatrix {
        guard rarityExponent > 0 else { return matrix }
        var counts = Array(repeating: Float(0), count: matrix.columnCount)
        for item in matrix.columns { counts[Int(item)] += 1 }
        // One more user than there are, so that an item everybody took still weighs something.
        let users = Float(matrix.rows + 1)
        let weights = counts.map { power(logarithm(users / max(1, $0)), rarityExponent) }
        return SparseMatrix(
            rows: matrix.rows, columnCount: matrix.columnCount, rowOffsets: matrix.rowOffsets,
            columns: matrix.columns,
            values: zip(matrix.columns, matrix.values).map { $1 * weights[Int($0)] })
    }

    private func similarity(_ product: Float, _ square: Float, _ other: Float) -> Float {
        switch similarity {
        case .cosine: product / ((square * other).squareRoot() + shrinkage)
        case .tanimoto: product / (square + other - product + shrinkage)
        }
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(
            shrinkage >= 0 && shrinkage.isFinite, "shrinkage must be 0 or more", shrinkage)
        try check.require(
            rarityExponent >= 0 && rarityExponent.isFinite, "rarity_exponent must be 0 or more",
            rarityExponent)
        try check.require(
            amplification > 0 && amplification.isFinite, "amplification must be positive",
            amplification)
        try check.require(neighborsMax > 0, "neighbors_max must be at least 1", neighborsMax)
        try check.require(usersMax > 0, "users_max must be at least 1", usersMax)
        try check.require(listMax > 0, "list_max must be at least 1", listMax)
    }
}

/// What one thread keeps from user to user.
private final class Scratch {
    let users: SparseAccumulator
    let items: SparseAccumulator
    /// By item, how many users were added.
    private let voices: UnsafeMutablePointer<Int32>

    init(users: Int, items: Int) {
        self.users = SparseAccumulator(columns: users)
        self.items = SparseAccumulator(columns: items)
        voices = .allocate(capacity: max(1, items))
        voices.initialize(repeating: 0, count: items)
    }

    deinit { voices.deallocate() }

    /// Adds `weight` times a user's row to `items`, but for those that `limit` users were added to.
    func add(_ user: Int, in rows: SparseRows, weight: Float, limit: Int) {
        for entry in rows.range(user) {
            let item = Int(rows.columns[entry])
            guard voices[item] < limit else { continue }
            voices[item] += 1
            items.add(weight * rows.values[entry], to: Int32(item))
        }
    }

    func removeItems() {
        for item in items.entries { voices[Int(item)] = 0 }
        items.removeAll()
    }
}
