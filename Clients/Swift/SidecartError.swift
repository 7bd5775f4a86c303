/// Why a call has no answer.
public struct SidecartError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The status codes of gRPC, with its numbers. They never change meaning.
    public enum Code: Int32, Sendable, CaseIterable {
        /// The call was cancelled: by the task that made it, or by the server, as the origin tells.
        case cancelled = 1
        /// A code that this client does not know, or an error without one.
        case unknown = 2
        /// The request breaks a rule; the message names the field and the limit.
        case invalidArgument = 3
        /// No answer within the call's timeout.
        case deadlineExceeded = 4
        /// What was asked for does not exist.
        case notFound = 5
        /// What was to be made exists.
        case alreadyExists = 6
        /// The caller's role does not allow the method.
        case permissionDenied = 7
        /// A limit was reached: calls in flight, queued bytes, message size or memory.
        case resourceExhausted = 8
        /// The server is not in the state the call needs, such as having a model.
        case failedPrecondition = 9
        /// The call was given up for another one.
        case aborted = 10
        /// A position is past the end.
        case outOfRange = 11
        /// The server does not offer this method.
        case unimplemented = 12
        /// One side broke its own rules; a bug.
        case `internal` = 13
        /// Nobody answers at the socket, the connection broke, the server drains or the client is
        /// closed. Trying again later may help; the call may or may not have taken effect.
        case unavailable = 14
        /// Data was lost.
        case dataLoss = 15
        /// The caller is not known.
        case unauthenticated = 16
    }

    /// Who found the fault.
    public enum Origin: Sendable {
        /// This library: the server did not answer, or was never asked.
        case client
        /// The server, in its answer.
        case server
    }

    /// What kind of fault it is; stable, to be branched on.
    public let code: Code
    /// One sentence for people; not stable.
    public let message: String
    /// Whether the server answered.
    public let origin: Origin

    /// Makes an error, as this library and tests of its users need.
    public init(_ code: Code, _ message: String, origin: Origin = .client) {
        self.code = code
        self.message = message
        self.origin = origin
    }

    /// Such as `deadlineExceeded: no answer within 0.1 seconds`.
    public var description: String { "\(code): \(message)" }
}
