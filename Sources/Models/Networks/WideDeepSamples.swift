internal import CKernels
internal import Interactions
internal import ModelParts

/// What ``WideDeep`` learns its ranker from: held-out items against others, and the features of
/// both as the first stage has them that saw the rest alone.
///
/// Others are drawn half from the first stage's best for the user, and half by popularity, so that
/// the probability of each draw is known.
///
/// `@unchecked Sendable`: nothing is written after the initializer.
final class WideDeepSamples: @unchecked Sendable {
    /// In the order of a row's columns.
    let features: [RankerFeature]
    static let crossColumn = 1
    /// The columns of a row: features, the shopper's vector, the item's.
    let columns: Int
    let dimensions: Int
    let contexts: SparseMatrix
    let held: SparseMatrix
    /// By user, the first stage's best of the items she is not known to have taken.
    let pools: [[Int32]]
    let crosses: CrossWeights
    private let embeddings: (users: Matrix, items: Matrix)
    /// By item, those whose lists hold it, and its scores there.
    private let neighbors: SparseRows
    private let popularity: [Float]
    /// Sums of what is drawn by.
    private let cumulated: [Double]
    /// What a row's columns are multiplied by after something is taken away, so that they vary as
    /// much as 1.
    private(set) var means: [Float]
    private(set) var scales: [Float]

    private static let popularityExponent = 0.75
    /// The items of a pool.
    private static let poolMax = 200

    /// - Parameters:
    ///   - relation: what `neighbors` are, complements or similar items.
    ///   - neighbors: I x I, row i the items whose lists hold i.
    ///   - threads: at least 1.
    init(
        _ split: HoldOut, share: Double, embeddings: (users: Matrix, items: Matrix),
        relation: RankerFeature, neighbors: SparseMatrix, crosses: CrossWeights, threads: Int
    ) {
        contexts = split.rest.interactions
        held = split.held
        self.embeddings = embeddings
        self.neighbors = SparseRows(neighbors)
        self.crosses = crosses
        dimensions = embeddings.items.columns
        features = [.product, .itemWeights, relation, .popularity, .historyLength]
        columns = features.count + 2 * dimensions
        let counts = split.rest.popularity
        // As large as it will be once nothing is held out any more.
        popularity = counts.map { RankerFeature.popularity($0 / Float(1 - share)) }
        var sum = 0.0
        cumulated = counts.map {
            sum += power(Double($0) + 1, Self.popularityExponent)
            return sum
        }
        pools = Self.pools(embeddings, contexts, threads: threads)
        means = Array(repeating: 0, count: columns)
        scales = Array(repeating: 1, count: columns)
    }

    var items: Int { contexts.columnCount }

    /// Fills the rows of some items for a user.
    ///
    /// - Parameters:
    ///   - isPast: all false; is so again afterwards.
    ///   - rows: receives `items.count` rows.
    ///   - crossing: receives, for each item, the entries of the crosses that count, `longest`
    ///     places apart, and how many they are.
    func fill(
        user: Int, items: some Collection<Int32>, isPast: UnsafeMutablePointer<Bool>,
        rows: UnsafeMutablePointer<Float>, crossing: UnsafeMutablePointer<Int32>,
        crossingCounts: UnsafeMutablePointer<Int32>
    ) {
        let history = contexts.row(user)
        for entry in history { isPast[Int(contexts.columns[entry])] = true }
        defer { for entry in history { isPast[Int(contexts.columns[entry])] = false } }
        let length = RankerFeature.historyLength(history.count)
        let vector = embeddings.users[row: user]
        for (place, item) in items.enumerated() {
            let row = rows + place * columns
            let other = embeddings.items[row: Int(item)]
            row[0] = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
            // The crosses come in beside the network.
            row[Self.crossColumn] = 0
            row[2] = 0
            for entry in neighbors.range(Int(item)) where isPast[Int(neighbors.columns[entry])] {
                row[2] += neighbors.values[entry]
            }
            row[3] = popularity[Int(item)]
            row[4] = length
            let sides = row + features.count
            for (d, value) in vector.enumerated() { sides[d] = value }
            for (d, value) in other.enumerated() { sides[dimensions + d] = value }
            for k in 0..<columns { row[k] = (row[k] - means[k]) * scales[k] }
            let entries = crossing + place * crosses.longest
            var count = 0
            for entry in crosses.sources.range(Int(item))
            where isPast[Int(crosses.sources.columns[entry])] {
                entries[count] = Int32(entry)
                count += 1
            }
            crossingCounts[place] = Int32(count)
        }
    }

