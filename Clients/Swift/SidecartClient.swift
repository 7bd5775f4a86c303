internal import EventLoop
internal import Glibc
internal import Wire

/// Asks a Sidecart server on this host, from any task.
///
///     let client = SidecartClient(socketPath: "/run/sidecart/sidecart.sock")
///     let shopper = Context(userID: "u-17", basket: ["tea-pot"])
///     do {
///         let slate = try await client.recommend(for: shopper, .init(count: 5), timeout: .milliseconds(20))
///         for item in slate.items { print(item.itemID, item.score, item.reasons.first?.kind as Any) }
///     } catch where error.code == .unavailable {
///         // Nobody answers at the socket: show the page without a slate.
///     }
///     client.close()
///
/// All calls share `connections` sockets and one thread, both made when the first call needs them.
///
/// - Errors: every call throws a ``SidecartError``, with the code `cancelled` at once when its task is
///   cancelled; the answer, should it still come, is dropped.
/// - Timeouts: a call ends by itself after `timeout`, whatever the server does; the server is told
///   how much is left.
/// - A server that is away: the call that finds nobody at the socket fails with `unavailable`,
///   without waiting for its timeout, and so do those after it until a pause of less than 100 ms is
///   over. The first call after it tries again. A service thus never waits for a server that is
///   down; one that wants to asks again, or has ``SidecartConfiguration/retries`` do it.
/// - Limits: calls beyond those of the configuration are refused at once with `resourceExhausted`.
public final class SidecartClient: Sendable {
    private struct Running {
        let thread: LoopThread
        let engine: LoopBound<Engine>
    }

    private enum State {
        case idle
        case running(Running)
        case closed
    }

    /// The socket this client asks.
    public let socketPath: String
    /// As given to `init`.
    public let configuration: SidecartConfiguration
    private let firstStream: UInt32
    private let interceptor: (any SidecartInterceptor)?
    private let budget: Budget
    let retryBudget: RetryBudget
    private let state = Locked(State.idle)

    /// Makes a client. Nothing is connected before the first call.
    ///
    /// - Parameters:
    ///   - socketPath: where the server listens; `@name` for an abstract name.
    ///   - configuration: its limits, and what it does by itself.
    ///   - interceptor: stands around every call, such as to count, log or trace it.
    /// - Precondition: the configuration's figures are within the ranges they document.
    public convenience init(
        socketPath: String, configuration: SidecartConfiguration = .init(),
        interceptor: (any SidecartInterceptor)? = nil
    ) {
        self.init(
            socketPath: socketPath, configuration: configuration, interceptor: interceptor,
            firstStream: 1)
    }

    /// - Parameter firstStream: of each connection, odd; tests of what happens when ids run out
    ///   start near the end.
    package init(
        socketPath: String, configuration: SidecartConfiguration,
        interceptor: (any SidecartInterceptor)? = nil, firstStream: UInt32
    ) {
        configuration.check()
        self.socketPath = socketPath
        self.configuration = configuration
        self.interceptor = interceptor
        self.firstStream = firstStream
        budget = Budget(configuration)
        retryBudget = RetryBudget(configuration.retries)
    }

    deinit { close() }

    /// Fails the calls in flight, closes the sockets and ends the thread. Later calls fail with
    /// `unavailable`.
    ///
    /// Calling it again does nothing. Dropping the last reference to a client closes it too.
    public func close() {
        let running = state.withLock { state -> Running? in
            defer { state = .closed }
            guard case .running(let running) = state else { return nil }
            return running
        }
        guard let running else { return }
        // Calls are submitted under the lock above, so this job is the last one and misses none of
        // them.
        running.thread.door.submit { [engine = running.engine] in
            engine.value(on: $0).close(.closed, $0)
        }
        running.thread.join()
    }

    /// Calls without an answer yet.
    package var callsInFlight: Int { budget.callsInFlight }

    // MARK: Calls

    func perform<M: Method>(_ method: M, timeout: Duration?) async throws(SidecartError) -> M.Reply
    {
        guard let interceptor else { return try await once(method, timeout: timeout) }
        return try await interceptor.intercept(M.fullName) { () async throws(SidecartError) in
            try await self.once(method, timeout: timeout)
        }
    }

    func perform<M: ReadMethod>(_ method: M, timeout: Duration?) async throws(SidecartError)
        -> M.Reply
    {
        guard let interceptor else { return try await attempts(method, timeout: timeout) }
        return try await interceptor.intercept(M.fullName) { () async throws(SidecartError) in
            try await self.attempts(method, timeout: timeout)
        }
    }

