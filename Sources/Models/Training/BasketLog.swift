package import Interactions

/// Whose each basket is and when it was closed; one element a row of ``TrainingData/baskets``.
package struct BasketLog: Sendable {
    /// The shopper, or `EventTable.none`.
    package let users: [Int32]
    /// Of the basket's last event, or `EventTable.noTime`.
    package let times: [Int64]
    /// How many users there are in all.
    package let userCount: Int

    package init(users: [Int32], times: [Int64], userCount: Int) {
        precondition(users.count == times.count, "\(users.count) != \(times.count)")
        self.users = users
        self.times = times
        self.userCount = userCount
    }

    /// - Parameters:
    ///   - positive: the events that count.
    ///   - numbers: the basket of each of these, or `EventTable.none`.
    init(
        events: EventTable, positive: [Int], baskets numbers: [Int32], count: Int, userCount: Int
    ) {
        let (owners, when) = (events.users, events.times)
        var users = Array(repeating: EventTable.none, count: count)
        var times = Array(repeating: EventTable.noTime, count: count)
        for (event, number) in zip(positive, numbers) where number != EventTable.none {
            let basket = Int(number)
            if users[basket] == EventTable.none { users[basket] = owners[event] }
            times[basket] = max(times[basket], when[event])
        }
        self.init(users: users, times: times, userCount: userCount)
    }

    package var hasTimes: Bool { times.contains { $0 != EventTable.noTime } }

    /// Some of the baskets, in the order given.
    func keeping(_ rows: [Int]) -> BasketLog {
        BasketLog(
            users: rows.map { users[$0] }, times: rows.map { times[$0] }, userCount: userCount)
    }

    /// The rows with a time, oldest first; equally old ones in their order.
    package var rowsByTime: [Int] {
        times.indices.filter { times[$0] != EventTable.noTime }
            .sorted { (times[$0], $0) < (times[$1], $1) }
    }
}

extension TrainingData {
    /// Users x items, what each user took, the newest last where baskets have times; values 1.
    ///
    /// - Complexity: O(pairs), and O(n log n) for n baskets.
    package var historiesByTime: SparseMatrix {
        guard let baskets, let log, log.userCount == interactions.rows else { return interactions }
        let byUser = Groups(
            of: log.rowsByTime.filter { log.users[$0] != EventTable.none }, by: { log.users[$0] })
        var isDated = Array(repeating: false, count: baskets.columnCount)
        var offsets = [0]
        var columns: [Int32] = []
        for user in 0..<log.userCount {
            let first = columns.count
            for row in (user < byUser.count ? byUser[user] : []).reversed() {
                for entry in baskets.row(row).reversed() where !isDated[Int(baskets.columns[entry])]
                {
                    isDated[Int(baskets.columns[entry])] = true
                    columns.append(baskets.columns[entry])
                }
            }
            let dated = columns.count
            // What she took in no dated basket is older than all of it.
            for entry in interactions.row(user).reversed()
            where !isDated[Int(interactions.columns[entry])] {
                columns.append(interactions.columns[entry])
            }
            for place in first..<dated { isDated[Int(columns[place])] = false }
            columns[first...].reverse()
            offsets.append(columns.count)
        }
        return SparseMatrix(
            rows: log.userCount, columnCount: baskets.columnCount, rowOffsets: offsets,
            columns: columns, values: Array(repeating: 1, count: columns.count))
    }

    /// What would be known had there been no other baskets than these.
    ///
    /// Users' rows count in how many of these baskets each item is.
    ///
    /// - Precondition: there are baskets and a log of them.
    package func keepingBaskets(_ rows: [Int]) -> TrainingData {
        guard let baskets, let log else { preconditionFailure("no dated baskets") }
        let kept = baskets.selectingRows(rows)
        let owned = log.keeping(rows)
        var users: [Int32] = []
        var items: [Int32] = []
        for row in 0..<kept.rows where owned.users[row] != EventTable.none {
            for entry in kept.row(row) {
                users.append(owned.users[row])
                items.append(kept.columns[entry])
            }
        }
        var weights = basketWeights.map { all in rows.map { all[$0] } }
        // The newest of these counts 1.
        if let most = weights?.max() { weights = weights?.map { $0 / most } }
        var data = TrainingData(
            interactions: SparseMatrix(
                rows: log.userCount, columnCount: kept.columnCount, rowOf: users, columnOf: items,
                values: Array(repeating: 1, count: items.count)), baskets: kept,
            catalog: catalog)
        if let weights {
            data.basketWeights = weights
            var counted = Array(repeating: Float(0), count: kept.columnCount)
            for row in 0..<kept.rows {
                for entry in kept.row(row) { counted[Int(kept.columns[entry])] += weights[row] }
            }
            data.countedPopularity = counted
        }
        data.log = owned
        data.itemFeatures = itemFeatures
        data.hasRatings = hasRatings
        data.likedMin = likedMin
        data.isDemandOfRatings = isDemandOfRatings
        data.rows = self.rows
        data.basketRowWeight = basketRowWeight
        return data
    }
}

extension SparseMatrix {
    /// Some of the rows, in the order given.
    func selectingRows(_ rows: [Int]) -> SparseMatrix {
        var offsets = [0]
        var columns: [Int32] = []
        var values: [Float] = []
        for row in rows {
            columns.append(contentsOf: self.columns[self.row(row)])
            values.append(contentsOf: self.values[self.row(row)])
            offsets.append(columns.count)
        }
        return SparseMatrix(
            rows: rows.count, columnCount: columnCount, rowOffsets: offsets, columns: columns,
            values: values)
    }
}
