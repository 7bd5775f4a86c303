import Dispatch
import EventLoop
import Foundation

/// This program run again as a child that does one thing and prints what came of it.
struct ChildCommand {
    /// What is kept of what it prints, and of what it says on standard error.
    private static let outputBytesMax = 1 << 20
    private static let errorBytesMax = 4_096

    private let arguments: [String]

    init(_ arguments: [String]) { self.arguments = arguments }

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - secondsMax: after which it is killed.
    ///   - onChange: told the process when it runs, and nil when it has ended.
    /// - Returns: what it printed.
    /// - Throws: where it fails, is killed or takes too long, with the last it said.
    func run(
        secondsMax: Double, _ onChange: (pid_t?) -> Void
    ) throws(Failure) -> Data {
        let process = Process.ofThisProgram(arguments)
        // Nothing is ever written to it: it ends when this process does, however that ends.
        let lifeline = Pipe()
        process.standardInput = lifeline
        let output = Collector(keepingFirst: Self.outputBytesMax)
        let errors = Collector(keepingLast: Self.errorBytesMax)
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        do {
            try process.run()
        } catch {
            throw Failure("the child cannot be started: \(error.localizedDescription)")
        }
        onChange(process.processIdentifier)
        let isLate = ended.wait(timeout: .now() + secondsMax) == .timedOut
        if isLate {
            kill(process.processIdentifier, SIGKILL)
            ended.wait()
        }
        onChange(nil)
        let (printed, said) = (output.wait(), errors.wait())
        withExtendedLifetime(lifeline) {}
        guard !isLate else {
            throw Failure("killed, as it took more than \(secondsMax / 60) minutes")
        }
        guard process.terminationReason == .exit else {
            throw Failure("ended by signal \(process.terminationStatus)")
        }
        guard process.terminationStatus == 0 else {
            let lines = String(decoding: said, as: UTF8.self).split(whereSeparator: \.isNewline)
            throw Failure(
                "exit code \(process.terminationStatus): \(lines.suffix(3).joined(separator: " "))")
        }
        return printed
    }
}

/// Reads a pipe to its end, on a thread of its own, and keeps a part.
private final class Collector: Sendable {
    let pipe = Pipe()
    private let data = Locked(Data())
    private let ended = DispatchSemaphore(value: 0)

    /// What comes beyond is read and dropped.
    convenience init(keepingFirst bytesMax: Int) { self.init(bytesMax) { $0.prefix($1) } }

    convenience init(keepingLast bytesMax: Int) { self.init(bytesMax) { $0.suffix($1) } }

    private init(_ bytesMax: Int, _ cut: @escaping @Sendable (Data, Int) -> Data) {
        let reading = pipe.fileHandleForReading
        Thread.detachNewThread { [self] in
            while true {
                let piece = reading.availableData
                if piece.isEmpty { break }
                data.withLock { $0 = cut($0 + piece, bytesMax) }
            }
            ended.signal()
        }
    }

    func wait() -> Data {
        ended.wait()
        return data.withLock { $0 }
    }
}
