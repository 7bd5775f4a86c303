import Foundation

/// This program run again as a child: the server of a demo, a benchmark or an evaluation.
///
/// It never outlives its owner: `deinit` ends it, and so does the end of this process, however that
/// comes.
final class ServerProcess {
    private let process: Process
    private let errors = Pipe()
    /// Nothing is ever written to it: it ends when this process does, however that ends.
    private let lifeline = Pipe()

    var processID: pid_t { process.processIdentifier }

    /// Starts a subcommand and waits until it says "ready" on standard error.
    ///
    /// - Throws: what the child said, where it ended instead.
    init(_ arguments: [String]) throws(Failure) {
        process = .ofThisProgram(arguments)
        process.standardError = errors
        process.standardInput = lifeline
        do {
            try process.run()
        } catch {
            throw Failure("a server process cannot be started: \(error.localizedDescription)")
        }
        var said = ""
        // A word of its own: a folder's name may hold it, and so does "already".
        while !said.split(whereSeparator: \.isWhitespace).contains("ready") {
            let piece = errors.fileHandleForReading.availableData
            guard !piece.isEmpty else {
                process.waitUntilExit()
                throw Failure("the server did not start: \(said)")
            }
            said += String(decoding: piece, as: UTF8.self)
        }
        // The pipe must not fill up, or the server would wait for us.
        errors.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    }

    /// Serves a bundle on a socket, with the server's defaults but for the drain, which waits for
    /// one second: a server that is to be ended may be busy with calls that nobody waits for.
    convenience init(
        serving bundle: String, socket: String, _ more: [String] = []
    ) throws(Failure) {
        try self.init(
            [
                "serve", "--bundle", bundle, "--socket", socket, "--drain-seconds", "1",
                "--ends-with-parent",
            ] + more)
    }

    deinit {
        guard process.isRunning else { return }
        kill(processID, SIGKILL)
        process.waitUntilExit()
    }

    /// In the child: sends itself SIGTERM once its parent, at the other end of standard input, is
    /// gone.
    static func endWithParent() {
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while read(STDIN_FILENO, &byte, 1) > 0 {}
            kill(getpid(), SIGTERM)
        }
    }

    /// Tells the server to drain and waits; returns its exit code.
    @discardableResult
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        errors.fileHandleForReading.readabilityHandler = nil
        return process.terminationStatus
    }

    /// User and system time of all its threads so far, to the nanosecond.
    var cpu: Duration {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(processID, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            return .zero
        }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

extension Process {
    /// This program once more, not started yet.
    static func ofThisProgram(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        return process
    }
}
