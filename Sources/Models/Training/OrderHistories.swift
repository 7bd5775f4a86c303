package import Interactions

/// Each user's baskets, oldest first.
package struct OrderHistories: Sendable {
    /// Where each user's rows of `baskets` start, shape `[U + 1]`, ascending from 0 to
    /// `baskets.rows`.
    package let offsets: [Int]
    /// Baskets x items, values 1; rows are grouped by user and then in the order of time, and none
    /// is empty.
    package let baskets: SparseMatrix
    /// What each basket counts for its age; nil where all count 1.
    package var weights: [Float]?

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
        events: EventTable, positive: [Int], baskets numbers: [Int32], users: Int,
        items itemCount: Int, ageing: Ageing?
    ) {
        let (owners, contents, times) = (events.users, events.items, events.times)
        let own = positive.indices.filter {
            numbers[$0] != EventTable.none && owners[positive[$0]] != EventTable.none
        }
        guard !own.isEmpty else { return nil }
        let byUser = Groups(of: own, by: { owners[positive[$0]] })
        var offsets = [0]
        offsets.reserveCapacity(users + 1)
        var rowOffsets = [0]
        var columns: [Int32] = []
        var weights: [Float] = []
        columns.reserveCapacity(own.count)
        // Of the basket at hand, and kept from one to the next.
        var items: [Int32] = []
        for user in 0..<users {
            guard user < byUser.count, !byUser[user].isEmpty else {
                offsets.append(rowOffsets.count - 1)
                continue
            }
            // A user's events by basket, the earliest of each first.
            let lines = byUser[user].map { place in
                (basket: numbers[place], time: times[positive[place]], place: place)
            }.sorted { ($0.basket, $0.time) < ($1.basket, $1.time) }
            var baskets: [(time: Int64, basket: Int32, lines: Range<Int>)] = []
            var start = 0
            for end in 1...lines.count
            where end == lines.count || lines[end].basket != lines[start].basket {
                baskets.append((lines[start].time, lines[start].basket, start..<end))
                start = end
            }
            baskets.sort { ($0.time, $0.basket) < ($1.time, $1.basket) }
            for basket in baskets {
                let first = columns.count
                items.removeAll(keepingCapacity: true)
                for line in basket.lines { items.append(contents[positive[lines[line].place]]) }
                if items.count > 1 { items.sort() }
                for item in items where columns.count == first || columns.last != item {
                    columns.append(item)
                }
                rowOffsets.append(columns.count)
                if let ageing { weights.append(ageing.weight(basket.time)) }
            }
            offsets.append(rowOffsets.count - 1)
        }
        self.init(
            offsets: offsets,
            baskets: SparseMatrix(
                rows: rowOffsets.count - 1, columnCount: itemCount, rowOffsets: rowOffsets,
                columns: columns, values: Array(repeating: 1, count: columns.count)))
        if ageing != nil { self.weights = weights }
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
