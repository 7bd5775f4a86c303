internal import EventLoop

/// One of a client's connections, on the loop's thread: makes a ``Link`` when there is a call, and
/// a new one when that broke.
///
/// While it connects, calls wait. When that fails they fail, and so do new ones until the pause of
/// ``Backoff`` is over; the next one after it tries again. A link that broke before any answer came
/// counts as a failed attempt.
final class ClientConnection {
    private enum State {
        case disconnected
        case connecting(Pipe)
        case connected(Link)
    }

    private let socketPath: String
    private let configuration: SidecartConfiguration
    private let loop: EventLoop
    private let timer: Timer
    private var state = State.disconnected
    private var backoff: Backoff
    /// Why the last attempt failed.
    private var lastError = SidecartError.closed
    /// Calls that wait for the link, oldest first.
    private var unsent: [PendingCall] = []
    /// Links without stream ids left, whose last calls are not answered yet.
    private var retired: [Link] = []
    private var deadlines = DeadlineQueue()
    private var timerDue: ContinuousClock.Instant?
    private let firstStream: UInt32

    /// - Parameter firstStream: of each link; other than 1 in tests.
    init(
        socketPath: String, configuration: SidecartConfiguration, loop: EventLoop,
        firstStream: UInt32 = 1
    ) throws(EventLoopError) {
        self.socketPath = socketPath
        self.configuration = configuration
        self.loop = loop
        self.firstStream = firstStream
        timer = try Timer(on: loop)
        backoff = Backoff(configuration)
    }

    /// Calls without an answer yet; `Int.max` while the connection would fail any call, so that a
    /// pool prefers every other one.
    var callCount: Int {
        switch state {
        case .connected(let link): link.callCount
        case .connecting: unsent.count
        case .disconnected:
            if let notBefore = backoff.notBefore, .now < notBefore { .max } else { 0 }
        }
    }

    /// Sends the call now, or as soon as there is a link, or fails it.
    func submit(_ call: PendingCall) {
        let now = ContinuousClock.now
        if case .connected(let link) = state, link.isExhausted { retire(link) }
        switch state {
        case .connected(let link): link.send(call, at: now)
        case .connecting: unsent.append(call)
        case .disconnected:
            if let notBefore = backoff.notBefore, now < notBefore { return call.fail(lastError) }
            unsent.append(call)
            connect()
        }
        guard !call.isFinished else { return }
        deadlines.insert(call)
        startTimer(now)
    }

    /// Drops a call that nobody waits for any more.
    func forget(_ call: PendingCall) {
        if case .connected(let link) = state { link.forget(call) }
        for link in retired { link.forget(call) }
        unsent.removeAll { $0 === call }
    }

    /// Writes what was sent in this turn.
    func flush() {
        if case .connected(let link) = state { link.flush() }
        for link in retired { link.flush() }
    }

    /// Fails all calls and ends for good.
    func close(_ error: SidecartError) {
        disconnect(error)
        for link in retired { link.close(error) }
        retired.removeAll()
        timer.close()
    }

    // MARK: Connecting

    private func connect() {
        do {
            try UnixSocket.checkLength(of: socketPath)
            let pipe = try Pipe(on: loop)
            state = .connecting(pipe)
            pipe.connect(to: socketPath) { [weak self] error in
                self?.didConnect(pipe, error)
            }
        } catch {
            fail(SidecartError(.unavailable, String(describing: error)))
        }
    }

    private func didConnect(_ pipe: Pipe, _ error: EventLoopError?) {
        guard case .connecting(let current) = state, current === pipe else { return }
        do throws(EventLoopError) {
            if let error { throw error }
            let link = try Link(
                pipe, socketPath: socketPath, configuration: configuration, firstStream: firstStream
            )
            link.onEnd = { [unowned self, unowned link] error, unsent in
                guard link.hasAnswered else {
                    for call in unsent { call.fail(error) }
                    return fail(error)
                }
                disconnect(error)
                sendAnew(unsent)
            }
            link.onRefused = { [unowned self, unowned link] unsent in
                retire(link)
                sendAnew(unsent)
            }
            state = .connected(link)
            let now = ContinuousClock.now
            for call in exchange(&unsent, with: []) where !call.isFinished {
                link.send(call, at: now)
            }
        } catch {
            fail(SidecartError(.unavailable, error.description))
        }
    }

    /// Makes calls that a server did not get on a new link: perhaps to its successor.
    private func sendAnew(_ calls: [PendingCall]) {
        let waiting = calls.filter { !$0.isFinished }
        guard !waiting.isEmpty else { return }
        unsent += waiting
        if case .disconnected = state { connect() }
    }

    /// Disconnects and starts the pause before the next attempt.
    private func fail(_ error: SidecartError) {
        lastError = error
        backoff.failed(at: .now)
        disconnect(error)
    }

    private func disconnect(_ error: SidecartError) {
        switch exchange(&state, with: .disconnected) {
        case .disconnected: break
        case .connecting(let pipe): pipe.close()
        case .connected(let link):
            if link.hasAnswered { backoff.succeeded() }
            link.close(error)
        }
        for call in exchange(&unsent, with: []) { call.fail(error) }
    }

    /// Lets a link answer what it carries, and then closes it.
    private func retire(_ link: Link) {
        state = .disconnected
        backoff.succeeded()
        let done = { [unowned self, unowned link] (error: SidecartError, unsent: [PendingCall]) in
            retired.removeAll { $0 === link }
            for call in unsent { call.fail(error) }
            link.close(error)
        }
        link.onEnd = done
        link.onIdle = { done(.closed, []) }
        retired.append(link)
        if link.callCount == 0 { done(.closed, []) }
    }

    // MARK: Deadlines

    private func startTimer(_ now: ContinuousClock.Instant) {
        guard let first = deadlines.first() else { return }
        if let timerDue, timerDue <= first { return }
        timerDue = first
        timer.start(after: first - now) { [unowned self] in expire() }
    }

    private func expire() {
        timerDue = nil
        let now = ContinuousClock.now
        while let call = deadlines.popExpired(at: now) {
            call.expire()
            forget(call)
        }
        startTimer(now)
    }
}
