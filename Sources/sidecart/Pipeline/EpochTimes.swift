import Synchronization

/// When each step of a training ended.
final class EpochTimes: Sendable {
    private let ends = Mutex<[ContinuousClock.Instant]>([])

    func record() { ends.withLock { $0.append(.now) } }

    /// The median seconds between one step and the next; nil before the second.
    var median: Double? {
        let ends = ends.withLock { $0 }
        let steps = zip(ends, ends.dropFirst()).map { ($1 - $0).seconds }.sorted()
        return steps.isEmpty ? nil : steps[steps.count / 2]
    }
}
