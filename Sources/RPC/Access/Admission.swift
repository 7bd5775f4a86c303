internal import EventLoop
internal import Synchronization

/// What the connections of one uid hold together, over all loops.
final class PeerAccount: Sendable {
    let userID: UInt32
    fileprivate let connections = Atomic<Int>(0)
    /// Calls received and not answered, but for those that a loop is at; and the pending ones of them.
    private let calls = Atomic<Int>(0)
    private let pendingCalls = Atomic<Int>(0)
    private let bytes = Atomic<Int>(0)

    init(userID: UInt32) { self.userID = userID }

    /// Memory of its connections' buffers.
    var bufferBytes: Int { bytes.load(ordering: .relaxed) }

    func addBufferBytes(_ count: Int) { bytes.add(count, ordering: .relaxed) }

    /// Counts calls that wait, or fewer of them for a negative number.
    ///
    /// - Returns: how many calls are in flight now.
    @discardableResult
    func addCalls(_ count: Int) -> Int { calls.add(count, ordering: .relaxed).newValue }

    /// Counts one more call in flight, a pending one; where that is too many, nothing is counted,
    /// and the limit is returned that it would pass.
    func beginPendingCall(_ limits: RPCLimits) -> CallLimit? {
        let (all, pending) = (addCalls(1), pendingCalls.add(1, ordering: .relaxed).newValue)
        if all <= limits.callsPerUIDMax, pending <= limits.resolvedPendingCallsPerUIDMax {
            return nil
        }
        endPendingCall()
        return all > limits.callsPerUIDMax
            ? CallLimit(name: "callsPerUIDMax", max: limits.callsPerUIDMax)
            : CallLimit(
                name: "pendingCallsPerUIDMax", max: limits.resolvedPendingCallsPerUIDMax)
    }

    func endPendingCall() {
        addCalls(-1)
        pendingCalls.subtract(1, ordering: .relaxed)
    }

    /// What a call is told that would pass a limit.
    func refusal(_ limit: CallLimit) -> RPCError {
        RPCError(
            .resourceExhausted,
            "uid \(userID) has \(limit.max) calls in flight; the limit is \(limit.name)")
    }
}

/// A limit on calls of one uid.
struct CallLimit {
    let name: String
    let max: Int
}

/// Counts the connections of all loops against the limits, in all and by uid.
final class Admission: Sendable {
    private struct State {
        var connections = 0
        var accounts: [UInt32: PeerAccount] = [:]
        var processes = PeerProcesses()
    }

    private let state = Locked(State())
    private let max: Int
    private let perUIDMax: Int

    init(max: Int, perUIDMax: Int) { (self.max, self.perUIDMax) = (max, perUIDMax) }

    /// Counts one more connection of a peer, or says why there is no room for it.
    func enter(
        _ peer: PeerCredentials
    ) -> Result<(PeerAccount, PeerProcess), RefusedConnection.Reason> {
        let userID = peer.userID
        return state.withLock { state in
            guard state.connections < max else { return .failure(.connectionsMax(max)) }
            let account = state.accounts[userID] ?? PeerAccount(userID: userID)
            guard account.connections.load(ordering: .relaxed) < perUIDMax else {
                return .failure(.connectionsPerUIDMax(perUIDMax))
            }
            account.connections.add(1, ordering: .relaxed)
            state.accounts[userID] = account
            state.connections += 1
            return .success((account, state.processes.enter(peer.processID)))
        }
    }

    func leave(_ account: PeerAccount, processID: Int32) {
        let now = MonotonicClock.now()
        state.withLock { state in
            state.processes.leave(processID, at: now)
            state.connections -= 1
            let left = account.connections.subtract(1, ordering: .relaxed).newValue
            if left == 0 { state.accounts[account.userID] = nil }
        }
    }
}

/// An accepted connection on its way to its loop, and its place in the count as long as it lives.
///
/// If nobody takes the descriptor, because the loop ended meanwhile, it is closed.
final class Guest: Sendable {
    let caller: Caller
    let account: PeerAccount
    let process: PeerProcess
    private let descriptor: Atomic<Int32>
    private let admission: Admission

    init(
        descriptor: Int32, caller: Caller, account: PeerAccount, process: PeerProcess,
        admission: Admission
    ) {
        self.descriptor = Atomic(descriptor)
        (self.caller, self.account) = (caller, account)
        (self.process, self.admission) = (process, admission)
    }

    deinit {
        let left = descriptor.load(ordering: .relaxed)
        if left >= 0 { UnixSocket.close(left) }
        admission.leave(account, processID: caller.peer.processID)
    }

    /// The descriptor, which the caller owns from now on.
    func takeDescriptor() -> Int32 { descriptor.exchange(-1, ordering: .relaxed) }
}
