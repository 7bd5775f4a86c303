/// Compressed sparse rows.
///
/// Invariant: `rowOffsets.count == rows + 1`, ascending; `columns.count == values.count == rowOffsets.last`;
/// columns ascend strictly within a row, unless the doc of whoever made it says otherwise.
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

    /// The entries' sum is kept where a pair occurs more than once. Complexity: O(entries + rows + columns).
    package init(
        rows: Int, columnCount: Int,
        entries: some Sequence<(row: Int32, column: Int32, value: Float)>
    ) {
        let entries = Array(entries)
        // Two counting sorts, first by column and then by row, both stable: rows end up ascending.
        let byColumn = Self.countingSort(entries, keys: columnCount) { Int($0.column) }
        let byRow = Self.countingSort(byColumn, keys: rows) { Int($0.row) }
        var rowOffsets = [0]
        var columns: [Int32] = []
        var values: [Float] = []
        rowOffsets.reserveCapacity(rows + 1)
        columns.reserveCapacity(entries.count)
        values.reserveCapacity(entries.count)
        var next = 0
        for row in 0..<rows {
            while next < byRow.count, byRow[next].row == row {
                if columns.count > rowOffsets[row], columns.last == byRow[next].column {
                    values[values.count - 1] += byRow[next].value
                } else {
                    columns.append(byRow[next].column)
                    values.append(byRow[next].value)
                }
                next += 1
            }
            rowOffsets.append(columns.count)
        }
        self.init(
            rows: rows, columnCount: columnCount, rowOffsets: rowOffsets, columns: columns,
            values: values)
    }

    /// Rows become columns. Complexity: O(entries + rows + columns).
    package func transposed() -> SparseMatrix {
        var offsets = Array(repeating: 0, count: columnCount + 1)
        for column in columns { offsets[Int(column) + 1] += 1 }
        for column in 0..<columnCount { offsets[column + 1] += offsets[column] }
        var next = offsets
        var newColumns = Array(repeating: Int32(0), count: columns.count)
        var newValues = Array(repeating: Float(0), count: columns.count)
        for row in 0..<rows {
            for entry in self.row(row) {
                let position = next[Int(columns[entry])]
                next[Int(columns[entry])] += 1
                newColumns[position] = Int32(row)
                newValues[position] = values[entry]
            }
        }
        return SparseMatrix(
            rows: columnCount, columnCount: rows, rowOffsets: offsets, columns: newColumns,
            values: newValues)
    }

    private static func countingSort<T>(_ items: [T], keys: Int, by key: (T) -> Int) -> [T] {
        var starts = Array(repeating: 0, count: keys + 1)
        for item in items { starts[key(item) + 1] += 1 }
        for index in 0..<keys { starts[index + 1] += starts[index] }
        var order = Array(repeating: 0, count: items.count)
        for (index, item) in items.enumerated() {
            order[starts[key(item)]] = index
            starts[key(item)] += 1
        }
        return order.map { items[$0] }
    }
}
