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
    /// The same lists with at most `limit` edges each: the largest by absolute weight, in the order
    /// they had.
    ///
    /// A slate reads only the top of what lists sum up to, so what they lose below is little; what a
    /// request costs is the sum of their lengths.
    ///
    /// - Complexity: O(edges x log of the longest list).
    package func strongest(_ limit: Int) -> NeighborLists {
        precondition(limit > 0, "lists of \(limit)")
        var cut = NeighborLists(offsets: [0], items: [], scores: [], lifts: [], confidences: [])
        cut.offsets.reserveCapacity(offsets.count)
        for row in 0..<offsets.count - 1 {
            let all = range(of: row)
            var kept = Array(all)
            if all.count > limit {
                kept.sort { (abs(scores[$1]), $0) < (abs(scores[$0]), $1) }
                kept = kept.prefix(limit).sorted()
            }
            for edge in kept {
                cut.items.append(items[edge])
                cut.scores.append(scores[edge])
                cut.lifts.append(lifts[edge])
                cut.confidences.append(confidences[edge])
            }
            cut.offsets.append(cut.items.count)
        }
        return cut
    }

    /// Cuts lists to the strongest edges, and says what was lost.
    package func cut(to edgesMax: Int) -> (lists: NeighborLists, cut: ListCut) {
        let lists = strongest(edgesMax)
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
