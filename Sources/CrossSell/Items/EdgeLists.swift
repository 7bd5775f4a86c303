internal import CKernels
internal import ModelParts

/// Lists of weighted edges in one block of memory, as they are summed: item and weight side by
/// side, so that a list is read from one place.
///
/// Invariant: `offsets.count == rows + 1`, ascending; every edge leads to an ordinal below
/// `itemCount`.
final class EdgeLists: @unchecked Sendable {
    // Sendable: the memory is written in init only.
    let rows: Int
    private let offsets: UnsafeMutablePointer<Int>
    private let edges: UnsafeMutablePointer<sc_edge>

    /// - Complexity: O(edges).
    init(_ lists: NeighborLists, itemCount: Int) {
        rows = lists.offsets.count - 1
        offsets = .allocate(capacity: rows + 1)
        offsets.initialize(from: lists.offsets, count: rows + 1)
        edges = .allocate(capacity: max(1, lists.items.count))
        for edge in lists.items.indices {
            precondition(
                0..<itemCount ~= Int(lists.items[edge]), "item \(lists.items[edge]) of \(itemCount)"
            )
            edges[edge] = sc_edge(
                item: UInt32(bitPattern: lists.items[edge]), weight: lists.scores[edge])
        }
    }

    deinit {
        offsets.deallocate()
        edges.deallocate()
    }

    /// How many edges a row has; 0 for ordinals past the catalog.
    func count(of row: Int) -> Int { row < rows ? offsets[row + 1] - offsets[row] : 0 }

    /// A row's edges, strongest first.
    subscript(row: Int) -> UnsafeBufferPointer<sc_edge> {
        UnsafeBufferPointer(start: edges + offsets[row], count: count(of: row))
    }
}
