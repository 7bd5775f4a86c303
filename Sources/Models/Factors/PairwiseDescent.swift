internal import CKernels
internal import Interactions
internal import ModelParts

/// The epochs of ``PairwiseTraining``: shuffles the pairs and runs their mini-batches.
///
/// `@unchecked Sendable`: the threads of a batch write disjoint places of its buffers, or rows that
/// they own.
final class PairwiseDescent: @unchecked Sendable {
    private let users: FeatureTable
    private let items: FeatureTable
    private let bias: Int
    private let warpDrawsMax: Int
    private let threads: Int
    private let history: [Int32]
    private let historyOffsets: [Int64]
    private let pool: [Int32]
    /// Pairs at a time: some thousandth of them all, which a row is hardly in twice.
    private let batch: Int
    /// All pairs, in the order of the epoch.
    private var pairUsers: [Int32]
    private var pairItems: [Int32]

    /// Pairs that a thread takes at a time.
    private static let chunk = 64
    /// Shards of rows that take their steps at the same time, per side.
    private static let shards = 8

    /// - Parameter pool: what negatives are drawn from.
    init(
        histories: SparseMatrix, pool: [Int32], users: FeatureTable, items: FeatureTable, bias: Int,
        warpDrawsMax: Int, threads: Int
    ) {
        self.users = users
        self.items = items
        self.bias = bias
        self.warpDrawsMax = warpDrawsMax
        self.threads = threads
        self.pool = pool
        history = histories.columns
        historyOffsets = histories.rowOffsets.map { Int64($0) }
        batch = min(2048, max(64, histories.nonZeroCount / 256))
        pairItems = histories.columns
        pairUsers = []
        pairUsers.reserveCapacity(pairItems.count)
        for user in 0..<histories.rows {
            pairUsers.append(
                contentsOf: repeatElement(Int32(user), count: histories.row(user).count))
        }
    }

    /// Visits every pair once.
    ///
    /// - Returns: the mean loss of a pair.
    func runEpoch(seed: UInt64, rate: Float, decay: Float) -> Double {
        shuffle(seed: seed)
        let columns = users.side.columns
        let gradients = UnsafeMutablePointer<Float>.allocate(capacity: 2 * batch * columns)
        let negatives = UnsafeMutablePointer<Int32>.allocate(capacity: batch)
        let losses = UnsafeMutablePointer<Double>.allocate(capacity: batch / Self.chunk + 1)
        let scratch = UnsafeMutablePointer<Float>.allocate(capacity: threads * 2 * columns)
        defer {
            gradients.deallocate()
            negatives.deallocate()
            losses.deallocate()
            scratch.deallocate()
        }
        nonisolated(unsafe) let (byUser, byItem) = (gradients, gradients + batch * columns)
        nonisolated(unsafe) let (negative, lossOf, room) = (negatives, losses, scratch)
        var loss = 0.0
        withModel { model in
            nonisolated(unsafe) let model = model
            pairUsers.withUnsafeBufferPointer { pairUsers in
                pairItems.withUnsafeBufferPointer { pairItems in
                    for start in stride(from: 0, to: pairUsers.count, by: batch) {
                        let count = min(batch, pairUsers.count - start)
                        nonisolated(unsafe) let user = pairUsers.baseAddress! + start
                        nonisolated(unsafe) let item = pairItems.baseAddress! + start
                        parallelFor(count: count, chunk: Self.chunk, threads: threads) {
                            worker, range in
                            let first = range.lowerBound
                            var own = model
                            lossOf[first / Self.chunk] = sc_pairwise_gradients(
                                &own, user + first, item + first, range.count, seed,
                                UInt64(start + first), negative + first, byUser + first * columns,
                                byItem + first * columns, room + worker * 2 * columns)
                        }
                        for k in 0..<(count + Self.chunk - 1) / Self.chunk { loss += losses[k] }
                        parallelFor(count: 2 * Self.shards, chunk: 1, threads: threads) {
                            _, range in
                            for task in range {
                                var own = model
                                if task < Self.shards {
                                    sc_pairwise_apply(
                                        &own.items, item, negative, negative, byItem, count, task,
                                        Self.shards, rate, decay)
                                } else {
                                    sc_pairwise_apply(
                                        &own.users, user, nil, negative, byUser, count,
                                        task - Self.shards, Self.shards, rate, decay)
                                }
                            }
                        }
                    }
                }
            }
        }
        return loss / Double(pairUsers.count)
    }

    private func withModel(_ body: (sc_pairwise) -> Void) {
        historyOffsets.withUnsafeBufferPointer { offsets in
            history.withUnsafeBufferPointer { history in
                pool.withUnsafeBufferPointer { pool in
                    body(
                        sc_pairwise(
                            users: users.side, items: items.side, bias: bias,
                            history_offsets: offsets.baseAddress!, history: history.baseAddress!,
                            pool: pool.baseAddress!, pool_count: pool.count,
                            warp_draws_max: warpDrawsMax))
                }
            }
        }
    }

    private func shuffle(seed: UInt64) {
        var generator = SeededGenerator(seed: ~seed)
        for last in stride(from: pairUsers.count - 1, to: 0, by: -1) {
            let other = Int(generator.next().multipliedFullWidth(by: UInt64(last + 1)).high)
            pairUsers.swapAt(last, other)
            pairItems.swapAt(last, other)
        }
    }
}