    /// An item that the user is neither known nor held out to have taken; one who took nearly all
    /// may get one that she took rather than none.
    func draw(user: Int, _ generator: inout SeededGenerator) -> Int32 {
        var item: Int32 = 0
        for _ in 0..<64 {
            let pool = pools[user]
            if generator.next() >> 63 == 0, !pool.isEmpty {
                item = pool[Int.random(in: 0..<pool.count, using: &generator)]
            } else {
                let place = Double(generator.next() >> 11) * 0x1p-53 * cumulated.last!
                var (low, high) = (0, cumulated.count - 1)
                while low < high {
                    let middle = (low + high) / 2
                    if cumulated[middle] <= place { low = middle + 1 } else { high = middle }
                }
                item = Int32(low)
            }
            if !held.has(item, user), !contexts.has(item, user) { break }
        }
        return item
    }

    /// The probability that ``draw(user:_:)`` tries this item first.
    func probability(of item: Int32, user: Int) -> Double {
        let before = item == 0 ? 0 : cumulated[Int(item) - 1]
        let popular = (cumulated[Int(item)] - before) / cumulated.last!
        let pool = pools[user]
        guard !pool.isEmpty else { return popular }
        return 0.5 * popular + (pool.contains(item) ? 0.5 / Double(pool.count) : 0)
    }

    /// Sets means and scales from samples of some users.
    func standardize(users: [Int], seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var sums = Array(repeating: 0.0, count: columns)
        var squares = sums
        var count = 0.0
        let past = UnsafeMutablePointer<Bool>.allocate(capacity: items)
        past.initialize(repeating: false, count: items)
        defer { past.deallocate() }
        var rows = Array(repeating: Float(0), count: 2 * columns)
        var crossing = Array(repeating: Int32(0), count: 2 * max(1, crosses.longest))
        var counts: [Int32] = [0, 0]
        for user in users.prefix(10_000) {
            let one = held.columns[held.row(user)].first!
            let pair = [one, draw(user: user, &generator)]
            fill(
                user: user, items: pair, isPast: past, rows: &rows, crossing: &crossing,
                crossingCounts: &counts)
            for k in rows.indices {
                sums[k % columns] += Double(rows[k])
                squares[k % columns] += Double(rows[k]) * Double(rows[k])
            }
            count += 2
        }
        guard count > 0 else { return }
        for column in 0..<columns {
            let mean = sums[column] / count
            let variance = squares[column] / count - mean * mean
            // A column that never changes is told nothing about, and stays nothing.
            let scale = variance > 1e-12 ? 1 / variance.squareRoot() : 0
            means[column] = Float(mean)
            scales[column] = Float(scale)
        }
        (means[Self.crossColumn], scales[Self.crossColumn]) = (0, 1)
    }

    private static func pools(
        _ embeddings: (users: Matrix, items: Matrix), _ contexts: SparseMatrix, threads: Int
    ) -> [[Int32]] {
        let (users, items) = (contexts.rows, contexts.columnCount)
        let dimensions = embeddings.items.columns
        let lists = UnsafeMutableBufferPointer<[Int32]>.allocate(capacity: users)
        lists.initialize(repeating: [])
        defer { lists.deinitialize().deallocate() }
        nonisolated(unsafe) let list = lists
        let block = 64
        parallelFor(count: users, chunk: block, threads: threads) { _, range in
            var scores = Array(repeating: Float(0), count: block * items)
            embeddings.users.values.withUnsafeBufferPointer { values in
                sc_blas_gemm(
                    values.baseAddress! + range.lowerBound * dimensions, dimensions, false,
                    embeddings.items.values, dimensions, true, range.count, items, dimensions,
                    false, &scores, items)
            }
            for user in range {
                let taken = Set(contexts.columns[contexts.row(user)])
                guard !taken.isEmpty else { continue }
                let first = (user - range.lowerBound) * items
                var keys: [RankedKey] = []
                keys.reserveCapacity(items)
                for item in 0..<Int32(items) where !taken.contains(item) {
                    keys.append(RankedKey(item: item, score: scores[first + Int(item)]))
                }
                keys.keepFirst(poolMax)
                list[user] = keys.map(\.item)
            }
        }
        return Array(lists)
    }
}

extension SparseMatrix {
    /// Whether a row holds a column. Complexity: O(log of the row's entries).
    fileprivate func has(_ column: Int32, _ row: Int) -> Bool {
        var (low, high) = (rowOffsets[row], rowOffsets[row + 1])
        while low < high {
            let middle = (low + high) / 2
            if columns[middle] < column { low = middle + 1 } else { high = middle }
        }
        return low < rowOffsets[row + 1] && columns[low] == column
    }
}
