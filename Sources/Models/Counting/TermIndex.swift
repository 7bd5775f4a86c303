internal import Interactions
internal import ModelParts

/// Finds the items whose vectors of terms have the largest cosine to one's.
///
/// `Sendable`: nothing is written after the initializer.
struct TermIndex: Sendable {
    /// Items x terms, the rarest term of each item first; rows of length 1 or empty.
    private let items: SparseRows
    /// Terms x items.
    private let terms: SparseRows
    /// By term, the largest weight that an item gives it.
    private let weightMax: [Float]
    /// More than two sums of the same cosine, in another order, differ by.
    private static let rounding: Float = 1e-4

    /// What one thread keeps from item to item.
    final class Scratch {
        fileprivate let cosines: SparseAccumulator
        /// By term, the weight of the item at hand; all 0 between items.
        fileprivate var own: [Float]
        fileprivate var keys: [RankedKey] = []

        init(_ index: TermIndex) {
            cosines = SparseAccumulator(columns: index.items.rows)
            own = Array(repeating: 0, count: index.terms.rows)
        }
    }

    /// - Parameters:
    ///   - vectors: items x terms, weights positive.
    ///   - isFound: by item, whether it is found; nil where all are.
    init(_ vectors: SparseMatrix, among isFound: [Bool]? = nil) {
        let found = isFound.map { isFound in
            SparseMatrix(
                rows: vectors.rows, columnCount: vectors.columnCount,
                entries: (0..<vectors.rows).filter { isFound[$0] }.flatMap { row in
                    vectors.row(row).map {
                        (row: Int32(row), column: vectors.columns[$0], value: vectors.values[$0])
                    }
                })
        }
        let terms = SparseRows((found ?? vectors).transposed())
        var (columns, values) = (vectors.columns, vectors.values)
        for row in 0..<vectors.rows {
            let range = vectors.row(row)
            let rarestFirst = range.sorted {
                (terms.count(Int(vectors.columns[$0])), $0)
                    < (terms.count(Int(vectors.columns[$1])), $1)
            }
            for (place, entry) in zip(range, rarestFirst) {
                columns[place] = vectors.columns[entry]
                values[place] = vectors.values[entry]
            }
        }
        items = SparseRows(
            SparseMatrix(
                rows: vectors.rows, columnCount: vectors.columnCount,
                rowOffsets: vectors.rowOffsets, columns: columns, values: values))
        self.terms = terms
        weightMax = (0..<terms.rows).map { term in
            terms.range(term).reduce(0) { max($0, terms.values[$1]) }
        }
    }

    /// The items with the largest cosine to one, above 0, best first and by number among equals.
    func nearest(to item: Int, limit: Int, _ scratch: Scratch) -> [RankedKey] {
        let range = items.range(item)
        let cosines = scratch.cosines
        defer { cosines.removeAll() }
        // What the terms from each on can add to any item's cosine at most, so that the last one
        // can add its own share alone. A little more makes up for rounding.
        var reach = Array(repeating: Float(0), count: range.count + 1)
        for (place, entry) in range.enumerated().reversed() {
            let term = Int(items.columns[entry])
            reach[place] = reach[place + 1] + items.values[entry] * weightMax[term] * 1.000_01
        }
        for (place, entry) in range.enumerated() {
            let term = Int(items.columns[entry])
            // The bar is looked for where that costs less than to go on without it.
            if cosines.count > limit, cosines.count < terms.count(term) {
                let bar = bar(of: item, limit, scratch)
                // Whoever shares none of the terms so far is out.
                if bar > reach[place] {
                    return measured(item, above: bar - reach[place], limit, scratch)
                }
            }
            cosines.add(term, in: terms, weight: items.values[entry])
        }
        let bar = cosines.count > limit ? bar(of: item, limit, scratch) : 0
        return measured(item, above: bar, limit, scratch)
    }

    /// What `limit` items have at least so far.
    private func bar(of item: Int, _ limit: Int, _ scratch: Scratch) -> Float {
        scratch.keys.removeAll(keepingCapacity: true)
        for other in scratch.cosines.entries where Int(other) != item {
            scratch.keys.append(
                RankedKey(item: other, score: scratch.cosines.values[Int(other)]))
        }
        guard scratch.keys.count >= limit else { return 0 }
        scratch.keys.selectFirst(limit)
        return scratch.keys.max()!.score
    }

    /// The best items by their whole cosines, each summed in the order of its own terms, of those that have
    /// about `least` or more so far.
    private func measured(
        _ item: Int, above least: Float, _ limit: Int, _ scratch: Scratch
    ) -> [RankedKey] {
        let (cosines, least) = (scratch.cosines, least - Self.rounding)
        for entry in items.range(item) {
            scratch.own[Int(items.columns[entry])] = items.values[entry]
        }
        defer {
            for entry in items.range(item) { scratch.own[Int(items.columns[entry])] = 0 }
        }
        scratch.keys.removeAll(keepingCapacity: true)
        for other in cosines.entries
        where Int(other) != item && cosines.values[Int(other)] >= least {
            var cosine: Float = 0
            for entry in items.range(Int(other)) {
                cosine += items.values[entry] * scratch.own[Int(items.columns[entry])]
            }
            scratch.keys.append(RankedKey(item: other, score: min(1, cosine)))
        }
        var list = scratch.keys
        list.keepFirst(limit)
        return list
    }
}
