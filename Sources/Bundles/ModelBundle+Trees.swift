internal import ModelParts

/// The trees of a ranker as tensors and back.
extension ModelBundle {
    static func tensors(_ trees: TreeEnsemble) -> [Tensor] {
        let name = "ranker.trees"
        return TextColumns.tensors("\(name).features", trees.features.map(\.rawValue)) + [
            Tensor("\(name).starts", .int64(trees.starts)),
            Tensor("\(name).splits", .int32(trees.nodes.map(\.feature))),
            Tensor("\(name).thresholds", .float32(trees.nodes.map(\.threshold))),
            Tensor("\(name).children", .int32(trees.nodes.flatMap { [$0.left, $0.right] })),
            Tensor("\(name).values", .float32(trees.nodes.map(\.value))),
        ]
    }

    /// - Parameter parts: the other parts, which the features must come from.
    static func trees(
        _ set: inout TensorSet, for parts: ModelParts
    ) throws(BundleError) -> TreeEnsemble? {
        let name = "ranker.trees"
        guard set.contains("\(name).features.bytes") else { return nil }
        var trees = TreeEnsemble(
            features: try takeFeatures(&set, "\(name).features", parts))
        let starts = try set.takeOffsets("\(name).starts", rows: nil)
        guard starts.count - 1 <= TreeEnsemble.treesMax else {
            throw set.problem(
                "\(name).starts",
                "has \(starts.count - 1) trees; there are at most \(TreeEnsemble.treesMax)")
        }
        let count = starts.last!
        let splits = try set.takeIndices(
            "\(name).splits", count: count, within: 0..<Int32(trees.features.count))
        let thresholds = try set.takeFloats("\(name).thresholds", count: count)
        let children = try set.takeIndices(
            "\(name).children", count: 2 * count, within: 0..<Int32(TreeEnsemble.nodesMax))
        let values = try set.takeFloats("\(name).values", count: count)
        for tree in 0..<starts.count - 1 {
            let size = starts[tree + 1] - starts[tree]
            guard 1...TreeEnsemble.nodesMax ~= size else {
                throw set.problem(
                    "\(name).starts",
                    "tree \(tree) has \(size) nodes, not 1 to \(TreeEnsemble.nodesMax)")
            }
            var nodes: [TreeEnsemble.Node] = []
            for place in 0..<size {
                let at = starts[tree] + place
                var node = TreeEnsemble.Node()
                (node.left, node.right) = (children[2 * at], children[2 * at + 1])
                let isLeaf = node.left == 0 && node.right == 0
                guard
                    isLeaf
                        || min(node.left, node.right) > place
                            && max(node.left, node.right) < size
                else {
                    throw set.problem(
                        "\(name).children",
                        "node \(place) of tree \(tree) leads to \(node.left) and \(node.right); "
                            + "children stand behind their node, within its tree")
                }
                (node.feature, node.threshold) = (splits[at], thresholds[at])
                node.value = values[at]
                nodes.append(node)
            }
            trees.append(nodes)
        }
        return trees
    }
}