    /// Makes one attempt.
    func once<M: Method>(_ method: M, timeout: Duration?) async throws(SidecartError) -> M.Reply {
        guard !Task.isCancelled else { throw SidecartError.cancelled }
        let call = try prepare(method, timeout: timeout)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                call.wait(continuation)
                submit([call])
            }
        } onCancel: {
            cancel(call)
        }
        return try Self.reply(to: method, in: outcome.get())
    }

    /// Makes calls that are written together, each with an outcome of its own.
    func together<M: ReadMethod>(
        _ methods: [M], timeout: Duration?
    ) async throws(SidecartError) -> [Result<M.Reply, SidecartError>] {
        guard !Task.isCancelled else { throw SidecartError.cancelled }
        let calls = methods.map { method in
            Result { () throws(SidecartError) in try prepare(method, timeout: timeout) }
        }
        let made = calls.compactMap { try? $0.get() }
        let results = await withTaskCancellationHandler {
            submit(made)
            var results: [Result<M.Reply, SidecartError>] = []
            for (method, call) in zip(methods, calls) {
                switch call {
                case .failure(let error): results.append(.failure(error))
                case .success(let call):
                    let outcome = await withCheckedContinuation { call.wait($0) }
                    results.append(
                        Result { () throws(SidecartError) in
                            try Self.reply(to: method, in: outcome.get())
                        })
                }
            }
            return results
        } onCancel: {
            for call in made { cancel(call) }
        }
        guard !Task.isCancelled else { throw SidecartError.cancelled }
        return results
    }

    private func prepare<M: Method>(
        _ method: M, timeout: Duration?
    ) throws(SidecartError) -> PendingCall {
        let start = ContinuousClock.now
        let timeout = timeout ?? configuration.timeout
        guard timeout > .zero else { throw SidecartError.deadline(timeout) }
        let writer = ProtobufWriter()
        try method.encode(into: writer)
        guard writer.buffer.count <= configuration.frameBytesMax else {
            throw SidecartError.oversize(configuration)
        }
        return try PendingCall(
            service: M.service, method: M.name, payload: Array(writer.buffer.bytes), from: start,
            timeout: timeout, budget: budget)
    }

    private static func reply<M: Method>(
        to method: M, in payload: [UInt8]
    ) throws(SidecartError) -> M.Reply {
        try payload.withUnsafeBytes { bytes in
            Result { () throws(SidecartError) in try method.reply(from: bytes) }
        }.get()
    }

    private func cancel(_ call: PendingCall) {
        if call.finish(.failure(.cancelled)) { forget(call) }
    }

    private func submit(_ calls: [PendingCall]) {
        let refusal = state.withLock { state -> SidecartError? in
            do {
                let running: Running
                switch state {
                case .closed: return .closed
                case .running(let current): running = current
                case .idle:
                    running = try start()
                    state = .running(running)
                }
                running.thread.door.submit { [engine = running.engine] in
                    let engine = engine.value(on: $0)
                    for call in calls { engine.submit(call) }
                }
                return nil
            } catch {
                return SidecartError(
                    .resourceExhausted, "cannot start the client's thread: \(error)")
            }
        }
        if let refusal { for call in calls { call.fail(refusal) } }
    }

    private func forget(_ call: PendingCall) {
        state.withLock { state in
            guard case .running(let running) = state else { return }
            running.thread.door.submit { [engine = running.engine] in
                engine.value(on: $0).forget(call)
            }
        }
    }

    private func start() throws -> Running {
        let made = Made()
        let (path, configuration, firstStream) = (socketPath, configuration, firstStream)
        let thread = try LoopThread.start(name: "sidecart-client") { loop in
            // A server that goes away must not end the process with SIGPIPE, whose setting is not
            // ours to change. The signal goes to the thread that writes, so it is enough to block
            // it here.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            let engine = try Engine(
                socketPath: path, configuration: configuration, firstStream: firstStream, loop: loop
            )
            made.engine.withLock { $0 = LoopBound(engine, to: loop) }
        }
        guard let engine = made.engine.withLock({ $0 }) else {
            preconditionFailure("a loop started without its engine")
        }
        return Running(thread: thread, engine: engine)
    }
}

/// What the loop's thread hands to the one that started it.
private final class Made: Sendable {
    let engine = Locked<LoopBound<Engine>?>(nil)
}
