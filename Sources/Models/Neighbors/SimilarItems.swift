package import ModelParts

/// Items that the same people take: for each item, those with the largest cosine between their
/// vectors.
///
/// - Complexity: O(I^2 x D) time, O(I) memory a thread beside the lists.
package struct SimilarItems: Sendable {
    /// The longest list; at least 1.
    package var neighborsMax = 50

    package init() {}

    /// The lists of every item; an item whose vector is zero has none and is on none.
    ///
    /// Lifts and confidences are zero: they speak of baskets, and these lists were not counted in
    /// any.
    ///
    /// - Parameter items: item vectors, shape `[I, D]`, finite.
    /// - Returns: scores are cosines above 0, largest first and by number among equals.
    /// - Throws: ``TrainingError`` where training was cancelled.
    package func lists(items: Matrix, context: TrainingContext) throws(TrainingError)
        -> NeighborLists
    {
        let unit = items.unitRows
        return NeighborLists(
            keys: try VectorSearch(model: "similar", limit: neighborsMax)
                .lists(from: unit, to: unit, context: context))
    }
}

extension Matrix {
    /// The rows divided by their lengths; those that are zero stay so.
    fileprivate var unitRows: Matrix {
        var unit = self
        for row in 0..<rows {
            let norm = self[row: row].reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
            guard norm > 0 else { continue }
            for place in row * columns..<(row + 1) * columns { unit.values[place] /= norm }
        }
        return unit
    }
}
