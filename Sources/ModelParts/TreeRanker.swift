internal import CKernels

/// Trees laid out for the kernel: they score candidates in blocks.
///
/// Allocates nothing once made; threads may share it. A candidate's score does not depend on the
/// others in its block.
///
/// `@unchecked Sendable`: its memory is written by `init` alone.
package final class TreeRanker: @unchecked Sendable {
    package let features: [RankerFeature]
    private let count: Int
    private let nodes: UnsafeMutablePointer<sc_tree_node>
    private let starts: UnsafeMutablePointer<Int>
    /// The sum of the roots' means: the score before any feature is looked at.
    package let base: Float

    package let nodeCount: Int

    /// The most candidates that are scored together: from one feature's row of the inputs to the
    /// next.
    package static let stride = Int(SC_TREES_BLOCK)

    package init(_ ensemble: TreeEnsemble) {
        features = ensemble.features
        count = ensemble.count
        nodeCount = ensemble.nodes.count
        nodes = .allocate(capacity: max(1, ensemble.nodes.count))
        for (place, node) in ensemble.nodes.enumerated() {
            (nodes + place).initialize(
                to: sc_tree_node(
                    feature: node.feature, threshold: node.threshold, left: node.left,
                    right: node.right, value: node.value))
        }
        starts = .allocate(capacity: ensemble.starts.count)
        starts.initialize(from: ensemble.starts, count: ensemble.starts.count)
        base = ensemble.starts.dropLast().reduce(0) { $0 + ensemble.nodes[$1].value }
    }

    /// The probability that log-odds stand for: the logistic function.
    package static func probability(_ sum: Float) -> Float { 1 / (1 + exponential(-sum)) }

    deinit {
        nodes.deallocate()
        starts.deallocate()
    }

    /// The sums of the trees for the first `count` candidates, by which they are ranked.
    ///
    /// - Parameters:
    ///   - inputs: shape `[F, stride]`, each row a feature of all candidates; aligned to 64 bytes,
    ///     as `scores` is.
    ///   - scores: `stride` floats; the first `count` are the scores then.
    /// - Complexity: O(nodes x candidates), without branches.
    package func score(
        _ count: Int, inputs: UnsafePointer<Float>, into scores: UnsafeMutablePointer<Float>
    ) {
        precondition(0...Self.stride ~= count, "\(count) candidates")
        scores.update(repeating: 0, count: Self.stride)
        starts.withMemoryRebound(to: size_t.self, capacity: self.count + 1) {
            sc_trees_add(nodes, $0, self.count, inputs, count, scores)
        }
    }

    /// Splits the scores of the first `count` candidates into features: with ``base``, the parts of each add
    /// up to its score but for rounding.
    ///
    /// On a candidate's way down a tree, the step from a node to its child changes the mean of the
    /// training candidates that are below; each step counts for the feature that the node splits by.
    ///
    /// - Parameters:
    ///   - inputs: as for ``score(_:inputs:into:)``.
    ///   - parts: shape `[F, stride]`, aligned like `inputs`; the first `count` of each row are the parts then.
    /// - Source: Palczewska et al. 2014, "Interpreting random forest classification models using a
    ///   feature contribution method", section 3.
    /// - Complexity: O(nodes x candidates), without branches.
    package func explain(
        _ count: Int, inputs: UnsafePointer<Float>, into parts: UnsafeMutablePointer<Float>
    ) {
        precondition(0...Self.stride ~= count, "\(count) candidates")
        parts.update(repeating: 0, count: features.count * Self.stride)
        starts.withMemoryRebound(to: size_t.self, capacity: self.count + 1) {
            sc_trees_explain(nodes, $0, self.count, inputs, count, parts)
        }
    }
}
