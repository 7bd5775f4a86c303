import EventLoop
import Foundation
import SidecartClient
import TestFolders
import Testing

/// All tests of the built program: one at a time, since each starts processes of its own.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ProgramTests {}

/// The `sidecart` executable, which is built beside the test bundle.
enum Program {
    static let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("sidecart")

    struct Outcome {
        let code: Int32
        let output: String
        let errors: String

        /// Standard output as one JSON document.
        func json<T>(_ type: T.Type = [String: Any].self) throws -> T {
            try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? T)
        }
    }

    /// Runs a command to its end.
    static func run(_ arguments: String...) throws -> Outcome { try run(arguments) }

    /// - Parameters:
    ///   - wrapper: a command that runs the one that its arguments are followed by.
    ///   - output: where standard output goes; nil to read it back.
    ///   - environment: variables that differ from this process's.
    static func run(
        _ arguments: [String], within wrapper: [String] = [], output: FileHandle? = nil,
        environment: [String: String] = [:]
    ) throws -> Outcome {
        let folder = TemporaryFolder()
        let process = Process()
        process.executableURL = wrapper.isEmpty ? path : URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = wrapper.isEmpty ? arguments : wrapper + [path.path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let own = try folder.open("output")
        process.standardOutput = output ?? own
        process.standardError = try folder.open("errors")
        try process.run()
        process.waitUntilExit()
        // A crash must not pass for an exit code.
        #expect(process.terminationReason == .exit, "\(arguments)")
        return Outcome(
            code: process.terminationStatus, output: try folder.read("output"),
            errors: try folder.read("errors"))
    }
}

/// `sidecart serve` as a process, killed with its owner at the latest.
final class Server {
    /// AddressSanitizer keeps what was freed for a while.
    static let givesMemoryBack = ProcessInfo.processInfo.environment["ASAN_OPTIONS"] == nil

    let socket: String
    private let process = Process()
    private let errors = Pipe()
    private let said = Said()

    private final class Said: Sendable {
        let bytes = Locked(Data())
        let ended = DispatchSemaphore(value: 0)
        /// Once for each piece that came, and at the end.
        let grew = DispatchSemaphore(value: 0)
        let isWhole = Locked(false)
    }

    /// Starts it and waits until it says that it is ready.
    ///
    /// - Parameter openFilesMax: how many files the process may open; nil for the system's limit.
    convenience init(
        bundle: String, socket: String, openFilesMax: Int? = nil, _ more: String...
    ) throws {
        try self.init(bundle: bundle, socket: socket, openFilesMax: openFilesMax, arguments: more)
    }

    init(
        bundle: String, socket: String, openFilesMax: Int? = nil, within wrapper: [String] = [],
        arguments more: [String]
    ) throws {
        self.socket = socket
        let arguments = ["serve", "--bundle", bundle, "--socket", socket] + more
        if let openFilesMax {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments =
                ["-c", "ulimit -n \(openFilesMax) && exec \"$0\" \"$@\"", Program.path.path]
                + arguments
        } else if !wrapper.isEmpty {
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = wrapper + [Program.path.path] + arguments
        } else {
            process.executableURL = Program.path
            process.arguments = arguments
        }
        process.standardInput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        while !isReady {
            let piece = errors.fileHandleForReading.availableData
            try #require(!piece.isEmpty, "the server ended: \(log)")
            said.bytes.withLock { $0.append(piece) }
        }
        // A thread that blocks in read: a readability handler may never hear of the end.
        let pipe = errors.fileHandleForReading
        Thread.detachNewThread { [said] in
            while true {
                let piece = pipe.availableData
                if piece.isEmpty { break }
                said.bytes.withLock { $0.append(piece) }
                said.grew.signal()
            }
            said.isWhole.withLock { $0 = true }
            said.grew.signal()
            said.ended.signal()
        }
    }

    deinit {
        if process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    /// The word by itself, as text or as a JSON string.
    private var isReady: Bool {
        log.split { $0.isWhitespace || $0 == "," || $0 == ":" }.contains {
            $0 == "ready" || $0 == "\"ready\""
        }
    }

    var processID: pid_t { process.processIdentifier }

    /// Standard error so far; all of it after `end`.
    var log: String { said.bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    /// Waits until standard error holds a text, so many times.
    func wait(for text: String, times: Int = 1) throws {
        while log.ranges(of: text).count < times {
            try #require(!said.isWhole.withLock { $0 }, "ended without '\(text)': \(log)")
            try #require(
                said.grew.wait(timeout: .now() + 60) == .success,
                "a minute without '\(text)': \(log)")
        }
    }

    /// Sends a signal, where one is given, and waits for the end: the exit code, or 128 + the
    /// signal that ended it.
    func end(_ signal: Int32? = nil) -> Int32 {
        if let signal { kill(process.processIdentifier, signal) }
        process.waitUntilExit()
        said.ended.wait()
        let status = process.terminationStatus
        return process.terminationReason == .exit ? status : 128 + status
    }
}

/// Waits for what nothing tells of by itself, a minute at most.
func wait(
    for what: String, sourceLocation: SourceLocation = #_sourceLocation,
    until isSo: () throws -> Bool
) throws {
    let end = ContinuousClock.now + .seconds(60)
    while try !isSo() {
        try #require(
            ContinuousClock.now < end, "a minute without \(what)", sourceLocation: sourceLocation)
        sched_yield()
    }
}

/// Expects a call to fail with a code, and a message that has all the parts.
func expect(
    _ code: SidecartError.Code, naming parts: String...,
    sourceLocation: SourceLocation = #_sourceLocation, _ call: () async throws -> Void
) async {
    let error = await #expect(throws: SidecartError.self, sourceLocation: sourceLocation) {
        try await call()
    }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    for part in parts {
        #expect(
            error?.message.contains(part) == true, "\(error!)",
            sourceLocation: sourceLocation)
    }
}
