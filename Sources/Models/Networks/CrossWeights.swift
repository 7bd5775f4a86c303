internal import Interactions
internal import ModelParts

/// The weights of products of features "took j" and "is shown i", for chosen pairs of items.
///
/// Learned by FTRL-proximal: with g the gradients so far, w minimizes
/// `g . w + sum of sigma_s |w - w_s|^2 / 2 + l1 |w|_1 + l2 |w|^2 / 2`, so that a weight that does
/// not pay its way is exactly zero. Source: McMahan et al. 2013, "Ad click prediction: a view from
/// the trenches", algorithm 1.
///
/// `@unchecked Sendable`: threads only read while gradients are taken; in between each writes the
/// weights that lead to the items it owns.
final class CrossWeights: @unchecked Sendable {
    struct Settings: Sendable {
        /// alpha; positive.
        var rate: Float
        /// beta; 0 or more.
        var smoothing: Float = 1
        /// 0 or more.
        var l1: Float
        /// 0 or more.
        var l2: Float
    }

    /// By item shown, the entries of those that lead to it.
    let sources: SparseRows
    let settings: Settings
    /// Shape `[entries]`, as the next two.
    let weights: UnsafeMutablePointer<Float>
    private let sums: UnsafeMutablePointer<Float>
    private let squares: UnsafeMutablePointer<Float>
    private let count: Int
    /// The most entries that lead to one item.
    let longest: Int

    /// - Parameter sources: I x I, row i the items j that may lead to i.
    init(sources matrix: SparseMatrix, settings: Settings) {
        sources = SparseRows(matrix)
        self.settings = settings
        count = matrix.nonZeroCount
        longest = matrix.longestRow
        weights = .allocate(capacity: max(1, 3 * count))
        weights.initialize(repeating: 0, count: 3 * count)
        sums = weights + count
        squares = sums + count
    }

    deinit { weights.deallocate() }

    /// The step of one weight for one sample.
    func step(_ entry: Int, slope: Float) {
        let before = squares[entry].squareRoot()
        squares[entry] += slope * slope
        let root = squares[entry].squareRoot()
        let sigma = (root - before) / settings.rate
        sums[entry] += slope - sigma * weights[entry]
        let sum = sums[entry]
        guard abs(sum) > settings.l1 else {
            weights[entry] = 0
            return
        }
        let shrunk = sum > 0 ? sum - settings.l1 : sum + settings.l1
        weights[entry] = -shrunk / ((settings.smoothing + root) / settings.rate + settings.l2)
    }

    /// A copy of the weights.
    func snapshot() -> [Float] { Array(UnsafeBufferPointer(start: weights, count: count)) }

    /// Lists of where each item's weights lead to, largest first, without those that are zero.
    func lists(_ snapshot: [Float]) -> NeighborLists {
        var rows: [[RankedKey]] = Array(repeating: [], count: sources.rows)
        for item in 0..<sources.rows {
            for entry in sources.range(item) where snapshot[entry] != 0 {
                rows[Int(sources.columns[entry])].append(
                    RankedKey(item: Int32(item), score: snapshot[entry]))
            }
        }
        for row in rows.indices { rows[row].sort() }
        return rows.withUnsafeMutableBufferPointer { NeighborLists(keys: $0) }
    }
}
