/// A sum of regression trees over features of a candidate: the second stage of a ranker.
///
/// Their sum is the log-odds of an item being taken, and the score that is shown its probability.
///
/// The first stage, a weighted sum, picks which candidates the trees see; see ``RankerParts``.
///
/// Invariant: every node's `feature` is below `features.count`; children stand behind their parent in
/// the same tree; a node has both children or none.
package struct TreeEnsemble: Sendable, Equatable {
    package struct Node: Sendable, Equatable {
        /// The place among ``TreeEnsemble/features`` of what a split looks at; 0 in a leaf.
        package var feature: Int32 = 0
        /// Above it a candidate goes right, else left.
        package var threshold: Float = 0
        /// Positions in the same tree, larger than the node's own; 0 in a leaf.
        package var left: Int32 = 0
        package var right: Int32 = 0
        /// What a leaf adds to the score; of a split, the mean over the candidates that came through
        /// it in training. What the mean changes by from a node to its child is the share of the
        /// parent's feature in a score.
        package var value: Float = 0

        package init() {}

        package var isLeaf: Bool { left == 0 }
    }

    /// What the trees look at; no feature twice.
    package var features: [RankerFeature]
    /// The trees' nodes, one tree after the other, each one's root first.
    package var nodes: [Node] = []
    /// Where each tree starts, and where the last one ends; shape `[T + 1]`.
    package var starts = [0]

    package init(features: [RankerFeature]) { self.features = features }

    /// T.
    package var count: Int { starts.count - 1 }

    /// The most nodes of one tree, and trees.
    package static let nodesMax = 127
    package static let treesMax = 10_000

    package mutating func append(_ tree: [Node]) {
        precondition(1...Self.nodesMax ~= tree.count, "a tree of \(tree.count) nodes")
        nodes += tree
        starts.append(nodes.count)
    }

    /// The first `count` trees.
    package func prefix(_ count: Int) -> TreeEnsemble {
        var result = TreeEnsemble(features: features)
        result.starts = Array(starts[...count])
        result.nodes = Array(nodes[..<starts[count]])
        return result
    }
}
