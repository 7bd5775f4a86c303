/// Lists that were cut for serving: to what length, and what was kept.
package struct ListCut: Sendable, Equatable {
    /// The most edges that a list keeps.
    package let edgesMax: Int
    /// The share of all edges that was kept, 0 to 1.
    package let keptEdges: Double
    /// The share of the sum of absolute weights that was kept, 0 to 1.
    package let keptWeight: Double
}

extension NeighborLists {
    /// Cuts lists to the strongest edges, and says what was lost.
    package func cut(to edgesMax: Int) -> (lists: NeighborLists, cut: ListCut) {
        let lists = truncated(to: edgesMax)
        func weight(_ lists: NeighborLists) -> Double {
            lists.scores.reduce(0) { $0 + Double(abs($1)) }
        }
        let (all, kept) = (weight(self), weight(lists))
        return (
            lists,
            ListCut(
                edgesMax: edgesMax,
                keptEdges: items.isEmpty ? 1 : Double(lists.items.count) / Double(items.count),
                keptWeight: all > 0 ? kept / all : 1)
        )
    }
}
