internal import CKernels
internal import Interactions
internal import ModelParts

/// The epochs of ``TwoTower``: shuffles the pairs and runs the mini-batches, whose pairs are each
/// other's negatives.
///
/// `@unchecked Sendable`: threads write disjoint places of a batch, or rows that they own.
final class TwoTowerDescent: @unchecked Sendable {
    private let histories: SparseMatrix
    private let historyMax: Int
    private let usesOwnVectors: Bool
    private let threads: Int
    /// Pairs at a time.
    private let batch: Int
    private let users: TowerBatch
    private let items: TowerBatch
    private let userOf: [Int32]
    /// By item, what is subtracted from its logit.
    private let corrections: [Float]
    private var order: [Int32]
    /// By user, what her input is made of in this epoch.
    private var inputs: [ArraySlice<Int32>]
    /// The batch's pairs: their users and items, and what is subtracted from the items' logits.
    private var batchUsers: [Int32] = []
    private var batchItems: [Int32] = []
    private var batchCorrections: [Float] = []
    /// Pairs x items; then the loss's slopes by them.
    private let logits: PaddedRows
    private let losses: PaddedRows
    /// By thread, a mark an item and one a pair.
    private let marks: UnsafeMutablePointer<UInt8>
    private let marksCount: Int

    init(
        model: TwoTower, users: Tower, items: Tower, histories: SparseMatrix, threads: Int
    ) {
        self.histories = histories
        self.threads = threads
        historyMax = model.historyMax
        usesOwnVectors = model.ownVectors != 0
        batch = min(model.batch, histories.nonZeroCount)
        let longest = histories.longestRow
        self.users = TowerBatch(
            tower: users, samples: batch,
            rowsMax: min(longest, historyMax) + (usesOwnVectors ? 1 : 0), threads: threads)
        self.items = TowerBatch(
            tower: items, samples: batch,
            rowsMax: (0..<items.table.ids).reduce(0) { max($0, items.table.rowCount(of: $1)) },
            threads: threads)
        userOf = (0..<histories.rows).flatMap { user in
            repeatElement(Int32(user), count: histories.row(user).count)
        }
        var counts = Array(repeating: Float(0), count: histories.columnCount)
        for item in histories.columns { counts[Int(item)] += 1 }
        corrections = counts.map {
            model.correction * logarithm(max(1, $0) / Float(histories.nonZeroCount))
        }
        order = Array(0..<Int32(histories.nonZeroCount))
        inputs = (0..<histories.rows).map { histories.columns[histories.row($0)] }
        logits = PaddedRows(rows: batch, columns: batch)
        losses = PaddedRows(rows: batch, columns: 1)
        marksCount = histories.columnCount + logits.stride
        marks = .allocate(capacity: threads * marksCount)
        marks.initialize(repeating: 0, count: threads * marksCount)
    }

    deinit { marks.deallocate() }

    /// Visits every pair once.
    ///
    /// - Returns: the mean cross-entropy of a pair.
    func runEpoch(seed: UInt64, rate: Float, decay: Float) -> Double {
        var generator = SeededGenerator(seed: seed)
        order.shuffle(using: &generator)
        for user in 0..<histories.rows where histories.row(user).count > historyMax {
            let history = histories.columns[histories.row(user)]
            inputs[user] = history.shuffled(using: &generator).prefix(historyMax)
        }
        var loss = 0.0
        for start in stride(from: 0, to: order.count, by: batch) {
            let count = min(batch, order.count - start)
            gather(order[start..<start + count])
            forEachChunk(of: count) { [self] _, side, samples in
                if side == 0 { fillUsers(samples) } else { fillItems(samples) }
                (side == 0 ? users : items).forward(samples)
            }
            scoreAndPrepareSteps(count)
            forEachChunk(of: count) { [self] worker, side, samples in
                if side == 1 { takeItemSlopes(samples, count: count) }
                (side == 0 ? users : items).backward(samples, worker: worker)
            }
            step(samples: count, rate: rate, decay: decay)
            loss += (0..<count).reduce(0) { $0 + Double(losses[$1][0]) }
        }
        return loss / Double(order.count)
    }

    /// Starts the batch of the pairs at these positions of the histories: whose they are, and how
    /// many rows are summed for each.
    private func gather(_ pairs: ArraySlice<Int32>) {
        batchUsers = pairs.map { userOf[Int($0)] }
        batchItems = pairs.map { histories.columns[Int($0)] }
        batchCorrections = batchItems.map { corrections[Int($0)] }
        batchCorrections += repeatElement(0, count: logits.stride - pairs.count)
        let (userOffsets, itemOffsets) = (users.inputs.offsets, items.inputs.offsets)
        for (sample, item) in batchItems.enumerated() {
            let user = Int(batchUsers[sample])
            let history = inputs[user]
            // What was drawn of a longer history may lack the pair's item.
            let isIn = histories.row(user).count <= historyMax || history.contains(item)
            let rows = history.count - (isIn ? 1 : 0) + (usesOwnVectors ? 1 : 0)
            userOffsets[sample + 1] = userOffsets[sample] + Int64(rows)
            let itemRows = items.tower.table.rowCount(of: Int(item))
            itemOffsets[sample + 1] = itemOffsets[sample] + Int64(itemRows)
        }
    }

