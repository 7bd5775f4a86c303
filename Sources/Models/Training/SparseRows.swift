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
    /// - Parameters:
    ///   - exponent: 0 or more; 0 lets all rows count the same.
    ///   - weights: what each row counts beside that; nil for 1.
    func voices(exponent: Float, weights: [Float]?) -> [Float] {
        let own = weights ?? Array(repeating: 1, count: rows)
        guard exponent > 0 else { return own }
        let mean = Float(offsets[rows]) / Float(rows)
        return (0..<rows).map { own[$0] * power(Float(max(1, count($0))) / mean, -exponent) }
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

/// A dense vector that is mostly zero, with the list of its entries that were added to.
///
/// Weights may be of any sign and may be 0, so that a sum of 0 does not tell whether a column was
/// added to. An entry that was not is -0, which no sum here ever is.
///
/// Invariant: `values[j]` is not -0 exactly for the entries j of `touched`, each of which stands
/// there once. Source: Gustavson 1978, "Two fast algorithms for sparse matrices".
final class SparseAccumulator {
    /// May be set to anything but -0 where an entry is touched, and to nothing where it is not.
    let values: UnsafeMutablePointer<Float>
    private let columns: Int
    private let touched: UnsafeMutablePointer<Int32>
    private(set) var count = 0

    private static let untouched = (-Float(0)).bitPattern

    init(columns: Int) {
        self.columns = columns
        values = .allocate(capacity: max(1, columns))
        values.initialize(repeating: -0.0, count: columns)
        // One more than ever counts, since `add` writes before it knows whether to keep.
        touched = .allocate(capacity: columns + 1)
    }

    deinit {
        values.deallocate()
        touched.deallocate()
    }

    /// The columns that were added to, in the order of their first time.
    var entries: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: touched, count: count) }

    func isTouched(_ column: Int) -> Bool { values[column].bitPattern != Self.untouched }

    func add(_ weight: Float, to column: Int32) {
        count = add(weight, to: column, after: count)
    }

    /// Adds `weight` once for each column of a row.
    func add(columnsOf row: Int, in matrix: SparseRows, weight: Float) {
        var count = count
        for entry in matrix.range(row) {
            count = add(weight, to: matrix.columns[entry], after: count)
        }
        self.count = count
    }

    /// Adds `weight` times a row.
    func add(_ row: Int, in matrix: SparseRows, weight: Float) {
        var count = count
        for entry in matrix.range(row) {
            count = add(weight * matrix.values[entry], to: matrix.columns[entry], after: count)
        }
        self.count = count
    }

    func removeAll() {
        for k in 0..<count { values[Int(touched[k])] = -0.0 }
        count = 0
    }

    /// - Parameter count: the entries touched so far.
    /// - Returns: those touched now.
    @inline(__always)
    private func add(_ weight: Float, to column: Int32, after count: Int) -> Int {
        assert(0..<columns ~= Int(column) && count <= columns)
        let value = values[Int(column)]
        touched[count] = column
        // Adding 0 turns -0 into 0 and leaves every other number as it is.
        values[Int(column)] = (value + weight) + 0
        return count + (value.bitPattern == Self.untouched ? 1 : 0)
    }
}
