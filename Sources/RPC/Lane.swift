package import EventLoop

/// Where a call runs. Each loop of a server has both lanes, with a router of its own for each.
package enum Lane: Sendable {
    /// The loop's own thread, where every call starts and short ones are answered.
    case loop
    /// A thread beside it, for the calls that a handler moves there; see
    /// ``Call/moveToBackground(estimatedNanoseconds:)``.
    case background
}

/// A lane while its router is being made, on the lane's thread.
package final class LaneSetup {
    package let lane: Lane
    /// Which of the server's loops the lane belongs to, from 0.
    package let loopIndex: Int
    /// The way onto the lane's thread, for jobs that run there between two calls.
    package let door: LoopDoor
    private let addHook: (@escaping () -> Void) -> Void

    init(
        _ lane: Lane, loopIndex: Int, door: LoopDoor,
        addHook: @escaping (@escaping () -> Void) -> Void
    ) {
        (self.lane, self.loopIndex, self.door, self.addHook) = (lane, loopIndex, door, addHook)
    }

    /// Runs `hook` at the end of each of the lane's turns, when no call runs and nothing of one is
    /// held: on the loop after the turn's replies were sent, in the background after each call.
    package func atTurnEnd(_ hook: @escaping () -> Void) { addHook(hook) }
}
