internal import CKernels
internal import Interactions
internal import ModelParts

/// Embeddings of one side while they are trained: an id's vector is the weighted sum of the rows of
/// its features, of which the first, with weight 1, is its own.
///
/// Rows 0..<N belong to the N ids, the rest to the features. The own row of an id without an event
/// stays zero: nothing could train it, so that such an id is what its features say.
///
/// `@unchecked Sendable`: threads only read while gradients are taken, and each writes its own rows
/// in between.
final class FeatureTable: @unchecked Sendable {
    /// N.
    let ids: Int
    /// N and the number of features.
    let rowCount: Int
    /// By id, whether it has an event or a feature.
    let isKnown: [Bool]
    let side: sc_features
    private let memory: UnsafeMutablePointer<Float>
    private let lists:
        (UnsafeMutablePointer<Int64>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Float>)?

    /// - Parameters:
    ///   - ids: one row an id, empty where it has no event.
    ///   - features: ids x features; nil where an id has its own row alone.
    ///   - columns: the floats of a row, a multiple of the kernels' block; `dimensions` of them
    ///     start at random.
    ///   - squares: what AdaGrad's sums of squared gradients start with; positive.
    init(
        ids matrix: SparseMatrix, features: SparseMatrix?, columns: Int, dimensions: Int,
        deviation: Float, squares squaresStart: Float = 1, generator: inout SeededGenerator
    ) {
        ids = matrix.rows
        let rows = matrix.rows + (features?.columnCount ?? 0)
        rowCount = rows
        isKnown = (0..<matrix.rows).map {
            !matrix.row($0).isEmpty || !(features?.row($0).isEmpty ?? true)
        }
        memory = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, 2 * rows * columns) * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: 2 * rows * columns)
        memory.initialize(repeating: 0, count: rows * columns)
        let squares = memory + rows * columns
        squares.initialize(repeating: squaresStart, count: rows * columns)
        let scale = Double(deviation) / Double(dimensions).squareRoot()
        for row in 0..<rows where row >= matrix.rows || !matrix.row(row).isEmpty {
            for column in 0..<dimensions {
                memory[row * columns + column] = Float(generator.nextNormal() * scale)
            }
        }
        lists = features.map { Self.lists(of: $0, ids: matrix.rows) }
        side = sc_features(
            rows: memory, squares: squares, columns: columns,
            offsets: lists.map { UnsafePointer($0.0) }, features: lists.map { UnsafePointer($0.1) },
            weights: lists.map { UnsafePointer($0.2) })
    }

    deinit {
        memory.deallocate()
        lists?.0.deallocate()
        lists?.1.deallocate()
        lists?.2.deallocate()
    }

    /// The rows that an id's vector is the sum of.
    func rowCount(of id: Int) -> Int {
        side.offsets.map { Int($0[id + 1] - $0[id]) } ?? 1
    }

    /// The rows as they are, without the sums of squares.
    func copyRows() -> [Float] {
        Array(UnsafeBufferPointer(start: side.rows, count: rowCount * side.columns))
    }

    func restoreRows(_ rows: [Float]) {
        precondition(rows.count == rowCount * side.columns, "\(rows.count) floats")
        rows.withUnsafeBufferPointer {
            guard let first = $0.baseAddress else { return }
            side.rows.update(from: first, count: rows.count)
        }
    }

    /// The vectors of all ids, the first `columns` floats of each.
    func makeMatrix(columns: Int) -> Matrix {
        var matrix = Matrix(rows: ids, columns: columns)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: side.columns) { vector in
            var side = side
            for id in 0..<ids {
                sc_features_sum(&side, id, vector.baseAddress!)
                for column in 0..<columns { matrix.values[id * columns + column] = vector[column] }
            }
        }
        return matrix
    }

    /// Offsets, features and weights, with the own row put before the others.
    private static func lists(of features: SparseMatrix, ids: Int) -> (
        UnsafeMutablePointer<Int64>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Float>
    ) {
        let offsets = UnsafeMutablePointer<Int64>.allocate(capacity: ids + 1)
        let rows = UnsafeMutablePointer<Int32>.allocate(capacity: ids + features.nonZeroCount)
        let weights = UnsafeMutablePointer<Float>.allocate(capacity: ids + features.nonZeroCount)
        var count = 0
        for id in 0..<ids {
            (offsets + id).initialize(to: Int64(count))
            (rows + count).initialize(to: Int32(id))
            (weights + count).initialize(to: 1)
            count += 1
            for entry in features.row(id) {
                (rows + count).initialize(to: Int32(ids) + features.columns[entry])
                (weights + count).initialize(to: features.values[entry])
                count += 1
            }
        }
        (offsets + ids).initialize(to: Int64(count))
        return (offsets, rows, weights)
    }
}
