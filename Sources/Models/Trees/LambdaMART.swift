package import ModelParts

/// Boosted regression trees that put each group's relevant candidate as high as they can.
///
/// Each tree follows the gradients of LambdaRank: every pair of the relevant candidate and another
/// pushes them apart, the more the larger the change of NDCG if the two swapped places. Pairs of
/// which neither is among the best `truncation` are left out.
///
/// Source: Burges 2010, "From RankNet to LambdaRank to LambdaMART: an overview", sections 4 and 7.
/// Gradients of a group are scaled to a sum of log2(1 + s) where they sum to s, so that groups in
/// which much is wrong do not drown the others, as LightGBM does.
package struct LambdaMART: Sendable {
    /// Trees at most; 1 or more.
    package var treesMax = 120
    /// Leaves of a tree, 2 to 64.
    package var leavesMax = 8
    /// Above 0, up to 1.
    package var learningRate = 0.1
    /// Rows of a leaf; at least 1.
    package var leafRowsMin = 50
    /// Of leaves' squared values; 0 or more.
    package var l2 = 1.0
    /// Pairs of which neither is within this place are left out; at least 1.
    package var truncation = 20

    package init() {}

    package struct Outcome: Sendable {
        package var trees: TreeEnsemble
        /// By held-out group, the relevant candidate's place, from 0.
        package var places: [(group: Int, place: Int)]
        /// By row; those of the held-out groups are what the trees give them.
        package var scores: [Float]
    }

    /// Grows trees on some of the groups, and keeps as many as rank the others best.
    ///
    /// - Parameters:
    ///   - held: the groups that judge; may be empty, and then all trees are kept.
    ///   - shouldStop: asked before each tree with how many there are; true ends boosting.
    /// - Complexity: O(trees x (rows x features x depth + groups x g log g)) for groups of g.
    package func fit(
        _ groups: RankingGroups, features: [RankerFeature], held: Set<Int>, threads: Int,
        shouldStop: (Int) -> Bool = { _ in false }
    ) -> Outcome {
        precondition(groups.columns.count == features.count, "\(groups.columns.count) columns")
        let bins = FeatureBins(groups.columns, threads: threads)
        let taught = (0..<groups.count).filter { !held.contains($0) }
        let judges = held.sorted()
        let grower = TreeGrower(
            bins, rows: taught.flatMap { groups.range(of: $0).map(Int32.init) },
            settings: .init(leavesMax: leavesMax, leafRowsMin: leafRowsMin, l2: l2),
            threads: threads)
        var trees = TreeEnsemble(features: features)
        var scores = Array(repeating: Float(0), count: groups.rows)
        var gradients = Array(repeating: SIMD2<Float>.zero, count: groups.rows)
        var order = (0..<Int32(groups.rows)).map { $0 }
        var best = (gain: -1.0, count: 0)
        var bestPlaces: [(group: Int, place: Int)] = []
        var bestScores: [Float] = []
        while trees.count < treesMax, !shouldStop(trees.count) {
            setGradients(&gradients, &order, scores, groups, taught, threads)
            let (tree, leaves) = grower.grow(gradients, rate: learningRate)
            guard tree.count > 1 else { break }
            trees.append(tree)
            let rows = grower.grown
            scores.withUnsafeMutableBufferPointer { scores in
                for leaf in leaves {
                    for place in leaf.rows { scores[Int(rows[place])] += leaf.value }
                }
            }
            guard !judges.isEmpty else { continue }
            for group in judges {
                for row in groups.range(of: group) { scores[row] += bins.value(tree, row) }
            }
            let places = judges.map { ($0, Self.place(groups, $0, scores)) }
            let gain = places.reduce(0) { $0 + Self.gain($1.1) }
            if gain > best.gain {
                best = (gain, trees.count)
                bestPlaces = places
                bestScores = scores
            }
        }
        return Outcome(
            trees: held.isEmpty ? trees : trees.prefix(best.count), places: bestPlaces,
            scores: held.isEmpty ? scores : bestScores)
    }

    /// The reciprocal rank, within the first ten.
    package static func gain(_ place: Int) -> Double { place < 10 ? 1 / Double(place + 1) : 0 }

    /// How many candidates of a group stand above the relevant one; half of those of its own score
    /// do.
    package static func place(_ groups: RankingGroups, _ group: Int, _ scores: [Float]) -> Int {
        let own = scores[groups.relevant[group]]
        var (above, tied) = (0, -1)
        for row in groups.range(of: group) {
            above += scores[row] > own ? 1 : 0
            tied += scores[row] == own ? 1 : 0
        }
        return above + tied / 2
    }

    /// What the relevant candidate is worth at a place from 0: 1 / log2(2 + place).
    private static func discount(_ place: Int) -> Double {
        place < discounts.count ? discounts[place] : 0
    }

    private static let discounts = (0..<4_096).map {
        logarithm(2.0) / logarithm(Double($0) + 2)
    }

    /// - Parameter order: within each group, its rows by their last scores; sorted anew here.
    private func setGradients(
        _ gradients: inout [SIMD2<Float>], _ order: inout [Int32], _ scores: [Float],
        _ groups: RankingGroups, _ taught: [Int], _ threads: Int
    ) {
        gradients.withUnsafeMutableBufferPointer { gradients in
            order.withUnsafeMutableBufferPointer { order in
                nonisolated(unsafe) let (target, order) = (gradients, order)
                parallelFor(count: taught.count, chunk: 64, threads: threads) { _, places in
                    scores.withUnsafeBufferPointer { scores in
                        for place in places {
                            let range = groups.range(of: taught[place])
                            let own = UnsafeMutableBufferPointer(rebasing: order[range])
                            Self.sort(own, by: scores)
                            self.push(
                                own, relevant: groups.relevant[taught[place]], scores, target)
                        }
                    }
                }
            }
        }
    }

    /// Sorts rows by their scores, largest first; fast where few have moved.
    private static func sort(
        _ rows: UnsafeMutableBufferPointer<Int32>, by scores: UnsafeBufferPointer<Float>
    ) {
        for place in rows.indices.dropFirst() {
            let row = rows[place]
            let score = scores[Int(row)]
            var at = place
            while at > 0, scores[Int(rows[at - 1])] < score {
                rows[at] = rows[at - 1]
                at -= 1
            }
            rows[at] = row
        }
    }

    /// Writes the gradients of one group.
    private func push(
        _ order: UnsafeMutableBufferPointer<Int32>, relevant: Int,
        _ scores: UnsafeBufferPointer<Float>,
        _ gradients: UnsafeMutableBufferPointer<SIMD2<Float>>
    ) {
        let own = order.firstIndex { Int($0) == relevant }!
        var sum = SIMD2<Float>.zero
        for place in order.indices where place != own {
            let row = Int(order[place])
            guard min(place, own) < truncation else {
                gradients[row] = .zero
                continue
            }
            let change = abs(Self.discount(own) - Self.discount(place))
            let difference = scores[relevant] - scores[row]
            // Where scores are far apart already, a pair has said what it has to say.
            let weight = Float(change) / (0.01 + abs(difference))
            let doubt = 1 / (1 + exponential(difference))
            let slope = SIMD2(weight * doubt, weight * doubt * (1 - doubt))
            gradients[row] = slope
            sum += slope
        }
        gradients[relevant] = SIMD2(-sum.x, sum.y)
        guard sum.x > 0 else { return }
        let scale = logarithm(1 + 2 * sum.x) / logarithm(Float(2)) / (2 * sum.x)
        for row in order { gradients[Int(row)] *= scale }
    }
}

extension FeatureBins {
    /// What a tree grown on these bins gives a row.
    func value(_ tree: [TreeEnsemble.Node], _ row: Int) -> Float {
        var place = 0
        while !tree[place].isLeaf {
            let node = tree[place]
            let feature = Int(node.feature)
            // A bin is as many thresholds as are below its values.
            let bin = Int(bins[feature][row])
            let isAbove = bin > 0 && thresholds[feature][bin - 1] >= node.threshold
            place = Int(isAbove ? node.right : node.left)
        }
        return tree[place].value
    }
}
