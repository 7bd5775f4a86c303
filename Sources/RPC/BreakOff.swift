package import EventLoop

/// Why a server broke off a connection.
package enum BreakOffReason: String, CaseIterable, Sendable {
    /// What came was no ttrpc.
    case foreign = "it does not speak ttrpc"
    /// Nothing of what waited for the client was taken for `writeStallMax`.
    case unread = "the client does not read its replies"
    /// A frame was not complete `partialFrameMax` after its first byte.
    case unfinished = "the client did not finish a frame"
    /// The grace of a drain was over.
    case drained = "the drain's grace is over"
}

/// A connection that a server broke off.
package struct BreakOff: Sendable {
    package let peer: PeerCredentials
    package let reason: BreakOffReason
}