    /// A user is the mean of her history but for the pair's item, and herself.
    private func fillUsers(_ samples: Range<Int>) {
        let sums = users.inputs
        for sample in samples {
            let (user, item) = (batchUsers[sample], batchItems[sample])
            var entry = Int(sums.offsets[sample])
            if usesOwnVectors {
                (sums.rows[entry], sums.weights[entry]) = (user, 1)
                entry += 1
            }
            let weight = 1 / Float(Int(sums.offsets[sample + 1]) - entry)
            for other in inputs[Int(user)] where other != item {
                (sums.rows[entry], sums.weights[entry]) = (Int32(histories.rows) + other, weight)
                entry += 1
            }
        }
    }

    private func fillItems(_ samples: Range<Int>) {
        let (sums, side) = (items.inputs, items.tower.table.side)
        for sample in samples {
            let (item, entry) = (batchItems[sample], Int(sums.offsets[sample]))
            guard let offsets = side.offsets, let features = side.features,
                let weights = side.weights
            else {
                (sums.rows[entry], sums.weights[entry]) = (item, 1)
                continue
            }
            let (first, count) = (Int(offsets[Int(item)]), Int(sums.offsets[sample + 1]) - entry)
            (sums.rows + entry).update(from: features + first, count: count)
            (sums.weights + entry).update(from: weights + first, count: count)
        }
    }

    /// The steps ask for nothing that scoring finds, so that one thread prepares them meanwhile.
    private func scoreAndPrepareSteps(_ count: Int) {
        let chunks = Self.chunks(of: count)
        parallelFor(count: 2 + chunks.count, chunk: 1, threads: threads) { [self] worker, range in
            for part in range {
                switch part {
                case 0: users.prepareSteps(samples: count)
                case 1: items.prepareSteps(samples: count)
                default: score(chunks[part - 2], worker: worker)
                }
            }
        }
    }

    /// Turns the samples' logits into slopes, and takes them to the users' vectors.
    private func score(_ samples: Range<Int>, worker: Int) {
        let (first, count) = (samples.lowerBound, batchItems.count)
        let (columns, width) = (users.vectors.stride, logits.stride)
        let scores = logits[first]
        sc_blas_gemm(
            users.vectors[first], columns, false, items.vectors.base, columns, true,
            samples.count, count, columns, false, scores, width)
        let taken = marks + worker * marksCount
        let excluded = taken + histories.columnCount
        for sample in samples {
            let history = histories.row(Int(batchUsers[sample]))
            for entry in history { taken[Int(histories.columns[entry])] = 1 }
            batchItems.withUnsafeBufferPointer { items in
                for other in 0..<count { excluded[other] = taken[Int(items[other])] }
            }
            (excluded + count).update(repeating: 1, count: width - count)
            for entry in history { taken[Int(histories.columns[entry])] = 0 }
            losses[sample][0] = sc_softmax_slopes(
                logits[sample], batchCorrections, excluded, width, sample)
        }
        sc_blas_gemm(
            scores, width, false, items.vectors.base, columns, false, samples.count, columns,
            count, false, users.slopes[first], columns)
    }

    private func takeItemSlopes(_ samples: Range<Int>, count: Int) {
        let columns = items.vectors.stride
        sc_blas_gemm(
            logits.base + samples.lowerBound, logits.stride, true, users.vectors.base, columns,
            false, samples.count, columns, count, false, items.slopes[samples.lowerBound], columns)
    }

    private func step(samples: Int, rate: Float, decay: Float) {
        let userParts = users.stepParts
        parallelFor(count: userParts + items.stepParts, chunk: 1, threads: threads) {
            [self] _, range in
            for part in range {
                let (side, own) = part < userParts ? (users, part) : (items, part - userParts)
                side.step(own, samples: samples, rate: rate, decay: decay)
            }
        }
    }

    /// Calls `body` for each chunk of the samples of each side.
    private func forEachChunk(
        of count: Int,
        _ body: @escaping @Sendable (_ worker: Int, _ side: Int, _ samples: Range<Int>) -> Void
    ) {
        let chunks = Self.chunks(of: count)
        parallelFor(count: 2 * chunks.count, chunk: 1, threads: threads) { worker, range in
            for part in range { body(worker, part / chunks.count, chunks[part % chunks.count]) }
        }
    }

    private static func chunks(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: TowerBatch.chunk).map {
            $0..<min(count, $0 + TowerBatch.chunk)
        }
    }
}
