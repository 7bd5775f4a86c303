internal import CKernels
package import ModelParts

/// Items that the same people take: for each item, those with the largest cosine between their
/// vectors.
///
/// - Complexity: O(I^2 x D) time, O(I) memory a thread beside the lists.
package struct SimilarItems: Sendable {
    /// The longest list; at least 1.
    package var neighborsMax = 50

    package init() {}

    /// The lists of every item; an item whose vector is zero has none and is on none.
    ///
    /// Lifts and confidences are zero: they speak of baskets, and these lists were not counted in
    /// any.
    ///
    /// - Parameter items: item vectors, shape `[I, D]`, finite.
    /// - Returns: scores are cosines above 0, largest first and by number among equals.
    /// - Throws: ``TrainingError`` where training was cancelled.
    package func lists(items: Matrix, context: TrainingContext) throws(TrainingError)
        -> NeighborLists
    {
        let vectors = UnitVectors(items)
        let lists = UnsafeMutableBufferPointer<[RankedKey]>.allocate(capacity: items.rows)
        lists.initialize(repeating: [])
        defer { lists.deinitialize().deallocate() }
        nonisolated(unsafe) let target = lists
        let batches = vectors.batchCount
        let steps = min(32, batches)
        for step in 0..<steps {
            guard !context.isCancelled() else {
                throw TrainingError("similar items: training was cancelled")
            }
            let (first, end) = (batches * step / steps, batches * (step + 1) / steps)
            parallelFor(count: end - first, chunk: 1, threads: context.threads) {
                [neighborsMax] _, range in
                let search = NeighborSearch(vectors, limit: neighborsMax)
                for batch in first + range.lowerBound..<first + range.upperBound {
                    search.run(batch)
                    for (place, list) in zip(vectors.places(of: batch), search.lists()) {
                        target[Int(vectors.items[place])] = list
                    }
                }
            }
            context.report(
                TrainingProgress(model: "similar", step: step + 1, steps: steps, loss: nil))
        }
        return NeighborLists(keys: lists)
    }
}

/// The vectors of length 1 of all items that have one, in the kernels' panels.
///
/// `@unchecked Sendable`: nothing is written after the initializer.
private final class UnitVectors: @unchecked Sendable {
    /// The items whose vector is not zero, ascending.
    let items: [Int32]
    private let columns: Int
    /// Shape `[items, D]`.
    private let rows: PaddedRows
    private let panels: UnsafeMutablePointer<Float>
    private let panelCount: Int

    /// Items that are compared with a block while it is in the cache.
    private static let batch = 16 * Int(SC_RANK_QUERIES)
    /// Panels that are gone through at a time.
    private static let block = 32

    init(_ matrix: Matrix) {
        columns = matrix.columns
        var items: [Int32] = []
        var unit: [Float] = []
        for row in 0..<matrix.rows {
            let vector = matrix[row: row]
            let norm = vector.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
            guard norm > 0 else { continue }
            items.append(Int32(row))
            unit.append(contentsOf: vector.lazy.map { $0 / norm })
        }
        self.items = items
        let width = Int(SC_RANK_ITEMS)
        panelCount = (items.count + width - 1) / width
        let floats = max(1, panelCount * width * columns)
        panels = UnsafeMutableRawPointer.allocate(
            byteCount: floats * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: floats)
        rows = PaddedRows(rows: items.count, columns: columns)
        for row in items.indices {
            for column in 0..<columns { rows[row][column] = unit[row * columns + column] }
        }
        unit.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            sc_rank_pack(base, items.count, columns, panels)
        }
    }

    deinit { panels.deallocate() }

    var batchCount: Int { (items.count + Self.batch - 1) / Self.batch }

    /// The places of a batch's items among `items`.
    func places(of batch: Int) -> Range<Int> {
        batch * Self.batch..<min((batch + 1) * Self.batch, items.count)
    }

    /// The floats between one row of a block's cosines and the next.
    static var stride: Int { block * Int(SC_RANK_ITEMS) }

    /// Goes through the cosines of a batch's items to all items, those of each in order.
    ///
    /// - Parameters:
    ///   - cosines: scratch for SC_RANK_QUERIES rows of `stride` floats.
    ///   - body: takes an item's place in the batch, the place of the first of `count` items it is
    ///     compared with, and the cosines.
    func forEachBlock(
        of batch: Int, _ cosines: UnsafeMutablePointer<Float>,
        _ body: (_ row: Int, _ first: Int, _ count: Int, _ cosines: UnsafePointer<Float>) -> Void
    ) {
        let (group, width) = (Int(SC_RANK_QUERIES), Int(SC_RANK_ITEMS))
        let places = places(of: batch)
        let groups = (places.count + group - 1) / group
        withUnsafeTemporaryAllocation(of: Float.self, capacity: groups * columns * group) {
            queries in
            queries.initialize(repeating: 0)
            for (row, place) in places.enumerated() {
                let query = queries.baseAddress! + row / group * columns * group + row % group
                for column in 0..<columns { query[column * group] = rows[place][column] }
            }
            for panel in Swift.stride(from: 0, to: panelCount, by: Self.block) {
                let first = panel * width
                let count = min(Self.stride, items.count - first)
                for row in Swift.stride(from: 0, to: places.count, by: group) {
                    sc_rank_scores(
                        queries.baseAddress! + row * columns, panels + first * columns,
                        min(Self.block, panelCount - panel), columns, cosines, Self.stride)
                    for k in 0..<min(group, places.count - row) {
                        body(row + k, first, count, cosines + k * Self.stride)
                    }
                }
            }
        }
    }
}

/// What one thread keeps from batch to batch: for each of a batch's items the best so far.
private final class NeighborSearch {
    private let vectors: UnitVectors
    private let limit: Int
    private let cosines: UnsafeMutablePointer<Float>
    private var best: [Best] = []

    private struct Best {
        var keys: [RankedKey] = []
        /// Once there are enough, what is no larger than the last of them is passed over: items
        /// come in order, and later ones lose among equals.
        var bar: Float = 0
    }

    init(_ vectors: UnitVectors, limit: Int) {
        self.vectors = vectors
        self.limit = limit
        cosines = .allocate(capacity: Int(SC_RANK_QUERIES) * UnitVectors.stride)
    }

    deinit { cosines.deallocate() }

    func run(_ batch: Int) {
        let own = vectors.places(of: batch)
        best = Array(repeating: Best(), count: own.count)
        vectors.forEachBlock(of: batch, cosines) { row, first, count, cosines in
            // Whole vectors are passed over at once: hardly any holds a neighbor.
            let width = SIMD16<Float>.scalarCount
            for start in stride(from: 0, to: count, by: width) {
                let some = UnsafeRawPointer(cosines + start).loadUnaligned(as: SIMD16<Float>.self)
                guard any(some .> best[row].bar) else { continue }
                for place in start..<min(start + width, count)
                where cosines[place] > best[row].bar && first + place != own.lowerBound + row {
                    add(cosines[place], of: first + place, to: row)
                }
            }
        }
    }

    private func add(_ cosine: Float, of place: Int, to row: Int) {
        best[row].keys.append(RankedKey(item: vectors.items[place], score: min(1, cosine)))
        guard best[row].keys.count >= 4 * limit else { return }
        best[row].keys.selectFirst(limit)
        best[row].bar = best[row].keys.max()!.score
    }

    /// The batch's lists, in order.
    func lists() -> [[RankedKey]] {
        best.map { one in
            var keys = one.keys
            keys.keepFirst(limit)
            return keys
        }
    }
}
