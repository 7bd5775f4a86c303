package import EventLoop

/// What happens to a server that its operator wants to know.
package enum ServerEvent: Sendable {
    case brokeOff(BreakOff)
    case refusedConnection(RefusedConnection)
    /// A frame was given up, and answered so, to free memory.
    case refusedFrame(peer: PeerCredentials, bytes: Int, BufferShortage)
    /// Nothing is at the socket's path any more.
    case pathGone(String)
    /// The socket's path leads to another socket, or to something else.
    case pathTaken(String)
    /// The socket was moved, and is served at its new path.
    case pathMoved(String, to: String)
    /// The server listens at its path again.
    case pathRestored(String)
    /// It could not.
    case pathNotRestored(String, UnixSocketError)
}

/// Why a server broke off a connection.
package enum BreakOffReason: String, CaseIterable, Sendable {
    /// What came was neither ttrpc nor HTTP/2.
    case foreign = "it speaks neither ttrpc nor gRPC"
    /// It broke the rules of HTTP/2.
    case malformed = "it broke the rules of HTTP/2"
    /// It sent more HTTP/2 frames than its calls need, or too many resets or headers.
    case flooded = "it sent too many HTTP/2 frames"
    /// Nothing of what waited for the client was taken for `writeStallMax`.
    case unread = "the client does not read its replies"
    /// A frame was not complete `partialFrameMax` after its first byte.
    case unfinished = "the client did not finish a frame"
    /// The buffers were full, and it held the most of them.
    case crowded = "it held the most memory when the buffers were full"
    /// Nothing came or waited for `idleMax`.
    case idle = "it was idle"
    /// The grace of a drain was over.
    case drained = "the drain's grace is over"

    /// Whether what the client sent was the reason: others of its process are served slowly then.
    var isOffence: Bool { self == .foreign || self == .malformed || self == .flooded }
}

/// A connection that a server broke off.
package struct BreakOff: Sendable {
    package let peer: PeerCredentials
    package let reason: BreakOffReason
}

/// A connection that was closed as soon as it was accepted.
package struct RefusedConnection: Sendable {
    package enum Reason: Error, Sendable, CustomStringConvertible {
        case connectionsMax(Int)
        case connectionsPerUIDMax(Int)

        package var description: String {
            switch self {
            case .connectionsMax(let max): "\(max) connections are open; connectionsMax"
            case .connectionsPerUIDMax(let max):
                "the uid has \(max) connections open; connectionsPerUIDMax"
            }
        }
    }

    package let peer: PeerCredentials
    package let reason: Reason
}

/// Which limit on buffers was passed.
package enum BufferShortage: Sendable, CustomStringConvertible {
    /// `bufferBytesMax`.
    case all(max: Int)
    /// `bufferBytesPerUIDMax`.
    case uid(UInt32, max: Int)

    package var description: String {
        switch self {
        case .all(let max): "the server's buffers are full (\(Self.size(max)))"
        case .uid(let uid, let max): "the buffers of uid \(uid) are full (\(Self.size(max)))"
        }
    }

    private static func size(_ bytes: Int) -> String {
        bytes % (1 << 20) == 0 ? "\(bytes >> 20) MiB" : "\(bytes) bytes"
    }
}
