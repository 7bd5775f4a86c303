/// How long a server waits for what only a connection's client can do, counted in sweeps.
///
/// A sweep is a look at all connections, made when the loop's timer runs. However long the server
/// itself stood still, the timer runs once afterwards, and what clients did meanwhile is taken in
/// before it runs again: a stall of the server is never held against a client.
package struct Patience {
    package struct Limits: Sendable {
        /// Time between sweeps.
        package let interval: Duration
        /// A client that is as it was at so many sweeps, one after the other, is given up.
        package let (frameSweepsMax, writeSweepsMax, idleSweepsMax): (Int, Int, Int)

        package init(_ limits: RPCLimits) {
            let interval =
                min(limits.writeStallMax, limits.partialFrameMax, limits.idleMax ?? .seconds(86400))
                / 4
            self.interval = interval
            // One more: a client is caught at any point between two sweeps.
            frameSweepsMax = Int((limits.partialFrameMax / interval).rounded(.up)) + 1
            writeSweepsMax = Int((limits.writeStallMax / interval).rounded(.up)) + 1
            idleSweepsMax = limits.idleMax.map { Int(($0 / interval).rounded(.up)) + 1 } ?? .max
        }
    }

    private let limits: Limits
    private var frameSweeps = 0
    private var writeSweeps = 0
    private var idleSweeps = 0
    private var unsentBytes = 0

    package init(_ limits: Limits) { self.limits = limits }

    /// What comes from now on is another frame.
    package mutating func frameEnded() { frameSweeps = 0 }

    /// Counts one sweep.
    ///
    /// - Parameters:
    ///   - isInsideFrame: whether the client owes the rest of a frame, and the server reads.
    ///   - unsentBytes: what waits for the client to take it.
    ///   - isIdle: whether nothing came since the last sweep, and nothing waits.
    /// - Returns: why the client is to be given up, if it is.
    package mutating func check(
        isInsideFrame: Bool, unsentBytes: Int, isIdle: Bool
    ) -> BreakOffReason? {
        idleSweeps = isIdle ? idleSweeps + 1 : 0
        frameSweeps = isInsideFrame ? frameSweeps + 1 : 0
        let isStuck = unsentBytes > 0 && unsentBytes == self.unsentBytes
        writeSweeps = isStuck ? writeSweeps + 1 : min(1, unsentBytes)
        self.unsentBytes = unsentBytes
        if writeSweeps > limits.writeSweepsMax { return .unread }
        if frameSweeps > limits.frameSweepsMax { return .unfinished }
        return idleSweeps > limits.idleSweepsMax ? .idle : nil
    }
}

/// When a connection's frames were read, and for how long something else than the server's work
/// held them up since.
struct Pause {
    enum Cause {
        /// The client does not read its replies.
        case client
        /// The connection has as many pending calls as it may.
        case pending
    }

    private(set) var readAt: Int64 = 0
    /// The server's lag when they were read.
    private(set) var lag: Int64 = 0
    private(set) var clientNanoseconds: Int64 = 0
    private(set) var pendingNanoseconds: Int64 = 0
    private var since: (client: Int64, pending: Int64) = (.max, .max)

    init() {}

    init(readAt: Int64, lag: Int64) { (self.readAt, self.lag) = (readAt, lag) }

    mutating func begin(_ cause: Cause, at now: Int64) {
        switch cause {
        case .client: since.client = min(since.client, now)
        case .pending: since.pending = min(since.pending, now)
        }
    }

    mutating func end(_ cause: Cause, at now: Int64) {
        switch cause {
        case .client:
            clientNanoseconds += max(0, now - min(now, since.client))
            since.client = .max
        case .pending:
            pendingNanoseconds += max(0, now - min(now, since.pending))
            since.pending = .max
        }
    }
}
