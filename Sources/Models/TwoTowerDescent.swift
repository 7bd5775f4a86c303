internal import CKernels
internal import Interactions

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
        self.users = TowerBatch(tower: users, samples: batch, threads: threads)
        self.items = TowerBatch(tower: items, samples: batch, threads: threads)
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
            forEachChunk(of: count, sides: 2) { [self] _, side, samples in
                (side == 0 ? users : items).forward(samples)
            }
            forEachChunk(of: count, sides: 1) { [self] worker, _, samples in
                score(samples, worker: worker)
            }
            forEachChunk(of: count, sides: 2) { [self] worker, side, samples in
                if side == 1 { takeItemSlopes(samples, count: count) }
                (side == 0 ? users : items).backward(samples, worker: worker)
            }
            step(samples: count, rate: rate, decay: decay)
            loss += (0..<count).reduce(0) { $0 + Double(losses[$1][0]) }
        }
        return loss / Double(order.count)
    }

    /// Fills the batch with the pairs at these positions of the histories.
    private func gather(_ pairs: ArraySlice<Int32>) {
        batchUsers = pairs.map { userOf[Int($0)] }
        batchItems = pairs.map { histories.columns[Int($0)] }
        batchCorrections = batchItems.map { corrections[Int($0)] }
        batchCorrections += repeatElement(0, count: logits.stride - pairs.count)
        parallelFor(count: 2, chunk: 1, threads: threads) { [self] _, range in
            for side in range { if side == 0 { gatherUsers() } else { gatherItems() } }
        }
    }

    /// A user is the mean of her history but for the pair's item, and herself.
    private func gatherUsers() {
        users.inputs.removeAll()
        for (user, item) in zip(batchUsers, batchItems) {
            if usesOwnVectors { users.inputs.append(row: user, weight: 1) }
            let history = inputs[Int(user)]
            let count = history.count - (history.contains(item) ? 1 : 0)
            for other in history where other != item {
                users.inputs.append(
                    row: Int32(histories.rows) + other, weight: 1 / Float(count))
            }
            users.inputs.endSum()
        }
        users.prepareSteps()
    }

    private func gatherItems() {
        items.inputs.removeAll()
        let side = items.tower.table.side
        for item in batchItems {
            if let offsets = side.offsets, let features = side.features, let weights = side.weights
            {
                for entry in Int(offsets[Int(item)])..<Int(offsets[Int(item) + 1]) {
                    items.inputs.append(row: features[entry], weight: weights[entry])
                }
            } else {
                items.inputs.append(row: item, weight: 1)
            }
            items.inputs.endSum()
        }
        items.prepareSteps()
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
            for other in 0..<count { excluded[other] = taken[Int(batchItems[other])] }
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
        of count: Int, sides: Int,
        _ body: @escaping @Sendable (_ worker: Int, _ side: Int, _ samples: Range<Int>) -> Void
    ) {
        let chunks = (count + TowerBatch.chunk - 1) / TowerBatch.chunk
        parallelFor(count: sides * chunks, chunk: 1, threads: threads) { worker, range in
            for part in range {
                let first = part % chunks * TowerBatch.chunk
                body(worker, part / chunks, first..<min(count, first + TowerBatch.chunk))
            }
        }
    }
}
