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
