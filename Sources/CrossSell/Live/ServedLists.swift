internal import CKernels
internal import Interactions

/// A generation's lists item -> item as they are served: the trained edges, with what the baskets since
/// training add to them.
///
/// A pair adds ``LiveCounts/weight(_:_:count:)`` times `share` to its edge, which so rises by `share` at
/// most; where training kept no edge, it makes one. Where an item has no such pairs, its trained edges are
/// lent as they lie.
///
/// Scratch of one engine: the edges of an item are valid until those of another are asked for.
final class ServedLists {
    let trained: EdgeLists
    private let counts: LiveCounts?
    private let share: Float
    private let edges: UnsafeMutableBufferPointer<sc_edge>
    /// By item, its place among `edges`, + 1; 0 between calls.
    private let places: UnsafeMutableBufferPointer<Int32>

    /// - Parameters:
    ///   - counts: nil where nothing is learned while serving.
    ///   - share: the most that an edge's weight rises by.
    init(_ trained: EdgeLists, _ counts: LiveCounts?, share: Float) {
        self.trained = trained
        self.counts = share > 0 ? counts : nil
        self.share = share
        let longest = (0..<trained.rows).reduce(0) { max($0, trained.count(of: $1)) }
        edges = .allocate(capacity: self.counts == nil ? 0 : longest + PairCounts.listed)
        places = .allocate(capacity: self.counts == nil ? 0 : trained.rows)
        places.initialize(repeating: 0)
    }

    deinit {
        edges.deallocate()
        places.deallocate()
    }

    /// How many edges an item has, at most.
    func count(of item: Int) -> Int {
        trained.count(of: item) + (counts?.pairs.partnerCount(of: item) ?? 0)
    }

    /// An item's edges, in no order; none for ordinals past the catalog.
    subscript(clamped item: UInt32) -> UnsafeBufferPointer<sc_edge> {
        let own = trained[clamped: item]
        guard let counts else { return own }
        let partners = counts.pairs.partnerCount(of: Int(item))
        return partners == 0 ? own : merged(own, Int(item), partners, counts)
    }

    private func merged(
        _ own: UnsafeBufferPointer<sc_edge>, _ item: Int, _ partners: Int, _ counts: LiveCounts
    ) -> UnsafeBufferPointer<sc_edge> {
        let (edges, places) = (edges, places)
        var count = own.count
        for place in 0..<count {
            edges[place] = own[place]
            places[Int(own[place].item)] = Int32(place + 1)
        }
        for place in 0..<partners {
            let (partner, together) = counts.pairs.partner(place, of: item)
            let weight = share * counts.weight(item, Int(partner), count: together)
            let known = Int(places[Int(partner)])
            if known > 0 {
                edges[known - 1].weight += weight
            } else {
                edges[count] = sc_edge(item: partner, weight: weight)
                count += 1
            }
        }
        for edge in own { places[Int(edge.item)] = 0 }
        return UnsafeBufferPointer(rebasing: edges[..<count])
    }
}
