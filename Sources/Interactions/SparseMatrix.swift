/// Compressed sparse rows.
///
/// Invariant: `rowOffsets.count == rows + 1`, ascending; `columns.count == values.count ==
/// rowOffsets.last`; columns ascend strictly within a row, unless the doc of whoever made it says
/// otherwise.
package struct SparseMatrix: Sendable {
    package let rows: Int
    package let columnCount: Int
    package let rowOffsets: [Int]
    package let columns: [Int32]
    package let values: [Float]

    package init(
        rows: Int, columnCount: Int, rowOffsets: [Int], columns: [Int32], values: [Float]
    ) {
        precondition(rowOffsets.count == rows + 1, "\(rowOffsets.count) offsets, \(rows) rows")
        precondition(columns.count == values.count && rowOffsets[rows] == columns.count)
        self.rows = rows
        self.columnCount = columnCount
        self.rowOffsets = rowOffsets
        self.columns = columns
        self.values = values
    }

    package var nonZeroCount: Int { columns.count }

    /// The positions of a row's entries in `columns` and `values`.
    package func row(_ index: Int) -> Range<Int> { rowOffsets[index]..<rowOffsets[index + 1] }

    /// The most entries that a row has. Complexity: O(rows).
    package var longestRow: Int { (0..<rows).reduce(0) { max($0, row($1).count) } }

    /// The entries' sum, added up in their order, is kept where a pair occurs more than once.
    ///
    /// - Precondition: every row is in `0..<rows`, every column in `0..<columnCount`.
    /// - Complexity: O(entries + rows + columns) time; at most 28 bytes an entry beside the
    ///   sequence.
    package init(
        rows: Int, columnCount: Int,
        entries: some Sequence<(row: Int32, column: Int32, value: Float)>
    ) {
        var rowOf: [Int32] = []
        var columnOf: [Int32] = []
        var values: [Float] = []
        rowOf.reserveCapacity(entries.underestimatedCount)
        columnOf.reserveCapacity(entries.underestimatedCount)
        values.reserveCapacity(entries.underestimatedCount)
        for entry in entries {
            rowOf.append(entry.row)
            columnOf.append(entry.column)
            values.append(entry.value)
        }
        self.init(
            rows: rows, columnCount: columnCount, rowOf: rowOf, columnOf: columnOf, values: values)
    }

    /// As from a sequence of entries, given as columns of equal length; faster by far for millions.
    package init(
        rows: Int, columnCount: Int, rowOf: [Int32], columnOf: [Int32], values: [Float]
    ) {
        precondition(rowOf.count == values.count && columnOf.count == values.count)
        // Two stable counting sorts, first by column and then by row, so that columns end up
        // ascending.
        let byColumn = Self.countingSort(keys: columnOf, keyCount: columnCount, rowOf, values)
        var sortedColumns: [Int32] = []
        sortedColumns.reserveCapacity(values.count)
        for column in 0..<columnCount {
            let range = byColumn.starts[column]..<byColumn.starts[column + 1]
            sortedColumns.append(contentsOf: repeatElement(Int32(column), count: range.count))
        }
        let byRow = Self.countingSort(
            keys: byColumn.others, keyCount: rows, sortedColumns, byColumn.values)
        self.init(
            rows: rows, columnCount: columnCount, sorted: byRow.others, byRow.values, byRow.starts)
    }

    /// Adds up what stands side by side in a row.
    private init(
        rows: Int, columnCount: Int, sorted columns: [Int32], _ values: [Float], _ starts: [Int]
    ) {
        var columns = columns
        var values = values
        var rowOffsets = [0]
        rowOffsets.reserveCapacity(rows + 1)
        var kept = 0
        for row in 0..<rows {
            let first = kept
            for entry in starts[row]..<starts[row + 1] {
                if kept > first, columns[kept - 1] == columns[entry] {
                    values[kept - 1] += values[entry]
                } else {
                    columns[kept] = columns[entry]
                    values[kept] = values[entry]
                    kept += 1
                }
            }
            rowOffsets.append(kept)
        }
        columns.removeSubrange(kept...)
        values.removeSubrange(kept...)
        self.init(
            rows: rows, columnCount: columnCount, rowOffsets: rowOffsets, columns: columns,
            values: values)
    }

    /// Rows become columns. Complexity: O(entries + rows + columns).
    package func transposed() -> SparseMatrix {
        var rowOf: [Int32] = []
        rowOf.reserveCapacity(columns.count)
        for row in 0..<rows {
            rowOf.append(contentsOf: repeatElement(Int32(row), count: self.row(row).count))
        }
        let byColumn = Self.countingSort(keys: columns, keyCount: columnCount, rowOf, values)
        return SparseMatrix(
            rows: columnCount, columnCount: rows, rowOffsets: byColumn.starts,
            columns: byColumn.others, values: byColumn.values)
    }

    /// Both columns in the stable order of their keys, and where each key's entries start.
    private static func countingSort(
        keys: [Int32], keyCount: Int, _ others: [Int32], _ values: [Float]
    ) -> (others: [Int32], values: [Float], starts: [Int]) {
        var starts = Array(repeating: 0, count: keyCount + 1)
        for key in keys { starts[Int(key) + 1] += 1 }
        for key in 0..<keyCount { starts[key + 1] += starts[key] }
        var next = starts
        var sortedOthers = Array(repeating: Int32(0), count: keys.count)
        var sortedValues = Array(repeating: Float(0), count: keys.count)
        for entry in keys.indices {
            let position = next[Int(keys[entry])]
            next[Int(keys[entry])] += 1
            sortedOthers[position] = others[entry]
            sortedValues[position] = values[entry]
        }
        return (sortedOthers, sortedValues, starts)
    }
}
