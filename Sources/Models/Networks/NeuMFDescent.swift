internal import CKernels
internal import Interactions
internal import ModelParts

/// The epochs of ``NeuMF``: shuffles the pairs, draws their negatives and runs the mini-batches.
///
/// A batch is cut into chunks of a fixed size, each with its own sums of the dense parameters'
/// slopes, which are then added in the order of the chunks; the rows of users and items take their
/// steps in the order of the samples, each by the thread that owns it. So the bits do not depend on
/// the number of threads.
///
/// `@unchecked Sendable`: the threads of a batch write disjoint places of its buffers, or rows that
/// they own.
final class NeuMFDescent: @unchecked Sendable {
    private let network: NeuMFNetwork
    private let histories: SparseMatrix
    private let known: [Int32]
    private let negatives: Int
    private let threads: Int
    private var order: [Int32]
    private let userOf: [Int32]
    /// Pairs at a time, each with its negatives.
    private let batch: Int

    /// Pairs of a chunk.
    private static let chunk = 32
    private static let shards = 4

    init(network: NeuMFNetwork, histories: SparseMatrix, negatives: Int, threads: Int) {
        self.network = network
        self.histories = histories
        self.negatives = negatives
        self.threads = threads
        known = (0..<Int32(network.items.ids)).filter { network.items.isKnown[Int($0)] }
        order = Array(0..<Int32(histories.nonZeroCount))
        userOf = (0..<histories.rows).flatMap { user in
            repeatElement(Int32(user), count: histories.row(user).count)
        }
        batch = min(256, max(Self.chunk, histories.nonZeroCount / 256))
    }

    /// Visits every pair once.
    ///
    /// - Returns: the mean cross-entropy of a sample.
    func runEpoch(seed: UInt64, rate: Float, decay: Float) -> Double {
        var generator = SeededGenerator(seed: ~seed)
        order.shuffle(using: &generator)
        let buffers = Buffers(
            kernel: network.kernel, pairs: batch, chunk: Self.chunk, samples: negatives + 1,
            threads: threads)
        var loss = 0.0
        for start in stride(from: 0, to: order.count, by: batch) {
            let pairs = start..<min(order.count, start + batch)
            loss += runBatch(pairs, seed: seed, buffers: buffers)
            step(samples: pairs.count * (negatives + 1), rate: rate, decay: decay, buffers)
        }
        return loss / Double(order.count * (negatives + 1))
    }

    /// Takes the slopes of the pairs at these places of the order.
    private func runBatch(_ pairs: Range<Int>, seed: UInt64, buffers: Buffers) -> Double {
        let width = negatives + 1
        parallelFor(count: pairs.count, chunk: Self.chunk, threads: threads) {
            [self] worker, range in
            var kernel = network.kernel
            let first = range.lowerBound * width
            for k in range { drawSamples(of: pairs.lowerBound + k, at: k * width, seed, buffers) }
            let chunk = range.lowerBound / Self.chunk
            let dense = buffers.dense + chunk * buffers.denseCount
            dense.update(repeating: 0, count: buffers.denseCount)
            let scratch = buffers.scratch + worker * buffers.scratchCount
            let (users, items) = (buffers.users + first, buffers.items + first)
            sc_neumf_forward(
                &kernel, users, items, range.count * width, scratch, buffers.logits + first)
            buffers.losses[chunk] = sc_neumf_backward(
                &kernel, users, items, buffers.labels + first, buffers.logits + first,
                range.count * width, scratch, dense, buffers.byUser + first * buffers.columns,
                buffers.byItem + first * buffers.columns)
        }
        let chunks = (pairs.count + Self.chunk - 1) / Self.chunk
        for chunk in 1..<max(1, chunks) {
            sc_scale_add(
                buffers.dense, 1, buffers.dense + chunk * buffers.denseCount, buffers.denseCount)
        }
        return (0..<chunks).reduce(0) { $0 + buffers.losses[$1] }
    }

