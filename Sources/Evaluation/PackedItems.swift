internal import CKernels
internal import ModelParts
internal import Models

/// Item vectors in the kernels' panels; read-only once made.
final class PackedItems: @unchecked Sendable {
    private let panels: AlignedFloats
    private let panelCount: Int
    private let columns: Int

    static func panelCount(_ items: Int) -> Int {
        (items + Int(SC_RANK_ITEMS) - 1) / Int(SC_RANK_ITEMS)
    }

    init(_ items: Matrix) {
        columns = items.columns
        panelCount = Self.panelCount(items.rows)
        panels = AlignedFloats(floats: panelCount * Int(SC_RANK_ITEMS) * items.columns)
        items.values.withUnsafeBufferPointer { values in
            guard let rows = values.baseAddress else { return }
            sc_rank_pack(rows, items.rows, items.columns, panels.base)
        }
    }

    /// - Parameter vector: calls back with each dimension's value of the query at `row`; what it
    ///   leaves out is 0.
    func score(
        _ scores: UnsafeMutablePointer<Float>, stride: Int, count: Int,
        vector: (_ row: Int, _ set: (_ dimension: Int, _ value: Float) -> Void) -> Void
    ) {
        let group = Int(SC_RANK_QUERIES)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, columns * group)) {
            queries in
            for first in Swift.stride(from: 0, to: count, by: group) {
                queries.initialize(repeating: 0)
                for row in first..<min(first + group, count) {
                    vector(row) { queries[$0 * group + row - first] = $1 }
                }
                sc_rank_scores(
                    queries.baseAddress!, panels.base, panelCount, columns,
                    scores + first * stride, stride)
            }
        }
    }
}
