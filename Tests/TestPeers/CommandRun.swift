import Foundation

/// Runs a command to its end, found as a shell finds it.
///
/// - Parameter withErrors: whether standard error is part of the output.
/// - Returns: status 127 where there is no such command.
func runCommand(
    _ command: [String], withErrors: Bool = true
) -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Foundation.Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardOutput = pipe
    process.standardError = withErrors ? pipe : FileHandle.nullDevice
    guard (try? process.run()) != nil else { return (127, "") }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}
