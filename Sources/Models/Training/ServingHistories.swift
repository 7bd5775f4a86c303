package import Interactions

/// What a bundle remembers of each user, so that she is served from what she took.
package enum ServingHistories {
    /// Each user's newest distinct items of the events that count, by the time they were last taken,
    /// newest last.
    ///
    /// An event counts where its kind weighs more than 0 and its value is more than 0, as for
    /// ``TrainingData``: a shop of ratings alone has histories too.
    ///
    /// - Parameters:
    ///   - options: which events count; resolved for the dataset here.
    ///   - max: the most items of a user, 0 or more.
    /// - Returns: users x items, values 1; columns are in the order of time within a row.
    /// - Complexity: O(events), and O(n log n) for a user whose n events are not in order already.
    package static func make(
        _ dataset: Dataset, options: TrainingDataOptions = .init(), max: Int
    ) -> SparseMatrix {
        let weights = options.resolved(for: dataset).weights ?? [:]
        let kinds = Set(weights.filter { $0.value > 0 }.map(\.key))
        let all = dataset.histories(kinds: kinds)
        let values = dataset.events.values
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
                guard listed[item] != user, values[Int(all.events[position])] > 0 else { continue }
                listed[item] = Int32(user)
                columns.append(Int32(item))
            }
            columns[first...].reverse()
            offsets.append(columns.count)
        }
        return SparseMatrix(
            rows: dataset.users.count, columnCount: dataset.items.count, rowOffsets: offsets,
            columns: columns, values: Array(repeating: 1, count: columns.count))
    }
}
