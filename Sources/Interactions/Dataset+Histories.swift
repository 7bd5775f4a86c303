extension EventKind {
    /// The kinds that speak for an item: all but returns.
    package static let positive = Set(allCases).subtracting([.return])
}

/// Each user's events in the order of time, newest last: compressed rows of items.
///
/// Invariant: `offsets.count == U + 1`, ascending; `items.count == events.count == offsets.last`.
package struct Histories: Sendable, Equatable {
    package let offsets: [Int]
    package let items: [Int32]
    /// Where in the dataset's events each entry stands, for its time, kind or value.
    package let events: [Int32]

    /// The positions of a user's entries in `items` and `events`.
    package func range(of user: Int) -> Range<Int> { offsets[user]..<offsets[user + 1] }
}

extension Dataset {
    /// Each user's history. Events without a user are left out; those without a time come first,
    /// and events at the same time stand in the order read.
    ///
    /// - Parameters:
    ///   - kinds: which events count.
    ///   - lengthMax: only so many of the newest are kept; nil for all.
    /// - Complexity: O(events), and O(n log n) for a user whose n events are not in order already.
    package func histories(
        kinds: Set<EventKind> = EventKind.positive, lengthMax: Int? = nil
    ) -> Histories {
        precondition(lengthMax.map { $0 >= 0 } ?? true, "a history of \(lengthMax!) events")
        let wanted = EventKind.allCases.map(kinds.contains)
        func counts(_ event: Int) -> Bool {
            events.users[event] >= 0 && wanted[Int(events.kinds[event].rawValue)]
        }
        var starts = Array(repeating: 0, count: users.count + 1)
        for event in 0..<events.count where counts(event) {
            starts[Int(events.users[event]) + 1] += 1
        }
        for user in 0..<users.count { starts[user + 1] += starts[user] }
        var order = Array(repeating: Int32(0), count: starts[users.count])
        var next = starts
        for event in 0..<events.count where counts(event) {
            order[next[Int(events.users[event])]] = Int32(event)
            next[Int(events.users[event])] += 1
        }
        let times = events.times
        for user in 0..<users.count {
            let range = starts[user]..<starts[user + 1]
            let isSorted = range.dropFirst().allSatisfy {
                times[Int(order[$0 - 1])] <= times[Int(order[$0])]
            }
            if isSorted { continue }
            // The number of the event breaks ties, so that the order read is kept.
            order[range].sort {
                (times[Int($0)], $0) < (times[Int($1)], $1)
            }
        }
        return newest(order, starts, lengthMax ?? .max)
    }

    private func newest(_ order: [Int32], _ starts: [Int], _ lengthMax: Int) -> Histories {
        var offsets = [0]
        var kept: [Int32] = []
        offsets.reserveCapacity(starts.count)
        for user in 0..<starts.count - 1 {
            kept.append(contentsOf: order[starts[user]..<starts[user + 1]].suffix(lengthMax))
            offsets.append(kept.count)
        }
        return Histories(
            offsets: offsets, items: kept.map { events.items[Int($0)] }, events: kept)
    }
}
