extension Dataset {
    /// Baskets x items with value 1 where the basket has the item, or nil where no event names a
    /// basket.
    ///
    /// A basket of nothing but other kinds, such as a cancellation, is an empty row.
    /// - Parameter kinds: which events put an item into a basket.
    /// - Complexity: O(events + baskets + items).
    package func basketMatrix(kinds: Set<EventKind> = EventKind.positive) -> SparseMatrix? {
        guard baskets.count > 0 else { return nil }
        let counts = matrix(rows: baskets.count, rowOf: events.baskets, kinds: kinds)
        return SparseMatrix(
            rows: counts.rows, columnCount: counts.columnCount, rowOffsets: counts.rowOffsets,
            columns: counts.columns, values: Array(repeating: 1, count: counts.columns.count))
    }

    /// Users x items; the value says in how many events.
    ///
    /// - Complexity: O(events + users + items).
    package func interactionMatrix(kinds: Set<EventKind> = EventKind.positive) -> SparseMatrix {
        matrix(rows: users.count, rowOf: events.users, kinds: kinds)
    }

    private func matrix(rows: Int, rowOf: [Int32], kinds: Set<EventKind>) -> SparseMatrix {
        let wanted = EventKind.allCases.map(kinds.contains)
        let entries = (0..<events.count).lazy
            .filter { rowOf[$0] >= 0 && wanted[Int(events.kinds[$0].rawValue)] }
            .map { (row: rowOf[$0], column: events.items[$0], value: Float(1)) }
        return SparseMatrix(rows: rows, columnCount: items.count, entries: entries)
    }
}
