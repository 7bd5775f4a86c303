/// What a connection takes up of its uid's shares: memory, and calls in flight.
///
/// Invariant: the uid's account counts what all its connections' holdings say. A call is counted
/// while it waits or is pending, and not while the loop is at it: what is read and answered at once
/// costs no counting.
struct Holdings {
    let account: PeerAccount
    /// Memory that only the client, or the end of pending calls, can free.
    private(set) var bytes = 0
    /// Calls that were read and have not begun.
    private(set) var waitingCalls = 0
    /// Calls that are answered in a later turn, and what they hold.
    private(set) var pendingCalls = 0
    private(set) var pendingBytes = 0

    init(_ account: PeerAccount) { self.account = account }

    /// Brings the count of memory up to date.
    ///
    /// - Returns: by how much it changed.
    mutating func setBytes(_ now: Int) -> Int {
        let change = now - bytes
        guard change != 0 else { return 0 }
        bytes = now
        account.addBufferBytes(change)
        return change
    }

    /// Brings the count of waiting calls up to date.
    ///
    /// - Returns: how many of them are more than the uid may have in flight.
    @discardableResult
    mutating func setWaitingCalls(_ now: Int, max: Int = .max) -> Int {
        guard now != waitingCalls else { return 0 }
        let inFlight = account.addCalls(now - waitingCalls)
        waitingCalls = now
        return Swift.min(now, Swift.max(0, inFlight - max))
    }

    /// Notes that a call is answered later; the account counts it already.
    mutating func didDefer(_ call: PendingCall) {
        pendingCalls += 1
        pendingBytes += call.bytes
    }

    /// Notes that it is answered; the account knows.
    mutating func didAnswer(_ call: PendingCall) {
        pendingCalls -= 1
        pendingBytes -= call.bytes
    }
}
