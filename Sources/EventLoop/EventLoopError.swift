internal import CLibUV

/// A system or libuv call that failed.
package struct EventLoopError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A negated errno or `UV_E...` code, as libuv returns them; always below zero.
    package let code: Int32
    /// What was being done, such as `connect to /run/sidecart.sock`.
    package let operation: String

    package init(code: Int32, operation: String) {
        self.code = code
        self.operation = operation
    }

    /// The error name, such as `ECONNREFUSED`.
    package var name: String { uv_err_name(code).map { String(cString: $0) } ?? "\(code)" }

    package var description: String {
        let reason = uv_strerror(code).map { String(cString: $0) } ?? "error \(code)"
        return "\(operation): \(reason)"
    }
}

/// Returns a libuv result that is not negative, or throws it.
@discardableResult
func check(
    _ result: Int32, _ operation: @autoclosure () -> String
) throws(EventLoopError) -> Int32 {
    guard result < 0 else { return result }
    throw EventLoopError(code: result, operation: operation())
}
