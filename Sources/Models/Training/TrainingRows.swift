internal import Interactions
package import ModelParts

/// What the rows of the matrix that a model learns from are.
///
/// Cross-sell asks what goes with a basket, and baskets tell it best: a user's history mixes years
/// of needs, and a receipt without a name has no history at all.
package enum TrainingRows: String, CaseIterable, Sendable {
    /// A row holds all that one user ever took.
    case users
    /// A row holds one basket, whether or not its user is known.
    case baskets
    /// Users' rows, and baskets' rows below them.
    case both
}

/// The rows that a model learns from, and why these.
package struct RowChoice: Sendable, Equatable {
    package let rows: TrainingRows
    /// Users with an event that counts.
    package let users: Int
    /// Baskets with an event that counts.
    package let baskets: Int
    /// Of these, the baskets of no known user.
    package let anonymousBaskets: Int

    /// One line, such as `rows: 19,412 baskets (7,021 of unknown shoppers); --rows
    /// users|baskets|both to choose`.
    package var description: String {
        let named =
            anonymousBaskets > 0 ? " (\(grouped(anonymousBaskets)) of unknown shoppers)" : ""
        let what =
            switch rows {
            case .users: "\(grouped(users)) users"
            case .baskets: "\(grouped(baskets)) baskets\(named)"
            case .both: "\(grouped(users)) users and \(grouped(baskets)) baskets\(named)"
            }
        let choices = TrainingRows.allCases.map(\.rawValue).joined(separator: "|")
        return "rows: \(what)" + (users > 0 && baskets > 0 ? "; --rows \(choices) to choose" : "")
    }
}

extension TrainingData {
    /// The rows that a model learns from.
    ///
    /// - Parameter learnable: what the model can learn from, at least one.
    /// - Throws: ``TrainingError`` where there are none, or not those that were asked for.
    package func rowChoice(for model: String, among learnable: [TrainingRows])
        throws(TrainingError) -> RowChoice
    {
        let users = (0..<interactions.rows).count { !interactions.row($0).isEmpty }
        let count = baskets?.rows ?? 0
        let rows = rows ?? rowsByData(users: users, baskets: count, among: learnable)
        guard learnable.contains(rows) else {
            let all = learnable.map(\.rawValue).joined(separator: " or ")
            throw TrainingError(
                "\(model): --rows \(rows.rawValue), and it learns from \(all) alone")
        }
        guard rows == .baskets || users > 0 else {
            throw TrainingError(
                "\(model): no event has a user, so there are no users' rows to learn from"
                    + (count > 0 && learnable.contains(.baskets)
                        ? "; --rows baskets learns from the \(grouped(count)) baskets" : ""))
        }
        guard rows == .users || count > 0 else {
            throw TrainingError(
                "\(model): no event has a basket, or a user and a time, so there are no baskets' "
                    + "rows to learn from; --rows users learns from users' histories")
        }
        return RowChoice(
            rows: rows, users: users, baskets: count,
            anonymousBaskets: max(0, count - (orders?.baskets.rows ?? 0)))
    }

    private func rowsByData(users: Int, baskets: Int, among learnable: [TrainingRows])
        -> TrainingRows
    {
        guard learnable.contains(.baskets) else { return .users }
        // Ratings are given for an item, not for what it is taken with.
        guard !hasRatings, !isDemandOfRatings, baskets > 0 else { return .users }
        guard users > 0 else { return .baskets }
        return .baskets
    }

    /// The data with other rows; what is known of users alone is left out.
    ///
    /// - Precondition: there are baskets.
    func stacked(_ rows: TrainingRows) -> TrainingData {
        guard rows != .users, let baskets else { return self }
        var stacked = self
        stacked.rows = .users
        stacked.hasBasketRows = true
        stacked.countedPopularity = popularity
        stacked.userFeatures = nil
        switch rows {
        case .users: break
        case .baskets:
            stacked.interactions = baskets
            stacked.rowWeights = basketWeights
            stacked.orders = OrderHistories(offsets: Array(0...baskets.rows), baskets: baskets)
        case .both:
            stacked.interactions = interactions.appending(baskets)
            stacked.orders = orders.map { orders in
                OrderHistories(
                    offsets: orders.offsets
                        + repeatElement(orders.baskets.rows, count: baskets.rows),
                    baskets: orders.baskets)
            }
            if basketRowWeight != 1 || basketWeights != nil {
                stacked.rowWeights =
                    Array(repeating: 1, count: interactions.rows)
                    + (basketWeights?.map { $0 * basketRowWeight }
                        ?? Array(repeating: basketRowWeight, count: baskets.rows))
            }
        }
        return stacked
    }
}

extension Recommender {
    package func train(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        let data = learnsRatings ? data : data.demand
        // What was made by hand is taken as it is: its faults are for the model to name.
        guard data.rows != .users, !learnableRows.isEmpty else {
            var parts = try fit(on: data, with: context)
            parts.cutItemWeights(to: targetsMax(ofBasketRows: false))
            parts.embeddings?.roundToHalf()
            return parts
        }
        let rows = try data.rowChoice(for: Self.name, among: learnableRows).rows
        var parts = try fit(on: data.stacked(rows), with: context)
        parts.cutItemWeights(to: targetsMax(ofBasketRows: rows != .users))
        parts.embeddings?.roundToHalf()
        guard rows != .users else { return parts }
        let users = data.interactions.rows
        // Baskets' rows are nobody's: they go, and users are folded in from their histories.
        let vectors =
            rows == .both
            ? parts.embeddings?.users?.prefix(users)
            : parts.embeddings?.foldedUsers(data.interactions, threads: context.threads)
        parts.embeddings?.users = vectors
        parts.embeddings?.roundToHalf()
        parts.userLists = rows == .both ? parts.userLists?.prefix(users) : nil
        return parts
    }
}

extension ModelParts {
    fileprivate mutating func cutItemWeights(to targetsMax: Int) {
        guard let cut = itemWeights?.cut(to: targetsMax) else { return }
        (itemWeights, itemWeightsCut) = (cut.lists, cut.cut)
    }
}

extension Matrix {
    fileprivate func prefix(_ rows: Int) -> Matrix {
        Matrix(rows: rows, columns: columns, values: Array(values[..<(rows * columns)]))
    }
}

extension NeighborLists {
    fileprivate func prefix(_ rows: Int) -> NeighborLists {
        let count = offsets[rows]
        return NeighborLists(
            offsets: Array(offsets[...rows]), items: Array(items[..<count]),
            scores: Array(scores[..<count]), lifts: Array(lifts[..<count]),
            confidences: Array(confidences[..<count]))
    }
}

extension SparseMatrix {
    /// This matrix's rows, and another's of as many columns below them.
    fileprivate func appending(_ other: SparseMatrix) -> SparseMatrix {
        SparseMatrix(
            rows: rows + other.rows, columnCount: columnCount,
            rowOffsets: rowOffsets + other.rowOffsets.dropFirst().map { $0 + nonZeroCount },
            columns: columns + other.columns, values: values + other.values)
    }
}

/// With a comma before each third digit from the right.
private func grouped(_ number: Int) -> String {
    var text = ""
    let digits = String(number)
    for (place, digit) in digits.enumerated() {
        if place > 0, (digits.count - place) % 3 == 0 { text.append(",") }
        text.append(digit)
    }
    return text
}
