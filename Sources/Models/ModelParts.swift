/// A directed edge from item to item.
package enum Relation: String, CaseIterable, Sendable {
    case complement, substitute, similar, rebuy
}

/// What every algorithm trains to, so that serving never knows which one it was.
package struct ModelParts: Sendable {
    /// Vectors whose inner product is the score; nil for algorithms without any.
    package var embeddings: EmbeddingParts?
    /// Item -> item lists, strongest first.
    package var neighbors: [Relation: NeighborLists] = [:]
    /// A linear item model: a user's score for item i is the sum over the items j of her history of
    /// the weight j -> i. Weights may be negative; lists are sorted by weight, largest first. Lifts
    /// and confidences are 0.
    package var itemWeights: NeighborLists?
    /// What a user is to be shown, by user instead of by item, strongest first: for algorithms
    /// whose score of a known user has no smaller form. Lifts and confidences are 0.
    package var userLists: NeighborLists?
    /// How the scores of the other parts make one; nil where one of them speaks for all.
    package var ranker: RankerParts?
    /// How often each item was taken, shape `[I]`; the fallback tier ranks by it.
    package var popularity: [Float]

    package init(popularity: [Float]) { self.popularity = popularity }
}

/// Dense rows, row-major, shape `[rows, columns]`.
package struct Matrix: Sendable, Equatable {
    package let rows: Int
    package let columns: Int
    package var values: [Float]

    package init(rows: Int, columns: Int, values: [Float]) {
        precondition(values.count == rows * columns, "\(values.count) != \(rows) x \(columns)")
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    package init(rows: Int, columns: Int) {
        self.init(rows: rows, columns: columns, values: Array(repeating: 0, count: rows * columns))
    }

    package subscript(row row: Int) -> ArraySlice<Float> {
        values[row * columns..<(row + 1) * columns]
    }
}

package struct EmbeddingParts: Sendable {
    /// Shape `[I, D]`.
    package var items: Matrix
    /// Shape `[U, D]`; nil where users have no vector of their own.
    package var users: Matrix?
    /// How a user vector is computed from a history; nil where it cannot be.
    package var foldIn: FoldInParameters?

    package init(items: Matrix, users: Matrix?, foldIn: FoldInParameters?) {
        self.items = items
        self.users = users
        self.foldIn = foldIn
    }
}

/// The user half-step of iALS with the items fixed.
///
/// Solves `(sum over H of y y' + alpha0 G + lambda (|H| + alpha0 I)^nu E) x = sum over H of y`,
/// where H is the history without repeats, G = Y'Y over all I items and E the identity.
/// Source: Rendle, Krichene, Zhang and Koren 2021, "Revisiting the Performance of iALS on Item
/// Recommendation Benchmarks", section 2.
package struct FoldInParameters: Sendable, Equatable {
    /// alpha0, the weight of a pair that was not observed; positive.
    package var unobservedWeight: Float
    /// lambda; positive.
    package var regularization: Float
    /// nu; 0 to 1.
    package var regularizationExponent: Float

    package init(unobservedWeight: Float, regularization: Float, regularizationExponent: Float) {
        self.unobservedWeight = unobservedWeight
        self.regularization = regularization
        self.regularizationExponent = regularizationExponent
    }
}

/// Sparse lists item -> item, strongest first within a list.
///
/// Invariant: all five arrays but `offsets` have `offsets.last` elements; `offsets.count == I + 1`.
package struct NeighborLists: Sendable, Equatable {
    package var offsets: [Int]
    package var items: [Int32]
    /// What the list is sorted by, 0 to 1; for complements the shrunk confidence, less for
    /// bestsellers.
    package var scores: [Float]
    /// P(j | i) / P(j), from the raw counts.
    package var lifts: [Float]
    /// P(j | i), from the raw counts.
    package var confidences: [Float]

    package init(
        offsets: [Int], items: [Int32], scores: [Float], lifts: [Float], confidences: [Float]
    ) {
        self.offsets = offsets
        self.items = items
        self.scores = scores
        self.lifts = lifts
        self.confidences = confidences
    }

    package func range(of item: Int) -> Range<Int> { offsets[item]..<offsets[item + 1] }
}
