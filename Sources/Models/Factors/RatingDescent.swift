internal import CKernels
internal import Interactions
internal import ModelParts

/// The epochs of ``SVDPlusPlus``.
///
/// `@unchecked Sendable`: while users take their turns, threads only read the items' tables and
/// write their own user's row and places of the buffers; while items take their steps, each thread
/// writes the rows it owns.
final class RatingDescent: @unchecked Sendable {
    private let ratings: SparseMatrix
    private let dimensions: Int
    private let regularization: Float
    private let threads: Int
    private let mean: Float
    private let users: PaddedRows
    private let items: PaddedRows
    private let implicit: PaddedRows
    private var generator: SeededGenerator

    /// Ratings that share a point at which the items' steps are taken, or one user's where she has
    /// more.
    private let batch: Int
    /// Shards of items that take their steps at the same time.
    private static let shards = 8

    init(
        ratings: SparseMatrix, dimensions: Int, deviation: Float, regularization: Float,
        seed: UInt64, threads: Int
    ) {
        self.ratings = ratings
        self.dimensions = dimensions
        self.regularization = regularization
        self.threads = threads
        mean = Float(ratings.values.reduce(0.0) { $0 + Double($1) } / Double(ratings.nonZeroCount))
        batch = min(4096, max(64, ratings.nonZeroCount / 256))
        generator = SeededGenerator(seed: seed)
        users = PaddedRows(rows: ratings.rows, columns: dimensions + 2)
        items = PaddedRows(rows: ratings.columnCount, columns: dimensions + 2)
        implicit = PaddedRows(rows: ratings.columnCount, columns: dimensions + 2)
        let scale = Double(deviation) / Double(dimensions).squareRoot()
        let rated = ratings.transposed()
        for user in 0..<users.rows {
            users[user][dimensions] = 1
            guard !ratings.row(user).isEmpty else { continue }
            for c in 0..<dimensions { users[user][c] = Float(generator.nextNormal() * scale) }
        }
        for item in 0..<items.rows {
            items[item][dimensions + 1] = 1
            guard !rated.row(item).isEmpty else { continue }
            for c in 0..<dimensions {
                items[item][c] = Float(generator.nextNormal() * scale)
                implicit[item][c] = Float(generator.nextNormal() * scale)
            }
        }
    }

    /// Visits every rating once.
    ///
    /// - Returns: the mean squared error.
    func runEpoch(rate: Float) -> Double {
        let raters = (0..<Int32(ratings.rows)).filter { !ratings.row(Int($0)).isEmpty }
            .shuffled(using: &generator)
        let seed = generator.next()
        var loss = 0.0
        var start = 0
        while start < raters.count {
            var (end, count) = (start, 0)
            while end < raters.count, end == start || count < batch {
                count += ratings.row(Int(raters[end])).count
                end += 1
            }
            loss += runBatch(of: Array(raters[start..<end]), count: count, seed: seed, rate: rate)
            start = end
        }
        return loss / Double(ratings.nonZeroCount)
    }

    /// - Parameter count: the ratings of all these users.
    private func runBatch(of raters: [Int32], count: Int, seed: UInt64, rate: Float) -> Double {
        let columns = users.stride
        let floats = UnsafeMutablePointer<Float>.allocate(
            capacity: (count + raters.count + 2 * threads) * columns)
        let losses = UnsafeMutablePointer<Double>.allocate(capacity: raters.count)
        defer {
            floats.deallocate()
            losses.deallocate()
        }
        nonisolated(unsafe) let (itemSteps, lossOf) = (floats, losses)
        nonisolated(unsafe) let ySteps = floats + count * columns
        nonisolated(unsafe) let scratch = ySteps + raters.count * columns
        var places = [0]
        for rater in raters { places.append(places.last! + ratings.row(Int(rater)).count) }
        let firsts = places
        nonisolated(unsafe) let model = sc_svdpp(
            items: items.base, y: implicit.base, columns: columns, dimensions: dimensions,
            mean: mean, rate: rate, decay: regularization)
        parallelFor(count: raters.count, chunk: 1, threads: threads) { [self] worker, range in
            var own = model
            for turn in range {
                let user = Int(raters[turn])
                let entries = ratings.row(user)
                var random = SeededGenerator(seed: seed ^ UInt64(user))
                let order = (0..<Int32(entries.count)).shuffled(using: &random)
                lossOf[turn] = ratings.columns.withUnsafeBufferPointer { columnsOf in
                    ratings.values.withUnsafeBufferPointer { values in
                        sc_svdpp_user(
                            &own, columnsOf.baseAddress! + entries.lowerBound,
                            values.baseAddress! + entries.lowerBound, order, entries.count,
                            users[user], itemSteps + firsts[turn] * columns,
                            ySteps + turn * columns, scratch + worker * 2 * columns)
                    }
                }
            }
        }
        let decay = 1 - Double(rate) * Double(regularization)
        parallelFor(count: Self.shards, chunk: 1, threads: threads) { [self] _, shards in
            for (turn, rater) in raters.enumerated() {
                let entries = ratings.row(Int(rater))
                let keep = Float(power(decay, Double(entries.count)))
                for (k, entry) in entries.enumerated() {
                    let item = Int(ratings.columns[entry])
                    guard shards ~= item % Self.shards else { continue }
                    sc_scale_add(items[item], 1, itemSteps + (firsts[turn] + k) * columns, columns)
                    sc_scale_add(implicit[item], keep, ySteps + turn * columns, columns)
                }
            }
        }
        return (0..<raters.count).reduce(0) { $0 + losses[$1] }
    }

    func makeEmbeddings() -> EmbeddingParts {
        let vectors = PaddedRows(rows: users.rows, columns: users.columns)
        var model = sc_svdpp(
            items: items.base, y: implicit.base, columns: users.stride, dimensions: dimensions,
            mean: mean, rate: 0, decay: 0)
        for user in 0..<users.rows {
            let entries = ratings.row(user)
            ratings.columns.withUnsafeBufferPointer { columns in
                guard let first = columns.baseAddress else { return }
                sc_svdpp_vector(
                    &model, first + entries.lowerBound, entries.count, users[user], vectors[user])
            }
            vectors[user][dimensions + 1] += mean
        }
        return EmbeddingParts(items: items.makeMatrix(), users: vectors.makeMatrix(), foldIn: nil)
    }
}
