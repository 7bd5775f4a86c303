import Foundation

/// Programs of Python that tests ask.
package enum Python {
    /// `SIDECART_PYTHON` names one, such as that of a virtual environment.
    package static let interpreter =
        ProcessInfo.processInfo.environment["SIDECART_PYTHON"] ?? "python3"

    /// Runs the interpreter to its end.
    ///
    /// - Parameter withErrors: whether standard error is part of the output.
    /// - Returns: status 127 where there is no interpreter.
    package static func run(
        _ arguments: [String], withErrors: Bool = true
    ) -> (status: Int32, output: String) {
        runCommand([interpreter] + arguments, withErrors: withErrors)
    }

    package static func run(_ arguments: String...) -> (status: Int32, output: String) {
        run(arguments)
    }
}
