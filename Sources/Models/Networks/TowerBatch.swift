internal import CKernels

/// What one tower makes of a mini-batch, and the steps that it takes for it.
///
/// A chunk of samples has its own sums of the layers' slopes, which are added in the order of the
/// chunks, and each row of the table takes one step, with its slopes in the order of the samples:
/// the bits do not depend on the number of threads.
///
/// `@unchecked Sendable`: threads write the places of their chunks, or rows that they own.
final class TowerBatch: @unchecked Sendable {
    /// Samples of a chunk.
    static let chunk = 32

    let tower: Tower
    /// Samples x rows of the table: whose sum each sample's input is. To be filled from outside.
    let inputs: WeightedSums
    /// The samples' vectors, shape `[batch, D]`, and the loss's slopes by them.
    let vectors: PaddedRows
    let slopes: PaddedRows
    private let sums: PaddedRows
    private let sumSlopes: PaddedRows
    private let hidden: PaddedRows
    private let scales: PaddedRows
    private let dense: PaddedRows
    private let scratch: PaddedRows
    /// The table's rows that are in the batch, and for each the samples whose sum it is part of.
    private let touched: UnsafeMutablePointer<Int32>
    private var touchedCount = 0
    private let transposed: WeightedSums
    private let places: UnsafeMutablePointer<Int32>

    /// - Parameter rowsMax: the most rows that are summed for one sample.
    init(tower: Tower, samples: Int, rowsMax: Int, threads: Int) {
        self.tower = tower
        var kernel = tower.kernel
        let chunks = (samples + Self.chunk - 1) / Self.chunk
        vectors = PaddedRows(rows: samples, columns: kernel.columns)
        slopes = PaddedRows(rows: samples, columns: kernel.columns)
        sums = PaddedRows(rows: samples, columns: kernel.columns)
        sumSlopes = PaddedRows(rows: samples, columns: kernel.columns)
        hidden = PaddedRows(rows: samples, columns: kernel.hidden)
        scales = PaddedRows(rows: 1, columns: samples)
        dense = PaddedRows(rows: chunks, columns: tower.dense.side.columns)
        scratch = PaddedRows(rows: threads, columns: sc_tower_scratch_count(&kernel, Self.chunk))
        let entries = samples * rowsMax
        inputs = WeightedSums(sums: samples, entries: entries)
        let rows = min(entries, tower.table.rowCount)
        transposed = WeightedSums(sums: rows, entries: entries)
        touched = .allocate(capacity: max(1, rows))
        places = .allocate(capacity: tower.table.rowCount)
        places.initialize(repeating: -1, count: tower.table.rowCount)
    }

    deinit {
        touched.deallocate()
        places.deallocate()
    }

    /// Makes the vectors of a chunk's samples.
    func forward(_ samples: Range<Int>) {
        var kernel = tower.kernel
        let first = samples.lowerBound
        var bag = inputs.kernel
        sc_bag_sum(&bag, first, samples.count, tower.table.side.rows, kernel.columns, sums[first])
        sc_tower_forward(
            &kernel, sums[first], samples.count, hidden[first], vectors[first],
            scales.base + first)
    }

    /// Takes the slopes of a chunk's samples through the tower.
    func backward(_ samples: Range<Int>, worker: Int) {
        var kernel = tower.kernel
        let first = samples.lowerBound
        let own = dense[first / Self.chunk]
        own.update(repeating: 0, count: dense.columns)
        sc_tower_backward(
            &kernel, sums[first], hidden[first], vectors[first], scales.base + first,
            samples.count, slopes[first], own, sumSlopes[first], scratch[worker])
    }

    /// Finds the rows that are in the batch, and the samples of each. Complexity: O(entries).
    func prepareSteps(samples: Int) {
        var bag = inputs.kernel
        touchedCount = sc_bag_transpose(
            &bag, samples, places, touched, transposed.offsets, transposed.rows,
            transposed.weights)
    }

    /// How many parts ``step(_:samples:rate:decay:)`` has, the layers' before the rows'.
    var stepParts: Int { 1 + (touchedCount + Self.chunk - 1) / Self.chunk }

    func step(_ part: Int, samples: Int, rate: Float, decay: Float) {
        guard part > 0 else { return stepDense(samples: samples, rate: rate) }
        let first = (part - 1) * Self.chunk
        var side = tower.table.side
        var bag = transposed.kernel
        sc_bag_step(
            &bag, touched, first, min(Self.chunk, touchedCount - first), sumSlopes.base, &side,
            rate, decay)
    }

    /// With the mean over the samples, all of which share these parameters.
    private func stepDense(samples: Int, rate: Float) {
        let total = dense[0]
        for chunk in 1..<max(1, (samples + Self.chunk - 1) / Self.chunk) {
            sc_scale_add(total, 1, dense[chunk], dense.columns)
        }
        for place in 0..<dense.columns { total[place] /= Float(samples) }
        var side = tower.dense.side
        sc_pairwise_apply(&side, [0], nil, [0], total, 1, 0, 1, -rate, 0)
    }
}

/// Sparse rows with room for a batch: each is a weighted sum of some table's rows.
///
/// `@unchecked Sendable`: threads write the places of their sums.
final class WeightedSums: @unchecked Sendable {
    /// The entries of sum n are at offsets[n]..<offsets[n + 1].
    let offsets: UnsafeMutablePointer<Int64>
    let rows: UnsafeMutablePointer<Int32>
    let weights: UnsafeMutablePointer<Float>

    init(sums: Int, entries: Int) {
        offsets = .allocate(capacity: sums + 1)
        offsets.initialize(repeating: 0, count: sums + 1)
        rows = .allocate(capacity: max(1, entries))
        rows.initialize(repeating: 0, count: max(1, entries))
        weights = .allocate(capacity: max(1, entries))
        weights.initialize(repeating: 0, count: max(1, entries))
    }

    deinit {
        offsets.deallocate()
        rows.deallocate()
        weights.deallocate()
    }

    var kernel: sc_bag { sc_bag(offsets: offsets, rows: rows, weights: weights) }
}
