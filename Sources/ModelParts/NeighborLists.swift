/// Sparse lists item -> item, strongest first within a list.
///
/// Invariant: all five arrays but `offsets` have `offsets.last` elements; `offsets.count == I + 1`.
package struct NeighborLists: Sendable, Equatable {
    package var offsets: [Int]
    package var items: [Int32]
    /// What the list is sorted by. Of complements and similar items 0 to 1: a strength, by which
    /// bestsellers count less, and no probability; that is in `confidences`.
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

    /// The entries of the largest scores by absolute value, at most so many of each list, in the
    /// order they have. Of equals the first stay.
    ///
    /// - Parameter limit: 0 or more.
    /// - Complexity: O(entries x log of the longest list).
    package func truncated(to limit: Int) -> NeighborLists {
        precondition(limit >= 0, "lists of \(limit)")
        let rows = offsets.count - 1
        guard (0..<rows).contains(where: { range(of: $0).count > limit }) else { return self }
        var cut = NeighborLists(offsets: [0], items: [], scores: [], lifts: [], confidences: [])
        cut.offsets.reserveCapacity(offsets.count)
        for row in 0..<rows {
            let list = range(of: row)
            let kept =
                list.count <= limit
                ? Array(list)
                : list.sorted { (abs(scores[$1]), $0) < (abs(scores[$0]), $1) }.prefix(limit)
                    .sorted()
            for entry in kept {
                cut.items.append(items[entry])
                cut.scores.append(scores[entry])
                cut.lifts.append(lifts[entry])
                cut.confidences.append(confidences[entry])
            }
            cut.offsets.append(cut.items.count)
        }
        return cut
    }
}
