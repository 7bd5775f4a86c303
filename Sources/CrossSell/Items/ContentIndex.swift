internal import Interactions
internal import ModelParts

/// Finds the items that were taken, as training saw them, which are described like one that it did not
/// know.
final class ContentIndex: Sendable {
    private let regression: ContentRegression
    private let weights: CatalogTerms.Weights
    /// Terms x items that were taken.
    private let terms: SparseMatrix

    /// - Parameter taken: by item, how often it was.
    /// - Complexity: that of reading all texts of the catalog.
    init(_ catalog: Catalog, taken: [Float], _ regression: ContentRegression = .init()) {
        self.regression = regression
        let (vectors, weights) = regression.terms.index(of: catalog, items: taken.count)
        self.weights = weights
        terms = SparseMatrix(
            rows: vectors.rows, columnCount: vectors.columnCount,
            entries: taken.indices.filter { taken[$0] > 0 }.flatMap { item in
                vectors.row(item).map {
                    (row: Int32(item), column: vectors.columns[$0], value: vectors.values[$0])
                }
            }
        ).transposed()
    }

    /// Memory, about, in bytes.
    var bytes: Int { 8 * terms.nonZeroCount + 80 * terms.rows }

    /// The items that one of another catalog is described like, with their shares, the largest first.
    ///
    /// - Complexity: O(the items that share a term with it).
    func likes(of item: Int, in catalog: Catalog) -> [(item: Int32, share: Float)] {
        var cosines: [Int32: Float] = [:]
        for (term, weight) in weights.vector(of: item, in: catalog) {
            for entry in terms.row(Int(term)) {
                cosines[terms.columns[entry], default: 0] += weight * terms.values[entry]
            }
        }
        let near = cosines.map { (item: $0.key, cosine: min(1, $0.value)) }
            .sorted { ($1.cosine, $0.item) < ($0.cosine, $1.item) }
        return regression.shares(near)
    }
}
