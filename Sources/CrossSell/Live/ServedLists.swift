internal import CKernels
internal import Interactions

/// A generation's lists item -> item as they are served: the trained edges, those from and to items that were
/// added, and what the baskets since training add to them.
///
/// A pair adds ``LiveCounts/weight(_:_:count:)`` times a share to its edge, which so rises by that at most;
/// where there is no edge, it makes one. The share is `share` where training knew both items well, and comes up to
/// `newShare` the more of what is known of one of them was recorded since, as training's edges then say little. Where an item has nothing but trained edges, these are lent as
/// they lie.
///
/// Scratch of one engine: the edges of an item are valid until those of another are asked for.
final class ServedLists {
    let trained: EdgeLists
    private let added: AddedEdges?
    private let counts: LiveCounts?
    private let share: Float
    private let newShare: Float
    private let edges: UnsafeMutableBufferPointer<sc_edge>
    /// By item, its place among `edges`, + 1; 0 between calls.
    private let places: UnsafeMutableBufferPointer<Int32>

    /// - Parameters:
    ///   - added: edges from and to items that were added; nil where none can be.
    ///   - counts: nil where nothing is learned while serving.
    ///   - share: the most that an edge's weight rises by, between items that training knew.
    ///   - newShare: the same where it knew one of them not at all; at least `share`.
    ///   - itemCount: one more than the largest ordinal of an edge.
    init(
        _ trained: EdgeLists, _ added: AddedEdges?, _ counts: LiveCounts?, share: Float,
        newShare: Float, itemCount: Int
    ) {
        self.trained = trained
        self.added = added
        self.counts = share > 0 ? counts : nil
        (self.share, self.newShare) = (share, newShare)
        let longest = (0..<trained.rows).reduce(0) { max($0, trained.count(of: $1)) }
        let isOwn = self.counts != nil || added != nil
        edges = .allocate(
            capacity: isOwn ? longest + AddedEdges.ownMax + PairCounts.listed : 0)
        places = .allocate(capacity: isOwn ? itemCount : 0)
        places.initialize(repeating: 0)
    }

    deinit {
        edges.deallocate()
        places.deallocate()
    }

    /// How many edges an item has, at most.
    func count(of item: Int) -> Int {
        trained.count(of: item) + (added?.count(of: item) ?? 0)
            + (counts?.pairs.partnerCount(of: item) ?? 0)
    }

    /// An item's edges, in no order; none for ordinals past the catalog.
    subscript(clamped item: UInt32) -> UnsafeBufferPointer<sc_edge> {
        let own = trained[clamped: item]
        let new = added?.count(of: Int(item)) ?? 0
        let partners = counts?.pairs.partnerCount(of: Int(item)) ?? 0
        return new == 0 && partners == 0 ? own : merged(own, Int(item), new, partners)
    }

    private func merged(
        _ own: UnsafeBufferPointer<sc_edge>, _ item: Int, _ new: Int, _ partners: Int
    ) -> UnsafeBufferPointer<sc_edge> {
        let (edges, places) = (edges, places)
        var count = 0
        func append(_ edge: sc_edge) {
            edges[count] = edge
            count += 1
            places[Int(edge.item)] = Int32(count)
        }
        for edge in own { append(edge) }
        if let added {
            for place in 0..<new {
                let edge = added.edge(place, of: item)
                // One that is replaced by another just now may be met twice.
                if places[Int(edge.item)] == 0 { append(edge) }
            }
        }
        if let counts {
            let novelty = counts.novelty(of: item)
            for place in 0..<partners {
                let (partner, together) = counts.pairs.partner(place, of: item)
                let most = max(novelty, counts.novelty(of: Int(partner)))
                let weight =
                    (share + (newShare - share) * most)
                    * counts.weight(item, Int(partner), count: together)
                let known = Int(places[Int(partner)])
                if known > 0 {
                    edges[known - 1].weight += weight
                } else {
                    append(sc_edge(item: partner, weight: weight))
                }
            }
        }
        for edge in edges[..<count] { places[Int(edge.item)] = 0 }
        return UnsafeBufferPointer(rebasing: edges[..<count])
    }
}
