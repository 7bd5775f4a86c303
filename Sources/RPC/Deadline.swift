/// The moment after which nobody waits for a call's answer.
///
/// It covers the wait in queues, the handler and the encoding of the reply.
package struct Deadline: Equatable, Sendable {
    /// On ``MonotonicClock``; `Int64.max` means never.
    package let nanoseconds: Int64

    /// A call that may take as long as it takes.
    package static let none = Deadline(nanoseconds: .max)

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The deadline of a call whose bytes were read at `readAt`.
    ///
    /// - Parameter timeoutNanoseconds: as on the wire: what was left when the client sent the call;
    ///   0 is none, a negative one has passed.
    package init(timeoutNanoseconds: Int64, readAt: Int64) {
        if timeoutNanoseconds == 0 {
            self = .none
        } else if timeoutNanoseconds < 0 {
            nanoseconds = .min
        } else {
            let (sum, overflow) = readAt.addingReportingOverflow(timeoutNanoseconds)
            nanoseconds = overflow ? .max : sum
        }
    }

    package func hasPassed(at now: Int64) -> Bool { now >= nanoseconds && self != .none }

    /// Nanoseconds left, not below zero; `Int64.max` if there is no deadline.
    package func remaining(at now: Int64) -> Int64 {
        if self == .none { return .max }
        return hasPassed(at: now) ? 0 : nanoseconds &- now
    }
}
