package import Interactions

/// What a bundle remembers of each user, so that she is served from what she took.
package enum ServingHistories {
    /// Each user's newest distinct items of the events that count, by the time they were last taken,
    /// newest last.
    ///
    /// An event counts where it is a taking as for ``TrainingData``: a shop of ratings alone has
    /// histories too. What was rated low is in them, since it was taken, with the value 0, since it
    /// says nothing of what else she would take.
    ///
    /// - Parameters:
    ///   - options: which events count; resolved for the dataset here.
    ///   - max: the most items of a user, 0 or more.
    /// - Returns: users x items, values 1 or 0; columns are in the order of time within a row.
    /// - Complexity: O(events), and O(n log n) for a user whose n events are not in order already.
    package static func make(
        _ dataset: Dataset, options: TrainingDataOptions = .init(), max: Int
    ) -> SparseMatrix {
        let options = options.resolved(for: dataset)
        let kinds = Set((options.weights ?? [:]).filter { $0.value > 0 }.map(\.key))
        let isTaken = options.takings(of: dataset.events)
        let likedMin = options.likedMin(of: dataset.events)
        let all = dataset.histories(kinds: kinds)
        let values = dataset.events.values
        var liked: [Float] = []
        var offsets = [0]
        offsets.reserveCapacity(dataset.users.count + 1)
        var columns: [Int32] = []
        // By item, the last user on whose list it was put.
        var listed = Array(repeating: Int32(-1), count: dataset.items.count)
        for user in 0..<dataset.users.count {
            let first = columns.count
            for position in all.range(of: user).reversed() {
                guard columns.count - first < max else { break }
                let item = Int(all.items[position])
                let event = Int(all.events[position])
                guard listed[item] != user, isTaken(event) else { continue }
                listed[item] = Int32(user)
                columns.append(Int32(item))
                liked.append(values[event] >= likedMin ? 1 : 0)
            }
            columns[first...].reverse()
            liked[first...].reverse()
            offsets.append(columns.count)
        }
        return SparseMatrix(
            rows: dataset.users.count, columnCount: dataset.items.count, rowOffsets: offsets,
            columns: columns, values: liked)
    }
}
