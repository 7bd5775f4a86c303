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
        let groups = vectors.groupCount
        let steps = min(32, groups)
        for step in 0..<steps {
            guard !context.isCancelled() else {
                throw TrainingError("similar items: training was cancelled")
            }
            let (first, end) = (groups * step / steps, groups * (step + 1) / steps)
            parallelFor(count: end - first, chunk: 2, threads: context.threads) {
                [neighborsMax] _, range in
                let scratch = Scratch(vectors, limit: neighborsMax)
                for group in first + range.lowerBound..<first + range.upperBound {
                    vectors.score(group: group, scratch.cosines)
                    for place in vectors.places(of: group) {
                        target[Int(vectors.items[place])] = scratch.nearest(to: place, in: vectors)
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

    private static let group = Int(SC_RANK_QUERIES)

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

    /// The floats between one row of scores and the next.
    var stride: Int { panelCount * Int(SC_RANK_ITEMS) }
    var groupCount: Int { (items.count + Self.group - 1) / Self.group }

    /// The places of a group's items among `items`.
    func places(of group: Int) -> Range<Int> {
        group * Self.group..<min((group + 1) * Self.group, items.count)
    }

    /// Writes the cosines of a group's items to all items, `stride` floats apart.
    func score(group: Int, _ cosines: UnsafeMutablePointer<Float>) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, columns * Self.group)) {
            queries in
            queries.initialize(repeating: 0)
            for (row, place) in places(of: group).enumerated() {
                for column in 0..<columns {
                    queries[column * Self.group + row] = rows[place][column]
                }
            }
            sc_rank_scores(
                queries.baseAddress!, panels, panelCount, columns, cosines, stride)
        }
    }
}

/// What one thread keeps from item to item.
private final class Scratch {
    /// Of a group of items to all, shape `[SC_RANK_QUERIES, stride]`.
    let cosines: UnsafeMutablePointer<Float>
    private let limit: Int
    private var keys: [RankedKey] = []

    init(_ vectors: UnitVectors, limit: Int) {
        cosines = .allocate(capacity: max(1, Int(SC_RANK_QUERIES) * vectors.stride))
        self.limit = limit
    }

    deinit { cosines.deallocate() }

    /// The items of the largest cosines above 0 to one, whose group's are in `cosines`.
    func nearest(to place: Int, in vectors: UnitVectors) -> [RankedKey] {
        let row = cosines + place % Int(SC_RANK_QUERIES) * vectors.stride
        keys.removeAll(keepingCapacity: true)
        // Once there are enough, what is no larger than the last of them is passed over: items come
        // in order, and later ones lose among equals.
        var bar: Float = 0
        for other in 0..<vectors.items.count where row[other] > bar && other != place {
            keys.append(RankedKey(item: vectors.items[other], score: min(1, row[other])))
            if keys.count == 4 * limit {
                keys.selectFirst(limit)
                bar = max(bar, keys.max()!.score)
            }
        }
        keys.keepFirst(limit)
        return keys
    }
}
