internal import EventLoop

/// The time of one loop: how much of a turn is used up, and how long the loop stood still.
final class TurnClock {
    private let loop: EventLoop
    private let turnNanoseconds: Int64
    private let shareNanoseconds: Int64
    private var newest: Int64 = 0
    private var lagBefore: Int64 = 0

    init(_ loop: EventLoop, limits: RPCLimits) {
        self.loop = loop
        turnNanoseconds = limits.turnMax.wholeNanoseconds
        shareNanoseconds = limits.turnShareMax.wholeNanoseconds
    }

    /// The time as far as known, so that a call costs one look at the clock.
    var now: Int64 { max(newest, loop.turnStart) }

    func set(_ now: Int64) { newest = now }

    func look() { newest = MonotonicClock.now() }

    /// Until when calls are begun in this turn.
    var turnEnd: Int64 { loop.turnStart + turnNanoseconds }

    /// Until when a connection whose turn it is now may go on.
    var sliceEnd: Int64 { min(turnEnd, now + shareNanoseconds) }

    /// Time that went by, since the loop was made, in turns several times as long as one may be: a
    /// call took too long, or the process did not run.
    var lag: Int64 { lagBefore + stall }

    private var stall: Int64 {
        let length = now - loop.turnStart
        return length > 4 * turnNanoseconds ? length : 0
    }

    /// Adds up the turn that ends.
    func endTurn() {
        look()
        lagBefore += stall
    }
}
