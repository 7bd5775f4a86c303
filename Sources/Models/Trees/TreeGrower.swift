internal import CKernels
internal import ModelParts

/// Grows one regression tree after the other on the same binned rows, best leaf first.
///
/// A leaf's gain and value are those of a second-order step: with G and H the sums of its rows'
/// gradients and second derivatives, the value is -G / (H + l2).
///
/// Source: Ke et al. 2017, "LightGBM: a highly efficient gradient boosting decision tree", section 2
/// (histograms), and its leaf-wise growth; gains are Chen and Guestrin 2016, "XGBoost", equation 7.
final class TreeGrower {
    struct Settings {
        var leavesMax: Int
        var leafRowsMin: Int
        var l2: Double
    }

    private let bins: FeatureBins
    private let settings: Settings
    private let threads: Int
    /// The rows in the order of the leaves that they are in.
    private let rows: UnsafeMutableBufferPointer<Int32>
    private let moved: UnsafeMutableBufferPointer<Int32>
    /// The leaf's gradients and second derivatives, side by side, in the order of its rows.
    private let slopes: UnsafeMutableBufferPointer<SIMD2<Float>>

    /// Shape `[F, binsMax]`.
    private typealias Histogram = [sc_tree_bin]
    private static let binsMax = 256

    private struct Leaf {
        var node: Int
        var range: Range<Int>
        var sums: sc_tree_bin
        var histogram: Histogram
        var split: Split?
    }

    private struct Split {
        var gain: Double
        var feature: Int
        var bin: Int
    }

    init(_ bins: FeatureBins, rows: [Int32], settings: Settings, threads: Int) {
        self.bins = bins
        self.rows = .allocate(capacity: rows.count)
        _ = self.rows.initialize(from: rows)
        self.settings = settings
        self.threads = threads
        moved = .allocate(capacity: rows.count)
        moved.initialize(repeating: 0)
        slopes = .allocate(capacity: rows.count)
        slopes.initialize(repeating: .zero)
    }

    deinit {
        rows.deallocate()
        moved.deallocate()
        slopes.deallocate()
    }

