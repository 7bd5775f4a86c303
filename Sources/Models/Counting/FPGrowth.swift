internal import Interactions

/// Items that are in at least so many baskets together.
package struct FrequentSet: Sendable, Equatable {
    /// Ascending, at least one.
    package var items: [Int32]
    /// How many baskets hold all of them.
    package var support: Int
}

/// Finds all frequent sets without making candidates that are not.
///
/// Baskets are kept as paths in a tree, frequent items first, so that common beginnings are stored
/// once. The sets that end in an item are those of the paths that lead to it, found in a tree of
/// their own in the same way.
///
/// Source: Han, Pei and Yin 2000, "Mining frequent patterns without candidate generation".
struct FPGrowth: Sendable {
    private let tree: FPTree
    /// The item of each rank; rank 0 is in the most baskets.
    private let itemOf: [Int32]
    private let supportMin: Int
    private let itemsMax: Int

    /// - Parameters:
    ///   - units: what each basket counts; nil for 1 each.
    ///   - supportMin: the fewest baskets that hold a set, in units; at least 1.
    ///   - itemsMax: the most items of a set; at least 1.
    init(baskets: SparseMatrix, units: [Int32]? = nil, supportMin: Int, itemsMax: Int) {
        self.supportMin = supportMin
        self.itemsMax = itemsMax
        var counts = Array(repeating: 0, count: baskets.columnCount)
        for basket in 0..<baskets.rows {
            let unit = units.map { Int($0[basket]) } ?? 1
            for entry in baskets.row(basket) { counts[Int(baskets.columns[entry])] += unit }
        }
        let frequent = counts.indices.filter { counts[$0] >= supportMin }
            .sorted { (counts[$1], $0) < (counts[$0], $1) }
        var rankOf = Array(repeating: Int32(-1), count: counts.count)
        for (rank, item) in frequent.enumerated() { rankOf[item] = Int32(rank) }
        itemOf = frequent.map { Int32($0) }
        var tree = FPTree(ranks: frequent.count)
        for basket in 0..<baskets.rows {
            let path = baskets.columns[baskets.row(basket)].map { rankOf[Int($0)] }
                .filter { $0 >= 0 }.sorted()
            let unit = units.map { Int($0[basket]) } ?? 1
            if unit > 0 { tree.insert(path, count: unit) }
        }
        self.tree = tree
    }

    /// How many items are frequent by themselves.
    var frequentItems: Int { itemOf.count }

    /// The frequent sets whose least frequent item has this rank; ends early once there are more
    /// than `limit`.
    ///
    /// The sets of all ranks are all there are, each once.
    func sets(endingIn rank: Int, limit: Int) -> [FrequentSet] {
        var found: [FrequentSet] = []
        grow(tree, rank: rank, suffix: [], limit: limit, into: &found)
        return found
    }

    private func grow(
        _ tree: FPTree, rank: Int, suffix: [Int32], limit: Int, into found: inout [FrequentSet]
    ) {
        let support = tree.totals[rank]
        guard support >= supportMin, found.count <= limit else { return }
        let items = suffix + [itemOf[rank]]
        found.append(FrequentSet(items: items.sorted(), support: support))
        guard items.count < itemsMax else { return }
        let conditional = tree.conditional(on: rank, supportMin: supportMin)
        for next in 0..<rank {
            grow(conditional, rank: next, suffix: items, limit: limit, into: &found)
        }
    }
}

/// A prefix tree of baskets as ascending ranks.
private struct FPTree: Sendable {
    private struct Node {
        var rank: Int32
        /// -1 under the root.
        var parent: Int32
        /// The node before this one with the same rank, or -1.
        var previous: Int32
        var count: Int
    }

    private var nodes: [Node] = []
    /// By parent and rank.
    private var children: [Int64: Int32] = [:]
    /// The newest node of each rank, or -1.
    private var newest: [Int32]
    /// How many baskets hold each rank.
    private(set) var totals: [Int]

    init(ranks: Int) {
        newest = Array(repeating: -1, count: ranks)
        totals = Array(repeating: 0, count: ranks)
    }

    mutating func insert(_ path: some Sequence<Int32>, count: Int) {
        var parent: Int32 = -1
        for rank in path {
            totals[Int(rank)] += count
            let key = Int64(parent) << 32 | Int64(rank)
            if let child = children[key] {
                nodes[Int(child)].count += count
                parent = child
                continue
            }
            let child = Int32(nodes.count)
            nodes.append(
                Node(rank: rank, parent: parent, previous: newest[Int(rank)], count: count))
            newest[Int(rank)] = child
            children[key] = child
            parent = child
        }
    }

    /// What stands above a rank, as a tree of its own, without the ranks that are too rare there.
    func conditional(on rank: Int, supportMin: Int) -> FPTree {
        var counts = Array(repeating: 0, count: rank)
        forEachPath(to: rank) { path, count in
            for one in path { counts[Int(one)] += count }
        }
        var tree = FPTree(ranks: rank)
        forEachPath(to: rank) { path, count in
            tree.insert(path.lazy.filter { counts[Int($0)] >= supportMin }, count: count)
        }
        return tree
    }

    private func forEachPath(to rank: Int, _ body: (_ path: [Int32], _ count: Int) -> Void) {
        var node = newest[rank]
        while node >= 0 {
            var path: [Int32] = []
            var above = nodes[Int(node)].parent
            while above >= 0 {
                path.append(nodes[Int(above)].rank)
                above = nodes[Int(above)].parent
            }
            body(path.reversed(), nodes[Int(node)].count)
            node = nodes[Int(node)].previous
        }
    }
}
