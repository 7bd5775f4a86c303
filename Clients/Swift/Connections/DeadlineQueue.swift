/// Calls by deadline, the earliest first.
///
/// Deadlines mostly come in order, so an array sorted by insertion from the end is enough: O(1)
/// where the new one is the latest. Calls that have their outcome are dropped when they reach the
/// front, and all at once where they have become the majority, so memory follows the calls in
/// flight.
struct DeadlineQueue {
    private var calls: [PendingCall] = []
    private var head = 0
    private var sweepCount = 64

    var isEmpty: Bool { head == calls.count }

    mutating func insert(_ call: PendingCall) {
        dropFinishedFront()
        if calls.count - head >= sweepCount { sweep() }
        var position = calls.count
        while position > head, calls[position - 1].deadline > call.deadline { position -= 1 }
        calls.insert(call, at: position)
    }

    /// The earliest deadline of a call that still waits.
    mutating func first() -> ContinuousClock.Instant? {
        dropFinishedFront()
        return isEmpty ? nil : calls[head].deadline
    }

    /// Takes out a call whose deadline has come, until there is none.
    mutating func popExpired(at now: ContinuousClock.Instant) -> PendingCall? {
        dropFinishedFront()
        guard !isEmpty, calls[head].deadline <= now else { return nil }
        head += 1
        return calls[head - 1]
    }

    private mutating func dropFinishedFront() {
        while head < calls.count, calls[head].isFinished { head += 1 }
        // Moving the rest down costs no more than the drops that led here.
        if head * 2 >= calls.count {
            calls.removeSubrange(0..<head)
            head = 0
        }
    }

    private mutating func sweep() {
        calls.removeSubrange(0..<head)
        head = 0
        calls.removeAll { $0.isFinished }
        sweepCount = max(64, calls.count * 2)
    }
}
