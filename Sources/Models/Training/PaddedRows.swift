internal import CKernels
internal import ModelParts

/// A factor matrix while it is trained: rows padded with zeros to the kernels' block, on cache line
/// boundaries.
///
/// `@unchecked Sendable`: within a half-step threads only read one table, and each writes its own
/// rows of the other.
final class PaddedRows: @unchecked Sendable {
    let rows: Int
    let columns: Int
    let stride: Int
    let base: UnsafeMutablePointer<Float>

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        stride = paddedCount(columns)
        base = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, rows * stride) * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: rows * stride)
        base.initialize(repeating: 0, count: rows * stride)
    }

    deinit { base.deallocate() }

    subscript(row: Int) -> UnsafeMutablePointer<Float> { base + row * stride }

    /// The rows without their padding.
    func makeMatrix() -> Matrix {
        var values: [Float] = []
        values.reserveCapacity(rows * columns)
        for row in 0..<rows {
            values.append(contentsOf: UnsafeBufferPointer(start: self[row], count: columns))
        }
        return Matrix(rows: rows, columns: columns, values: values)
    }
}
