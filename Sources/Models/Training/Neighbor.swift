internal import ModelParts

/// One entry of an item's list while the lists are made.
struct Neighbor {
    var item: Int32
    var score: Float
    var lift: Float
    var confidence: Float
}

extension NeighborLists {
    /// The lists of items 0 and up, each strongest first.
    init(rows: UnsafeMutableBufferPointer<[Neighbor]>) {
        self.init(offsets: [0], items: [], scores: [], lifts: [], confidences: [])
        for row in rows {
            items.append(contentsOf: row.lazy.map(\.item))
            scores.append(contentsOf: row.lazy.map(\.score))
            lifts.append(contentsOf: row.lazy.map(\.lift))
            confidences.append(contentsOf: row.lazy.map(\.confidence))
            offsets.append(items.count)
        }
    }
}
