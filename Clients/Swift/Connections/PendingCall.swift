internal import EventLoop
internal import Synchronization

/// One call from when it is made to its outcome, shared by the task that waits and the loop's
/// thread.
///
/// The outcome is settled once, by whoever comes first: the answer, the deadline, the cancellation
/// or the end of the connection. What comes later has no effect.
final class PendingCall: Sendable {
    private enum State {
        case made
        case waiting(Continuation)
        case finished(Outcome?)
    }

    typealias Outcome = Result<[UInt8], SidecartError>
    typealias Continuation = CheckedContinuation<Outcome, Never>

    let service: String
    let method: String
    /// The encoded request message.
    let payload: [UInt8]
    let deadline: ContinuousClock.Instant
    /// The stream it was sent on, 0 before; only the loop's thread uses it.
    let stream = Atomic<UInt32>(0)
    private let timeout: Duration
    private let budget: Budget
    private let state = Locked(State.made)

    /// - Throws: `resourceExhausted` where the budget is used up.
    init(
        service: String, method: String, payload: [UInt8], from start: ContinuousClock.Instant,
        timeout: Duration, budget: Budget
    ) throws(SidecartError) {
        try budget.reserve(payload.count)
        (self.service, self.method, self.payload) = (service, method, payload)
        self.deadline = start + timeout
        self.timeout = timeout
        self.budget = budget
    }

    var isFinished: Bool {
        state.withLock {
            if case .finished = $0 { true } else { false }
        }
    }

    /// Resumes the continuation with the outcome: now, where there is one already, or as soon as
    /// there is.
    func wait(_ continuation: Continuation) {
        let outcome = state.withLock { state -> Outcome? in
            guard case .finished(let outcome) = state else {
                state = .waiting(continuation)
                return nil
            }
            state = .finished(nil)
            return outcome
        }
        if let outcome { continuation.resume(returning: outcome) }
    }

    /// Settles the outcome.
    ///
    /// - Returns: false if it was settled before.
    @discardableResult
    func finish(_ outcome: Outcome) -> Bool {
        let (isFirst, continuation) = state.withLock {
            state -> (Bool, Continuation?) in
            switch state {
            case .made:
                state = .finished(outcome)
                return (true, nil)
            case .waiting(let continuation):
                state = .finished(nil)
                return (true, continuation)
            case .finished: return (false, nil)
            }
        }
        if isFirst { budget.release(payload.count) }
        continuation?.resume(returning: outcome)
        return isFirst
    }

    func fail(_ error: SidecartError) { finish(.failure(error)) }

    func expire() { fail(.deadline(timeout)) }
}

extension SidecartError {
    static func deadline(_ timeout: Duration) -> SidecartError {
        SidecartError(.deadlineExceeded, "no answer within \(timeout)")
    }

    static let cancelled = SidecartError(.cancelled, "the task was cancelled")

    static let closed = SidecartError(.unavailable, "the client is closed")
}

/// What all calls of a client together may hold.
final class Budget: Sendable {
    private let callsMax: Int
    private let bytesMax: Int
    private let used = Locked((calls: 0, bytes: 0))

    init(_ configuration: SidecartConfiguration) {
        callsMax = configuration.callsInFlightMax
        bytesMax = configuration.queuedBytesMax
    }

    var callsInFlight: Int { used.withLock { $0.calls } }

    fileprivate func reserve(_ bytes: Int) throws(SidecartError) {
        let refusal = used.withLock { used -> SidecartError? in
            guard used.calls < callsMax else {
                return SidecartError(.resourceExhausted, "\(callsMax) calls are in flight already")
            }
            guard used.bytes + bytes <= bytesMax else {
                return SidecartError(
                    .resourceExhausted,
                    "\(bytes) bytes on top of \(used.bytes) in flight would pass \(bytesMax)")
            }
            used.calls += 1
            used.bytes += bytes
            return nil
        }
        if let refusal { throw refusal }
    }

    fileprivate func release(_ bytes: Int) {
        used.withLock {
            $0.calls -= 1
            $0.bytes -= bytes
        }
    }
}