    /// The pair at a place of the order, and then items that its user did not take. One who took
    /// nearly all may get an item that she took, as a negative, rather than none.
    private func drawSamples(of place: Int, at sample: Int, _ seed: UInt64, _ buffers: Buffers) {
        let pair = Int(order[place])
        let user = userOf[pair]
        var generator = SeededGenerator(seed: seed ^ (UInt64(place) &* 0xd134_2543_de82_ef95))
        let history = histories.columns[histories.row(Int(user))]
        for k in 0...negatives {
            var item = histories.columns[pair]
            if k > 0 {
                for _ in 0..<64 {
                    let random = generator.next().multipliedFullWidth(by: UInt64(known.count)).high
                    item = known[Int(random)]
                    if !history.containsSorted(item) { break }
                }
            }
            buffers.users[sample + k] = user
            buffers.items[sample + k] = item
            buffers.labels[sample + k] = k == 0 ? 1 : 0
        }
    }

    private func step(samples: Int, rate: Float, decay: Float, _ buffers: Buffers) {
        parallelFor(count: 2 * Self.shards + 1, chunk: 1, threads: threads) { [self] _, range in
            for task in range {
                // The kernel adds what it is given; slopes are taken away.
                let shard = task % Self.shards
                var (users, items, dense) = (
                    network.users.side, network.items.side, network.dense.side
                )
                if task == 2 * Self.shards {
                    // The mean over the batch's samples: all of them share these parameters.
                    for place in 0..<buffers.denseCount { buffers.dense[place] /= Float(samples) }
                    sc_pairwise_apply(
                        &dense, buffers.zeros, nil, buffers.zeros, buffers.dense, 1, 0, 1, -rate,
                        0)
                } else if task < Self.shards {
                    sc_pairwise_apply(
                        &users, buffers.users, nil, buffers.zeros, buffers.byUser, samples, shard,
                        Self.shards, -rate, -decay)
                } else {
                    sc_pairwise_apply(
                        &items, buffers.items, nil, buffers.zeros, buffers.byItem, samples, shard,
                        Self.shards, -rate, -decay)
                }
            }
        }
    }

    /// The memory of a batch.
    ///
    /// `@unchecked Sendable`: as ``NeuMFDescent``.
    private final class Buffers: @unchecked Sendable {
        let columns: Int
        let denseCount: Int
        let scratchCount: Int
        let users: UnsafeMutablePointer<Int32>
        let items: UnsafeMutablePointer<Int32>
        let zeros: UnsafeMutablePointer<Int32>
        let labels: UnsafeMutablePointer<Float>
        let logits: UnsafeMutablePointer<Float>
        let byUser: UnsafeMutablePointer<Float>
        let byItem: UnsafeMutablePointer<Float>
        let dense: UnsafeMutablePointer<Float>
        let scratch: UnsafeMutablePointer<Float>
        let losses: UnsafeMutablePointer<Double>
        private let integers: UnsafeMutablePointer<Int32>
        private let floats: UnsafeMutablePointer<Float>

        init(kernel: sc_neumf, pairs: Int, chunk: Int, samples: Int, threads: Int) {
            var kernel = kernel
            let count = pairs * samples
            let chunks = (pairs + chunk - 1) / chunk
            columns = kernel.factors + kernel.inputs
            denseCount = paddedCount(sc_neumf_dense_count(&kernel))
            scratchCount = sc_neumf_scratch_count(&kernel, chunk * samples)
            integers = .allocate(capacity: 3 * count)
            integers.initialize(repeating: 0, count: 3 * count)
            (users, items, zeros) = (integers, integers + count, integers + 2 * count)
            let floatCount =
                (2 + 2 * columns) * count + chunks * denseCount + threads * scratchCount
            floats = .allocate(capacity: floatCount)
            floats.initialize(repeating: 0, count: floatCount)
            labels = floats
            logits = labels + count
            byUser = logits + count
            byItem = byUser + count * columns
            dense = byItem + count * columns
            scratch = dense + chunks * denseCount
            losses = .allocate(capacity: chunks)
        }

        deinit {
            integers.deallocate()
            floats.deallocate()
            losses.deallocate()
        }
    }
}

extension RandomAccessCollection<Int32> where Index == Int {
    /// Whether an ascending collection holds the element. Complexity: O(log n).
    fileprivate func containsSorted(_ element: Int32) -> Bool {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low < endIndex && self[low] == element
    }
}
