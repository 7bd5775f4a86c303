internal import CKernels
internal import ModelParts

/// For each item, the other items whose vectors have the largest inner products with its own.
///
/// - Complexity: O(I^2 x D) time, O(I) memory a thread beside the lists.
struct VectorSearch: Sendable {
    /// What it is done for, in messages.
    let model: String
    /// The longest list; at least 1.
    let limit: Int

    /// The lists of every item; an item whose vector is zero has none and is on none.
    ///
    /// - Parameters:
    ///   - sources: what each item looks with, shape `[I, D]`, finite.
    ///   - targets: what it is found by, of the same shape; zero in the same rows.
    /// - Returns: inner products above 0, at most 1, largest first and by number among equals.
    /// - Throws: ``TrainingError`` where training was cancelled.
    func lists(from sources: Matrix, to targets: Matrix, context: TrainingContext)
        throws(TrainingError) -> [[RankedKey]]
    {
        precondition(sources.rows == targets.rows && sources.columns == targets.columns)
        let vectors = ComparedVectors(sources, targets)
        let lists = UnsafeMutableBufferPointer<[RankedKey]>.allocate(capacity: sources.rows)
        lists.initialize(repeating: [])
        defer { lists.deinitialize().deallocate() }
        nonisolated(unsafe) let target = lists
        let batches = vectors.batchCount
        let steps = min(32, batches)
        for step in 0..<steps {
            guard !context.isCancelled() else {
                throw TrainingError("\(model): training was cancelled")
            }
            let (first, end) = (batches * step / steps, batches * (step + 1) / steps)
            parallelFor(count: end - first, chunk: 1, threads: context.threads) {
                [limit] _, range in
                let search = NeighborSearch(vectors, limit: limit)
                for batch in first + range.lowerBound..<first + range.upperBound {
                    search.run(batch)
                    for (place, list) in zip(vectors.places(of: batch), search.lists()) {
                        target[Int(vectors.items[place])] = list
                    }
                }
            }
            context.report(
                TrainingProgress(model: model, step: step + 1, steps: steps, loss: nil))
        }
        return Array(lists)
    }
}

/// The vectors of all items that have one, those to be found in the kernels' panels.
///
/// `@unchecked Sendable`: nothing is written after the initializer.
private final class ComparedVectors: @unchecked Sendable {
    /// The items whose vector is not zero, ascending.
    let items: [Int32]
    private let columns: Int
    /// What items look with, shape `[items, D]`.
    private let rows: PaddedRows
    private let panels: UnsafeMutablePointer<Float>
    private let panelCount: Int

    /// Items that are compared with a block while it is in the cache.
    private static let batch = 16 * Int(SC_RANK_QUERIES)
    /// Panels that are gone through at a time.
    private static let block = 32

    init(_ sources: Matrix, _ targets: Matrix) {
        columns = sources.columns
        items = (0..<Int32(targets.rows)).filter { row in
            targets[row: Int(row)].contains { $0 != 0 }
        }
        let width = Int(SC_RANK_ITEMS)
        panelCount = (items.count + width - 1) / width
        let floats = max(1, panelCount * width * columns)
        panels = UnsafeMutableRawPointer.allocate(
            byteCount: floats * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: floats)
        rows = PaddedRows(rows: items.count, columns: columns)
        var found: [Float] = []
        found.reserveCapacity(items.count * columns)
        for (place, item) in items.enumerated() {
            for (column, value) in sources[row: Int(item)].enumerated() {
                rows[place][column] = value
            }
            found.append(contentsOf: targets[row: Int(item)])
        }
        found.withUnsafeBufferPointer { values in
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

    /// The floats between one row of a block's products and the next.
    static var stride: Int { block * Int(SC_RANK_ITEMS) }

    /// Goes through the products of a batch's items with all items, those of each in order.
    ///
    /// - Parameters:
    ///   - products: scratch for SC_RANK_QUERIES rows of `stride` floats.
    ///   - body: takes an item's place in the batch, the place of the first of `count` items it is
    ///     compared with, and the products.
    func forEachBlock(
        of batch: Int, _ products: UnsafeMutablePointer<Float>,
        _ body: (_ row: Int, _ first: Int, _ count: Int, _ products: UnsafePointer<Float>) -> Void
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
                        min(Self.block, panelCount - panel), columns, products, Self.stride)
                    for k in 0..<min(group, places.count - row) {
                        body(row + k, first, count, products + k * Self.stride)
                    }
                }
            }
        }
    }
}

/// What one thread keeps from batch to batch: for each of a batch's items the best so far.
private final class NeighborSearch {
    private let vectors: ComparedVectors
    private let limit: Int
    private let products: UnsafeMutablePointer<Float>
    private var best: [Best] = []

    private struct Best {
        var keys: [RankedKey] = []
        /// Once there are enough, what is no larger than the last of them is passed over: items
        /// come in order, and later ones lose among equals.
        var bar: Float = 0
    }

    init(_ vectors: ComparedVectors, limit: Int) {
        self.vectors = vectors
        self.limit = limit
        products = .allocate(capacity: Int(SC_RANK_QUERIES) * ComparedVectors.stride)
    }

    deinit { products.deallocate() }

    func run(_ batch: Int) {
        let own = vectors.places(of: batch)
        best = Array(repeating: Best(), count: own.count)
        vectors.forEachBlock(of: batch, products) { row, first, count, products in
            // Whole vectors are passed over at once: hardly any holds a neighbor.
            let width = SIMD16<Float>.scalarCount
            for start in stride(from: 0, to: count, by: width) {
                let some = UnsafeRawPointer(products + start).loadUnaligned(as: SIMD16<Float>.self)
                guard any(some .> best[row].bar) else { continue }
                for place in start..<min(start + width, count)
                where products[place] > best[row].bar && first + place != own.lowerBound + row {
                    add(products[place], of: first + place, to: row)
                }
            }
        }
    }

    private func add(_ product: Float, of place: Int, to row: Int) {
        best[row].keys.append(RankedKey(item: vectors.items[place], score: min(1, product)))
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
