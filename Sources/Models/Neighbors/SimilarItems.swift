internal import CKernels
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
        let unit = unitRows(items)
        return try unit.values.withUnsafeBufferPointer { values throws(TrainingError) in
            let addresses: [UnsafePointer<Float>?] = (0..<items.rows).map {
                values.baseAddress! + $0 * items.columns
            }
            return try addresses.withUnsafeBufferPointer { rows throws(TrainingError) in
                try lists(of: rows, columns: items.columns, context: context)
            }
        }
    }

    private func lists(
        of vectors: UnsafeBufferPointer<UnsafePointer<Float>?>, columns: Int,
        context: TrainingContext
    ) throws(TrainingError) -> NeighborLists {
        let rows = UnsafeMutableBufferPointer<[Neighbor]>.allocate(capacity: vectors.count)
        rows.initialize(repeating: [])
        defer { rows.deinitialize().deallocate() }
        nonisolated(unsafe) let (row, vectors) = (rows, vectors)
        let steps = min(32, vectors.count)
        for step in 0..<steps {
            guard !context.isCancelled() else {
                throw TrainingError("similar items: training was cancelled")
            }
            let (first, end) = (vectors.count * step / steps, vectors.count * (step + 1) / steps)
            parallelFor(count: end - first, chunk: 16, threads: context.threads) { _, range in
                var cosines = Array(repeating: Float(0), count: vectors.count)
                for item in first + range.lowerBound..<first + range.upperBound {
                    row[item] = nearest(
                        to: item, rows: vectors, columns: columns, cosines: &cosines)
                }
            }
            context.report(
                TrainingProgress(model: "similar", step: step + 1, steps: steps, loss: nil))
        }
        return NeighborLists(rows: rows)
    }

    /// - Parameters:
    ///   - rows: the addresses of all unit vectors.
    ///   - cosines: scratch for as many scores.
    private func nearest(
        to item: Int, rows: UnsafeBufferPointer<UnsafePointer<Float>?>, columns: Int,
        cosines: inout [Float]
    ) -> [Neighbor] {
        sc_dot_rows(rows[item]!, rows.baseAddress!, rows.count, columns, &cosines)
        var found: [Neighbor] = []
        for (other, cosine) in cosines.enumerated() where other != item && cosine > 0 {
            if found.count == neighborsMax, cosine <= found[neighborsMax - 1].score { continue }
            let neighbor = Neighbor(
                item: Int32(other), score: min(1, cosine), lift: 0, confidence: 0)
            insert(neighbor, into: &found)
        }
        return found
    }

    /// Keeps the list sorted and no longer than `neighborsMax`; later items lose among equals.
    private func insert(_ neighbor: Neighbor, into found: inout [Neighbor]) {
        if found.count == neighborsMax { found.removeLast() }
        var position = found.count
        while position > 0, found[position - 1].score < neighbor.score { position -= 1 }
        found.insert(neighbor, at: position)
    }

    private func unitRows(_ items: Matrix) -> Matrix {
        var unit = items
        for row in 0..<items.rows {
            let slice = items[row: row]
            let norm = slice.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
            guard norm > 0 else { continue }
            for index in slice.indices { unit.values[index] = slice[index] / norm }
        }
        return unit
    }
}
