internal import EventLoop
internal import RPC

/// Decides which calls leave the loop for its background lane.
enum LongCalls {
    /// What a call may take on the loop, in nanoseconds: short beside the turn that connections
    /// share, long enough for every usual slate.
    static let loopMax: Int64 = 300_000

    /// Moves a call that would hold up the loop, where its deadline leaves it time enough there.
    ///
    /// A call with too little time for all of its work stays: the engine does what there is time
    /// for, and says so by its tier.
    ///
    /// - Parameter estimate: about how long the call will take, in nanoseconds.
    /// - Returns: whether it was moved; its handler must then return.
    /// - Throws: RESOURCE_EXHAUSTED where too many calls wait in the background.
    static func move(_ call: Call, estimate: Int64) throws(RPCError) -> Bool {
        guard case .loop = call.lane, estimate > loopMax else { return false }
        let left = call.deadline.remaining(at: MonotonicClock.now())
        guard left == .max || left > estimate + call.backgroundBacklogNanoseconds else {
            return false
        }
        try call.moveToBackground(estimatedNanoseconds: estimate)
        return true
    }
}