    /// The rows it grows on, in an order of its own.
    var grown: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(rows) }

    /// Grows a tree.
    ///
    /// - Parameters:
    ///   - gradients: by row.
    ///   - rate: what each leaf's value is multiplied by.
    /// - Returns: the tree, and each leaf's rows as positions in ``grown``.
    /// - Complexity: O(rows x features x depth).
    func grow(_ gradients: [SIMD2<Float>], rate: Double)
        -> (tree: [TreeEnsemble.Node], leaves: [(value: Float, rows: Range<Int>)])
    {
        var tree = [TreeEnsemble.Node()]
        var leaves = [makeLeaf(node: 0, 0..<rows.count, gradients)]
        while leaves.count < settings.leavesMax {
            guard
                let place = leaves.indices.filter({ leaves[$0].split != nil }).max(by: {
                    leaves[$0].split!.gain < leaves[$1].split!.gain
                })
            else { break }
            let (low, high) = divide(leaves[place], gradients, &tree)
            leaves[place] = low
            leaves.append(high)
        }
        for leaf in leaves { tree[leaf.node].value = Float(rate * value(leaf.sums)) }
        setMeans(of: &tree, leaves.map { ($0.node, Double($0.range.count)) })
        return (tree, leaves.map { (tree[$0.node].value, $0.range) })
    }

    private func value(_ sums: sc_tree_bin) -> Double {
        -sums.gradient / (sums.curvature + settings.l2)
    }

    private func score(_ sums: sc_tree_bin) -> Double {
        sums.gradient * sums.gradient / (sums.curvature + settings.l2)
    }

    /// A split's value is the mean of its leaves', by their rows.
    private func setMeans(of tree: inout [TreeEnsemble.Node], _ leaves: [(node: Int, rows: Double)])
    {
        var counts = Array(repeating: 0.0, count: tree.count)
        for leaf in leaves { counts[leaf.node] = leaf.rows }
        for node in tree.indices.reversed() where !tree[node].isLeaf {
            let (left, right) = (Int(tree[node].left), Int(tree[node].right))
            counts[node] = counts[left] + counts[right]
            let sum =
                counts[left] * Double(tree[left].value) + counts[right] * Double(tree[right].value)
            tree[node].value = Float(sum / counts[node])
        }
    }

    // MARK: Leaves

    private func makeLeaf(node: Int, _ range: Range<Int>, _ gradients: [SIMD2<Float>]) -> Leaf {
        var sums = sc_tree_bin()
        let (rows, slopes) = (rows, slopes)
        gradients.withUnsafeBufferPointer { gradients in
            for place in range {
                let slope = gradients[Int(rows[place])]
                slopes[place] = slope
                sums += sc_tree_bin(
                    gradient: Double(slope.x), curvature: Double(slope.y), rows: 1)
            }
        }
        var leaf = Leaf(
            node: node, range: range, sums: sums, histogram: histogram(of: range))
        leaf.split = bestSplit(of: leaf)
        return leaf
    }

    /// Each feature is one thread's, so that sums do not depend on how many there are.
    private func histogram(of range: Range<Int>) -> Histogram {
        let features = bins.bins.count
        var histogram = Array(
            repeating: sc_tree_bin(), count: features * Self.binsMax)
        histogram.withUnsafeMutableBufferPointer { histogram in
            nonisolated(unsafe) let target = histogram.baseAddress!
            nonisolated(unsafe) let rows = rows.baseAddress! + range.lowerBound
            nonisolated(unsafe) let slopes = UnsafeRawPointer(
                slopes.baseAddress! + range.lowerBound
            ).assumingMemoryBound(to: Float.self)
            parallelFor(count: features, chunk: 1, threads: threads) { [bins] _, own in
                for feature in own {
                    bins.bins[feature].withUnsafeBufferPointer {
                        sc_trees_histogram(
                            $0.baseAddress!, rows, slopes, range.count,
                            target + feature * Self.binsMax)
                    }
                }
            }
        }
        return histogram
    }

    private func bestSplit(of leaf: Leaf) -> Split? {
        guard leaf.range.count >= 2 * settings.leafRowsMin else { return nil }
        let rowsMin = Double(settings.leafRowsMin)
        let whole = score(leaf.sums)
        var best: Split?
        for feature in bins.thresholds.indices {
            var low = sc_tree_bin()
            for bin in bins.thresholds[feature].indices {
                low += leaf.histogram[feature * Self.binsMax + bin]
                guard low.rows >= rowsMin else { continue }
                let high = leaf.sums - low
                guard high.rows >= rowsMin else { break }
                let gain = score(low) + score(high) - whole
                if gain > (best?.gain ?? 1e-9) {
                    best = Split(gain: gain, feature: feature, bin: bin)
                }
            }
        }
        return best
    }

    /// Turns a leaf into a split with two leaves.
    private func divide(
        _ leaf: Leaf, _ gradients: [SIMD2<Float>], _ tree: inout [TreeEnsemble.Node]
    ) -> (low: Leaf, high: Leaf) {
        let split = leaf.split!
        var (low, high) = (leaf.range.lowerBound, 0)
        let (rows, moved) = (rows, moved)
        bins.bins[split.feature].withUnsafeBufferPointer { own in
            for place in leaf.range {
                let row = rows[place]
                let isLow = Int(own[Int(row)]) <= split.bin
                // Written on both sides, so that nothing has to be guessed.
                rows[low] = row
                moved[high] = row
                low += isLow ? 1 : 0
                high += isLow ? 0 : 1
            }
        }
        for place in 0..<high { rows[low + place] = moved[place] }
        tree[leaf.node].feature = Int32(split.feature)
        tree[leaf.node].threshold = bins.thresholds[split.feature][split.bin]
        tree[leaf.node].left = Int32(tree.count)
        tree[leaf.node].right = Int32(tree.count + 1)
        tree += [TreeEnsemble.Node(), TreeEnsemble.Node()]
        let ranges = (leaf.range.lowerBound..<low, low..<leaf.range.upperBound)
        let nodes = (tree.count - 2, tree.count - 1)
        // The larger one's histogram is what the smaller one's leaves of their parent's.
        let isLowSmaller = ranges.0.count <= ranges.1.count
        let small = makeLeaf(
            node: isLowSmaller ? nodes.0 : nodes.1, isLowSmaller ? ranges.0 : ranges.1, gradients)
        var large = Leaf(
            node: isLowSmaller ? nodes.1 : nodes.0, range: isLowSmaller ? ranges.1 : ranges.0,
            sums: leaf.sums - small.sums, histogram: leaf.histogram)
        for place in large.histogram.indices { large.histogram[place] -= small.histogram[place] }
        large.split = bestSplit(of: large)
        return isLowSmaller ? (small, large) : (large, small)
    }
}

extension sc_tree_bin {
    fileprivate static func += (left: inout sc_tree_bin, right: sc_tree_bin) {
        left.gradient += right.gradient
        left.curvature += right.curvature
        left.rows += right.rows
    }

    fileprivate static func -= (left: inout sc_tree_bin, right: sc_tree_bin) {
        left = left - right
    }

    fileprivate static func - (left: sc_tree_bin, right: sc_tree_bin) -> sc_tree_bin {
        sc_tree_bin(
            gradient: left.gradient - right.gradient,
            curvature: left.curvature - right.curvature, rows: left.rows - right.rows)
    }
}
