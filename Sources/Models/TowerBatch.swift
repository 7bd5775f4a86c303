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
    /// Samples x rows of the table: whose sum each sample's input is.
    var inputs = WeightedSums()
    /// The samples' vectors, shape `[batch, D]`, and the loss's slopes by them.
    let vectors: PaddedRows
    let slopes: PaddedRows
    private let sums: PaddedRows
    private let sumSlopes: PaddedRows
    private let hidden: PaddedRows
    private let scales: PaddedRows
    private let dense: PaddedRows
    private let scratch: PaddedRows
    private var transposed = WeightedSums()
    private var touched: [Int32] = []
    private var places: [Int32]

    init(tower: Tower, samples: Int, threads: Int) {
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
        places = Array(repeating: -1, count: tower.table.rowCount)
    }

    /// Makes the vectors of a chunk's samples.
    func forward(_ samples: Range<Int>) {
        var kernel = tower.kernel
        let first = samples.lowerBound
        inputs.withKernel { bag in
            var bag = bag
            sc_bag_sum(
                &bag, first, samples.count, tower.table.side.rows, kernel.columns, sums[first])
        }
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
    func prepareSteps() {
        for row in touched { places[Int(row)] = -1 }
        (touched, transposed) = inputs.transposed(places: &places)
    }

    /// How many parts ``step(_:samples:rate:decay:)`` has, the layers' before the rows'.
    var stepParts: Int { 1 + (touched.count + Self.chunk - 1) / Self.chunk }

    func step(_ part: Int, samples: Int, rate: Float, decay: Float) {
        guard part > 0 else { return stepDense(samples: samples, rate: rate) }
        let first = (part - 1) * Self.chunk
        var side = tower.table.side
        transposed.withKernel { bag in
            var bag = bag
            sc_bag_step(
                &bag, touched, first, min(Self.chunk, touched.count - first), sumSlopes.base,
                &side, rate, decay)
        }
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

/// Sparse rows, as a batch fills them: each is a weighted sum of some table's rows.
struct WeightedSums {
    private var offsets: [Int64] = [0]
    private var rows: [Int32] = []
    private var weights: [Float] = []

    mutating func removeAll() {
        offsets.removeSubrange(1...)
        rows.removeAll(keepingCapacity: true)
        weights.removeAll(keepingCapacity: true)
    }

    /// Adds to the sum at the end.
    mutating func append(row: Int32, weight: Float) {
        rows.append(row)
        weights.append(weight)
    }

    mutating func endSum() { offsets.append(Int64(rows.count)) }

    /// By row instead of by sum, rows as they first appear and sums ascending.
    ///
    /// - Parameter places: -1 for each row that may appear; receives the place of those that do.
    func transposed(places: inout [Int32]) -> (rows: [Int32], sums: WeightedSums) {
        var found: [Int32] = []
        var counts: [Int64] = []
        for row in rows {
            if places[Int(row)] < 0 {
                places[Int(row)] = Int32(found.count)
                found.append(row)
                counts.append(0)
            }
            counts[Int(places[Int(row)])] += 1
        }
        var result = WeightedSums()
        var next: [Int64] = []
        for count in counts {
            next.append(result.offsets.last!)
            result.offsets.append(next.last! + count)
        }
        result.rows = Array(repeating: 0, count: rows.count)
        result.weights = Array(repeating: 0, count: rows.count)
        for sum in 0..<offsets.count - 1 {
            for entry in Int(offsets[sum])..<Int(offsets[sum + 1]) {
                let place = Int(places[Int(rows[entry])])
                result.rows[Int(next[place])] = Int32(sum)
                result.weights[Int(next[place])] = weights[entry]
                next[place] += 1
            }
        }
        return (found, result)
    }

    func withKernel(_ body: (sc_bag) -> Void) {
        offsets.withUnsafeBufferPointer { offsets in
            rows.withUnsafeBufferPointer { rows in
                weights.withUnsafeBufferPointer { weights in
                    // Without entries there may be no address, and none is read.
                    body(
                        sc_bag(
                            offsets: offsets.baseAddress!,
                            rows: rows.baseAddress ?? UnsafePointer(bitPattern: 64)!,
                            weights: weights.baseAddress ?? UnsafePointer(bitPattern: 64)!))
                }
            }
        }
    }
}
