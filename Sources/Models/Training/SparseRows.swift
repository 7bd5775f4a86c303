internal import Interactions
internal import ModelParts

/// A sparse matrix at fixed addresses, for loops that touch each entry once or less than a
/// nanosecond.
///
/// `@unchecked Sendable`: nothing is written after the initializer.
final class SparseRows: @unchecked Sendable {
    let rows: Int
    let columnCount: Int
    /// Shape `[rows + 1]`.
    let offsets: UnsafePointer<Int>
    let columns: UnsafePointer<Int32>
    let values: UnsafePointer<Float>

    init(_ matrix: SparseMatrix) {
        rows = matrix.rows
        columnCount = matrix.columnCount
        offsets = Self.copy(matrix.rowOffsets)
        columns = Self.copy(matrix.columns)
        values = Self.copy(matrix.values)
    }

    deinit {
        offsets.deallocate()
        columns.deallocate()
        values.deallocate()
    }

    /// The positions of a row's entries.
    func range(_ row: Int) -> Range<Int> { offsets[row]..<offsets[row + 1] }

    func count(_ row: Int) -> Int { offsets[row + 1] - offsets[row] }

    /// How much each row counts where those with many entries count less: (n / mean n)^-exponent.
    ///
    /// - Parameter exponent: 0 or more; 0 lets all rows count 1.
    func voices(exponent: Float) -> [Float] {
        guard exponent > 0 else { return Array(repeating: 1, count: rows) }
        let mean = Float(offsets[rows]) / Float(rows)
        return (0..<rows).map { power(Float(max(1, count($0))) / mean, -exponent) }
    }

    /// For each row the sum of what its columns weigh.
    ///
    /// - Parameter weights: one for each column.
    func sums(of weights: [Float]) -> [Float] {
        (0..<rows).map { row in range(row).reduce(0) { $0 + weights[Int(columns[$1])] } }
    }

    private static func copy<T: BitwiseCopyable>(_ array: [T]) -> UnsafePointer<T> {
        let copy = UnsafeMutableBufferPointer<T>.allocate(capacity: max(1, array.count))
        _ = copy.initialize(from: array)
        return UnsafePointer(copy.baseAddress!)
    }
}

/// A dense vector that is mostly zero, with the list of its entries that are not.
///
/// Invariant: `values[j] != 0` exactly for the first `count` entries j of `touched`, as long as all
/// weights added are positive. Source: Gustavson 1978, "Two fast algorithms for sparse matrices".
final class SparseAccumulator {
    let values: UnsafeMutablePointer<Float>
    let touched: UnsafeMutablePointer<Int32>
    private(set) var count = 0

    init(columns: Int) {
        values = .allocate(capacity: max(1, columns))
        values.initialize(repeating: 0, count: columns)
        // One more than ever counts, since `add` writes before it knows whether to keep.
        touched = .allocate(capacity: columns + 1)
    }

    deinit {
        values.deallocate()
        touched.deallocate()
    }

    var entries: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: touched, count: count) }

    func add(_ weight: Float, to column: Int32) {
        let value = values[Int(column)]
        touched[count] = column
        count += value == 0 ? 1 : 0
        values[Int(column)] = value + weight
    }

    /// Adds `weight` once for each column of a row.
    func add(columnsOf row: Int, in matrix: SparseRows, weight: Float) {
        var count = count
        for entry in matrix.range(row) {
            let column = matrix.columns[entry]
            let value = values[Int(column)]
            touched[count] = column
            count += value == 0 ? 1 : 0
            values[Int(column)] = value + weight
        }
        self.count = count
    }

    /// Adds `weight` times a row.
    func add(_ row: Int, in matrix: SparseRows, weight: Float) {
        var count = count
        for entry in matrix.range(row) {
            let column = matrix.columns[entry]
            let value = values[Int(column)]
            touched[count] = column
            count += value == 0 ? 1 : 0
            values[Int(column)] = value + weight * matrix.values[entry]
        }
        self.count = count
    }

    func removeAll() {
        for k in 0..<count { values[Int(touched[k])] = 0 }
        count = 0
    }
}
