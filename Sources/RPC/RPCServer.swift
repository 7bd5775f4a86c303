package import EventLoop

/// Where and how wide a server listens.
package struct RPCServerConfiguration: Sendable {
    /// Path of the Unix socket.
    package var path: String
    /// Permissions of the socket file.
    package var mode: UInt16
    /// Group of the socket file; nil leaves it to the system.
    package var groupID: UInt32?
    /// Takes the path from the server that has it, in one step, once this one is ready.
    package var takesOver = false
    /// A descriptor that listens already, served in place of a path.
    package var inheritedDescriptor: Int32?
    /// Who may do what.
    package var access = AccessPolicy()
    /// Loops, each on a thread of its own; 1 to 1024.
    package var loopCount: Int
    package var limits: RPCLimits
    /// Called on a loop's thread; must be quick.
    package var onEvent: (@Sendable (ServerEvent) -> Void)?

    package init(
        path: String, mode: UInt16 = 0o600, loopCount: Int = 1, limits: RPCLimits = .init()
    ) {
        (self.path, self.mode, self.loopCount, self.limits) = (path, mode, loopCount, limits)
    }

    func makeSocket(
        at path: String, takesOver: Bool = false, lockTries: Int = 200
    ) throws(UnixSocketError) -> UnixSocket {
        try UnixSocket(
            listeningAt: path, mode: mode, groupID: groupID, takesOver: takesOver,
            lockTries: lockTries)
    }
}

/// A server of ttrpc and gRPC on one Unix socket; a connection's first byte tells which it speaks.
///
/// Loop 0 accepts and hands connections out to all loops in turn; from then on a connection never
/// leaves its loop, and its calls run there one after the other, but for those that a handler moves
/// to the thread that each loop has beside it for long calls.
///
/// Beyond `connectionsMax` a connection is accepted and closed at once rather than left in the
/// backlog: its client learns immediately that there is no room, where it would otherwise wait in
/// silence, and so would whoever checks the server's health.
package final class RPCServer: Sendable {
    /// The ways into the loops, by loop index.
    package let doors: [LoopDoor]
    /// How many connections are served at once: what the limits allow, or less where the process
    /// may not open as many files.
    package let connectionsMax: Int
    /// Where it listens.
    package let path: String
    private let budget: BufferBudget
    private let parts: [Part]

    /// Starts to serve.
    ///
    /// Ignores SIGPIPE and raises the process's limit of open files as far as the connections need.
    /// - Parameter makeRouter: makes the router of each lane, two a loop, on the lane's thread.
    /// - Throws: ``RPCLimitsError``, ``UnixSocketError``, ``EventLoopError``, or what `makeRouter`
    ///   throws.
    package init(
        _ configuration: RPCServerConfiguration,
        makeRouter: @escaping @Sendable (LaneSetup) throws -> Router
    ) throws {
        let limits = configuration.limits
        var problems = limits.problems
        if !(1...1024).contains(configuration.loopCount) {
            problems.append("loopCount is \(configuration.loopCount); 1 to 1024 are possible")
        }
        guard problems.isEmpty else { throw RPCLimitsError(problems: problems) }
        ProcessSettings.ignoreBrokenPipes()
        // Besides the connections: an epoll, an eventfd and some pipes for each lane, and the program's
        // own files.
        let others = 16 * configuration.loopCount + 64
        let files = ProcessSettings.raiseOpenFilesMax(to: limits.connectionsMax + others)
        guard files > others else {
            throw RPCLimitsError(problems: [
                "the limit of open files is \(files); \(configuration.loopCount) loops need "
                    + "\(others), and each connection one"
            ])
        }
        connectionsMax = min(limits.connectionsMax, files - others)
        let socket =
            if let inherited = configuration.inheritedDescriptor {
                try UnixSocket(inheriting: inherited)
            } else {
                try configuration.makeSocket(
                    at: configuration.path, takesOver: configuration.takesOver)
            }
        path = socket.path
        var admitted = limits
        admitted.connectionsMax = connectionsMax
        let admission = Admission(
            max: connectionsMax, perUIDMax: admitted.resolvedConnectionsPerUIDMax)
        budget = BufferBudget(max: limits.bufferBytesMax)

        // Loop 0 comes last: it accepts, so it must know the others.
        var parts: [Part] = []
        do {
            for i in (0..<configuration.loopCount).reversed() {
                let acceptor =
                    i > 0
                    ? nil
                    : AcceptorSeed(
                        socket: socket, others: parts, admission: admission,
                        configuration: configuration)
                parts.insert(
                    try Part.start(
                        index: i, configuration, budget, acceptor: acceptor, makeRouter), at: 0)
            }
        } catch {
            for part in parts { part.stop() }
            budget.disband()
            throw error
        }
        self.parts = parts
        doors = parts.map(\.thread.door)
    }

    deinit { beginDrain(grace: .zero) }

    /// How calls were answered, by method in the order in which the router has them.
    package var methodStatistics: [MethodStatistics] {
        MethodStatistics.sum(parts[0].methods, parts.map(\.answers))
    }

    /// Estimated work that waits or runs in the background of all loops.
    package var backlogNanoseconds: Int64 {
        parts.reduce(0) { $0 + $1.background.queue.backlogNanoseconds }
    }

    /// The counters of all loops, summed.
    package var statistics: RPCStatistics {
        var sum = RPCStatistics()
        for part in parts { part.counters.add(to: &sum) }
        return sum
    }

    /// Starts to end the server, from any thread, and returns at once.
    ///
    /// Stops listening and removes the socket; answers every call that was received before; for
    /// `drainWindow` answers those that still come with UNAVAILABLE; then has the kernel refuse what
    /// clients send, and closes each connection once what it had sent is answered, and all that are
    /// left after `grace`. Further calls do nothing.
    ///
    /// - Parameters:
    ///   - handsOver: a successor has taken the path: calls that still come are answered, and
    ///     clients are let go at once.
    ///   - begun: called on a loop's thread once all loops drain: whatever is read from then on
    ///     comes too late.
    package func beginDrain(
        grace: Duration, handsOver: Bool = false, begun: (@Sendable () -> Void)? = nil
    ) {
        let parts = self.parts
        let waiting = Locked(parts.count)
        @Sendable func begin(_ part: Part, on loop: EventLoop) {
            part.server.value(on: loop).beginDrain(grace: grace, handsOver: handsOver)
            let isLast = waiting.withLock { count in
                count -= 1
                return count == 0
            }
            if isLast { begun?() }
        }
        // Loop 0 goes first, so that no connection is handed to a loop after its drain began.
        parts[0].thread.door.submit { loop in
            begin(parts[0], on: loop)
            for part in parts.dropFirst() {
                part.thread.door.submit { begin(part, on: $0) }
            }
        }
    }

    /// Ends the grace of a drain that has begun, from any thread.
    package func endGrace() {
        for part in parts {
            part.thread.door.submit { part.server.value(on: $0).endGrace() }
        }
    }

    /// Waits until the server has ended: all loops closed, all threads joined. Not to be called
    /// from a loop.
    package func join() {
        for part in parts {
            part.thread.join()
            part.background.stop()
        }
        budget.disband()
    }

    /// Ends the server in an orderly way and waits for it; see ``beginDrain(grace:)`` and
    /// ``join()``.
    package func drain(grace: Duration) {
        beginDrain(grace: grace)
        join()
    }
}

