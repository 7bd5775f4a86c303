internal import Interactions

/// Draws items of a user that go together: one of hers, and those of hers that are most like it.
///
/// With h_u the items of user u and d_i the users of item i, two items are as alike as the sum of 1 / h_u over
/// the users of both, divided by sqrt(d_i d_j): the cosine of the graph of users and items.
struct ItemsTogether {
    private let rows: SparseMatrix
    /// Items x users.
    private let users: SparseMatrix
    /// By item: how like the one that was drawn, before the division; 0 between calls.
    private var sums: [Float]

    init(_ rows: SparseMatrix) {
        self.rows = rows
        users = rows.transposed()
        sums = Array(repeating: 0, count: rows.columnCount)
    }

    /// - Returns: positions of `count` entries of a row, which has as many.
    /// - Complexity: O(items of the users of the item that is drawn).
    mutating func draw(
        _ count: Int, of row: Int, using generator: inout SeededGenerator
    ) -> [Int] {
        let entries = rows.row(row)
        guard count > 0, let first = entries.randomElement(using: &generator) else { return [] }
        guard count > 1 else { return [first] }
        let takers = users.columns[users.row(Int(rows.columns[first]))]
        for user in takers {
            let others = rows.row(Int(user))
            let share = 1 / Float(others.count)
            for other in others { sums[Int(rows.columns[other])] += share }
        }
        let likeness = entries.map { entry in
            let item = Int(rows.columns[entry])
            return sums[item] / Float(users.row(item).count).squareRoot()
        }
        for user in takers {
            for other in rows.row(Int(user)) { sums[Int(rows.columns[other])] = 0 }
        }
        let nearest = entries.filter { $0 != first }.sorted {
            let (a, b) = (likeness[$0 - entries.lowerBound], likeness[$1 - entries.lowerBound])
            return a != b ? a > b : $0 < $1
        }
        return [first] + nearest.prefix(count - 1)
    }
}
