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
        let process = Process()
        let pipe = Foundation.Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [interpreter] + arguments
        process.standardOutput = pipe
        process.standardError = withErrors ? pipe : FileHandle.nullDevice
        guard (try? process.run()) != nil else { return (127, "") }
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    package static func run(_ arguments: String...) -> (status: Int32, output: String) {
        run(arguments)
    }
}
