package import Interactions

/// Each user's baskets, oldest first.
package struct OrderHistories: Sendable {
    /// Where each user's rows of `baskets` start, shape `[U + 1]`, ascending from 0 to
    /// `baskets.rows`.
    package let offsets: [Int]
    /// Baskets x items, values 1; rows are grouped by user and then in the order of time, and none
    /// is empty.
    package let baskets: SparseMatrix

    package init(offsets: [Int], baskets: SparseMatrix) {
        precondition(
            offsets.first == 0 && offsets.last == baskets.rows,
            "\(offsets.count) offsets for \(baskets.rows) baskets")
        self.offsets = offsets
        self.baskets = baskets
    }

    package var users: Int { offsets.count - 1 }

    /// The rows of a user's baskets.
    package func range(of user: Int) -> Range<Int> { offsets[user]..<offsets[user + 1] }

    /// Gathers baskets from events, or nil where none has a user and a basket.
    ///
    /// A basket stands where its first event does; baskets of equal or unknown time stay in the
    /// order of their numbers. A basket that two users share is a basket of each.
    ///
    /// - Parameters:
    ///   - positive: the events that count.
    ///   - numbers: the basket of each of these, or `EventTable.none`.
    init?(
        events: EventTable, positive: [Int], baskets numbers: [Int32], users: Int, items: Int
    ) {
        struct Line {
            var user: Int32
            var basket: Int32
            var time: Int64
            var item: Int32
        }
        var lines: [Line] = []
        for (event, basket) in zip(positive, numbers)
        where basket != EventTable.none && events.users[event] != EventTable.none {
            lines.append(
                Line(
                    user: events.users[event], basket: basket, time: events.times[event],
                    item: events.items[event]))
        }
        guard !lines.isEmpty else { return nil }
        lines.sort { ($0.user, $0.basket, $0.time) < ($1.user, $1.basket, $1.time) }
        var starts = lines.indices.filter {
            $0 == 0 || lines[$0 - 1].user != lines[$0].user
                || lines[$0 - 1].basket != lines[$0].basket
        }
        let ends = Dictionary(
            uniqueKeysWithValues: zip(starts, starts.dropFirst() + [lines.count]))
        // The first line of a basket carries its earliest time.
        starts.sort {
            let (a, b) = (lines[$0], lines[$1])
            return (a.user, a.time, a.basket) < (b.user, b.time, b.basket)
        }
        var offsets = Array(repeating: 0, count: users + 1)
        var entries: [(row: Int32, column: Int32, value: Float)] = []
        entries.reserveCapacity(lines.count)
        for (row, start) in starts.enumerated() {
            offsets[Int(lines[start].user) + 1] += 1
            for item in Set(lines[start..<ends[start]!].map(\.item)) {
                entries.append((Int32(row), item, 1))
            }
        }
        for user in 0..<users { offsets[user + 1] += offsets[user] }
        self.init(
            offsets: offsets,
            baskets: SparseMatrix(rows: starts.count, columnCount: items, entries: entries))
    }
}

extension OrderHistories {
    /// Users x items: each row the weighted sum of a user's baskets.
    ///
    /// - Parameter weights: by a user's number of baskets, the weight of each, oldest first; 0 or
    ///   more.
    func sums(_ weights: (_ count: Int) -> [Float]) -> SparseMatrix {
        let sum = SparseAccumulator(columns: baskets.columnCount)
        let rows = SparseRows(baskets)
        var offsets = [0]
        var columns: [Int32] = []
        var values: [Float] = []
        for user in 0..<users {
            let own = range(of: user)
            for (row, weight) in zip(own, weights(own.count)) where weight > 0 {
                sum.add(columnsOf: row, in: rows, weight: weight)
            }
            for item in sum.entries.sorted() {
                columns.append(item)
                values.append(sum.values[Int(item)])
            }
            offsets.append(columns.count)
            sum.removeAll()
        }
        return SparseMatrix(
            rows: users, columnCount: baskets.columnCount, rowOffsets: offsets, columns: columns,
            values: values)
    }
}
