internal import CrossSell
internal import EventLoop
internal import Synchronization

/// Which model one lane answers from, and how another thread gives it another one.
///
/// The lane takes a new model between two calls: a call is answered by one model from start to end,
/// and every call that begins after ``give(_:)`` has returned by the model given. What that costs a
/// call is a look at one word.
///
/// `@unchecked Sendable`: `current` is touched on the lane's thread only; the rest is locked or
/// atomic.
final class ServingLane: @unchecked Sendable {
    private struct State: Sendable {
        /// Given and not yet taken.
        var next: LaneServices?
        /// Whose memory the lane may touch.
        var held: ObjectIdentifier
    }

    /// What it was asked lately.
    let recent = RecentRequests()
    private let door: LoopDoor
    private let state: Locked<State>
    private let hasNext = Atomic(false)
    private let onLeave: @Sendable () -> Void
    private var current: LaneServices

    /// - Parameters:
    ///   - services: what it answers from until it is given something else.
    ///   - door: the way onto the lane's thread.
    ///   - onLeave: called on the lane's thread when it holds a model no more.
    init(
        _ services: LaneServices, door: LoopDoor, onLeave: @escaping @Sendable () -> Void
    ) {
        (current, self.door, self.onLeave) = (services, door, onLeave)
        state = Locked(State(held: ObjectIdentifier(services)))
    }

    // MARK: On the lane's thread

    /// What answers the call that begins now.
    @inline(__always)
    var services: LaneServices {
        if hasNext.load(ordering: .acquiring) { takeNext() }
        return current
    }

    /// Says that nothing of the answers so far is held any more.
    func endTurn() { services.engine.endTurn() }

    private func takeNext() {
        let next = state.withLock { state in
            hasNext.store(false, ordering: .relaxed)
            defer { state.next = nil }
            return state.next
        }
        guard let next else { return }
        current.engine.endTurn()
        current = next
        // Last of all: from here on the services that were left may be freed.
        state.withLock { $0.held = ObjectIdentifier(next) }
        onLeave()
    }

    // MARK: On any thread

    /// Gives the lane what to answer from, in place of what it has or was given and has not taken.
    /// Whoever gives keeps it alive for as long as the lane ``holds(_:)`` it.
    func give(_ services: LaneServices) {
        state.withLock {
            $0.next = services
            hasNext.store(true, ordering: .releasing)
        }
        // A lane that nobody calls would hold what it has for good.
        door.submit { [weak self] _ in self?.endTurn() }
    }

    /// Whether the lane may touch the services' memory now or later without being given them again.
    func holds(_ services: LaneServices) -> Bool {
        state.withLock { $0.next === services || $0.held == ObjectIdentifier(services) }
    }
}
