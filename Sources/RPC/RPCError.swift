package import Wire

/// A call that failed: a code a program acts on and a message a person acts on.
package struct RPCError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Never ``StatusCode/ok``.
    package let code: StatusCode
    /// Names the field and the limit at fault. Longer messages are cut at
    /// `ResponseEnvelope.messageBytesMax` when sent.
    package let message: String

    package init(_ code: StatusCode, _ message: String) {
        precondition(code != .ok, "an RPCError with code OK")
        (self.code, self.message) = (code, message)
    }

    package var description: String { "\(code): \(message)" }
}