/// One loop of a server, as other threads see it.
struct Part: Sendable {
    let thread: LoopThread
    let background: BackgroundLane
    let server: LoopBound<ServerLoop>
    let counters: LoopCounters
    /// `SERVICE/METHOD` in the order of `answers`.
    let methods: [String]
    let answers: MethodCounters

    static func start(
        index: Int, _ configuration: RPCServerConfiguration, _ budget: BufferBudget,
        acceptor: AcceptorSeed?,
        _ makeRouter: @escaping @Sendable (LaneSetup) throws -> Router
    ) throws -> Part {
        let background = try BackgroundLane.start(
            index: index, limits: configuration.limits, makeRouter)
        do {
            let made = Outcome()
            let thread = try LoopThread.start(name: "sidecart-loop-\(index)") { loop in
                ProcessSettings.askForShortSlices()
                let server = try ServerLoop(
                    loop: loop, limits: configuration.limits, background: background,
                    budget: budget, onEvent: configuration.onEvent)
                try server.start(index: index, makeRouter)
                if let acceptor { try server.listen(Acceptor(acceptor)) }
                let seen = Outcome.Seen(
                    server: LoopBound(server, to: loop), counters: server.counters,
                    methods: server.router.methods.map { "\($0.service)/\($0.method)" },
                    answers: server.answers)
                made.value.withLock { $0 = seen }
            }
            guard let seen = made.value.withLock({ $0 }) else {
                preconditionFailure("a loop started without its server")
            }
            return Part(
                thread: thread, background: background, server: seen.server,
                counters: seen.counters, methods: seen.methods, answers: seen.answers)
        } catch {
            background.stop()
            throw error
        }
    }

    /// Ends a loop that has served nobody yet.
    func stop() {
        thread.door.submit { $0.stop() }
        thread.join()
        background.stop()
    }
}

/// What a loop's thread hands to the one that started it.
private final class Outcome: Sendable {
    struct Seen: Sendable {
        let server: LoopBound<ServerLoop>
        let counters: LoopCounters
        let methods: [String]
        let answers: MethodCounters
    }

    let value = Locked<Seen?>(nil)
}
