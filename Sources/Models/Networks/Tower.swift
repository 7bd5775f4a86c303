internal import CKernels
internal import Interactions
internal import ModelParts

/// One side of ``TwoTower``: the rows that are summed to an id's input, and the layers behind them.
///
/// `@unchecked Sendable`: while slopes are taken, threads only read; in between each writes the
/// rows it owns.
final class Tower: @unchecked Sendable {
    /// Rows 0..<N belong to the N ids, the rest to the features.
    let table: FeatureTable
    /// The layers' parameters and their sums of squared slopes, one row.
    let dense: FeatureTable
    let kernel: sc_tower

    /// Ids whose vectors are made at a time.
    private static let chunk = 64

    /// - Parameters:
    ///   - ids: one row an id; empty where it has no row of its own to train.
    ///   - features: ids x features.
    init(
        model: TwoTower, ids: SparseMatrix, features: SparseMatrix?,
        generator: inout SeededGenerator
    ) {
        // AdaGrad's sums start low, as the slopes of single samples are.
        let squares: Float = 0.01
        table = FeatureTable(
            ids: ids, features: features, columns: model.dimensions, dimensions: model.dimensions,
            deviation: 1, squares: squares, generator: &generator)
        var shape = sc_tower(
            columns: model.dimensions, hidden: model.hidden,
            length: model.temperature > 0 ? 1 / model.temperature.squareRoot() : 0,
            // Their count depends on the shape, and so their address comes after it.
            dense: UnsafePointer(table.side.rows))
        let one = SparseMatrix(rows: 1, columnCount: 0, entries: [])
        dense = FeatureTable(
            ids: one, features: nil, columns: paddedCount(sc_tower_dense_count(&shape)),
            dimensions: 1, deviation: 0, squares: squares, generator: &generator)
        shape.dense = UnsafePointer(dense.side.rows)
        kernel = shape
        // As He, Zhang, Ren and Sun 2015 have it for rectified units; the outcome starts near to
        // what passes around the layers.
        let scales = [
            (2 / Double(model.dimensions)).squareRoot(), 0.1 / Double(max(1, model.hidden)),
        ]
        var place = 0
        for (layer, output) in [(0, model.hidden), (1, model.dimensions)] {
            for _ in 0..<model.hidden * model.dimensions {
                dense.side.rows[place] = Float(generator.nextNormal() * scales[layer])
                place += 1
            }
            place += output
        }
    }

    /// The vectors of all ids, shape `[ids, D]`; zeros where nothing is known of one.
    func vectors(threads: Int) -> Matrix {
        let columns = kernel.columns
        let inputs = table.makeMatrix(columns: columns)
        let outputs = PaddedRows(rows: table.ids, columns: columns)
        parallelFor(count: table.ids, chunk: Self.chunk, threads: threads) { [self] _, range in
            var kernel = kernel
            let room = range.count * (kernel.hidden + 1)
            withUnsafeTemporaryAllocation(of: Float.self, capacity: room) { scratch in
                let scales = scratch.baseAddress!
                inputs.values.withUnsafeBufferPointer {
                    sc_tower_forward(
                        &kernel, $0.baseAddress! + range.lowerBound * columns, range.count,
                        scales + range.count, outputs[range.lowerBound], scales)
                }
            }
            for id in range where !table.isKnown[id] {
                outputs[id].update(repeating: 0, count: columns)
            }
        }
        return outputs.makeMatrix()
    }
}
