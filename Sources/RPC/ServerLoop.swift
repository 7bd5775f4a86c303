internal import EventLoop
internal import Wire

/// The part of a server that lives on one loop: its connections, its router and the call they
/// share.
final class ServerLoop {
    let loop: EventLoop
    let limits: RPCLimits
    let counters: LoopCounters
    let writeStallNanoseconds: Int64
    let partialFrameNanoseconds: Int64
    private let queueWaitNanoseconds: Int64
    private let call: Call
    private var router = Router()

    private var connections: [ServerConnection] = []
    /// Connections with calls left over from earlier turns, and with replies of this one.
    private var ready: [ServerConnection] = []
    private var running: [ServerConnection] = []
    private var dirty: [ServerConnection] = []
    private let sweep: Timer
    private let graceEnd: Timer
    private var drainTurn: Int?
    private var drainedFrom: Int64 = .max
    /// On the loop that listens.
    private var acceptor: Acceptor?

    init(loop: EventLoop, limits: RPCLimits) throws(EventLoopError) {
        self.loop = loop
        self.limits = limits
        counters = LoopCounters(bufferBytes: loop.buffers.bytesInUse)
        writeStallNanoseconds = limits.writeStallMax.wholeNanoseconds
        partialFrameNanoseconds = limits.partialFrameMax.wholeNanoseconds
        queueWaitNanoseconds = limits.queueWaitMax.wholeNanoseconds
        call = Call(limits: limits)
        sweep = try Timer(on: loop)
        graceEnd = try Timer(on: loop)
    }

    /// Sets to work, with a router that `makeRouter` makes here.
    ///
    /// The turn's replies are sent before hooks that `makeRouter` adds to the loop run.
    func start(_ makeRouter: (EventLoop) throws -> Router) rethrows {
        // The loop keeps this object alive until it closes.
        loop.atTurnEnd { [self] in endTurn() }
        router = try makeRouter(loop)
    }

    var turn: Int { loop.turnCount }

    /// Makes this the loop that accepts.
    func listen(_ acceptor: Acceptor) throws(EventLoopError) {
        try acceptor.start(on: self)
        self.acceptor = acceptor
    }

    // MARK: Connections

    /// Takes over an accepted connection; its place in the admission count is freed with it.
    func adopt(_ guest: Guest) {
        guard drainTurn == nil else { return counters.connectionsRefused.add(1) }
        do {
            let connection = try ServerConnection(guest, on: loop, server: self)
            connection.index = connections.count
            connections.append(connection)
            counters.connections.add(1)
            counters.connectionsTotal.add(1)
            if connections.count == 1 { startSweep() }
        } catch {
            // The client is gone already, or the system is out of something.
            counters.connectionsRefused.add(1)
        }
    }

    func remove(_ connection: ServerConnection) {
        let index = connection.index
        precondition(connections[index] === connection, "a connection lost its place")
        connections.swapAt(index, connections.count - 1)
        connections[index].index = index
        connections.removeLast()
        if connections.isEmpty { sweep.stop() }
        counters.connections.add(-1)
    }

    func addReady(_ connection: ServerConnection) {
        guard !connection.isReady else { return }
        connection.isReady = true
        ready.append(connection)
        loop.skipNextWait()
    }

    func addDirty(_ connection: ServerConnection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection)
    }

    // MARK: Calls

    /// Makes the call a Request frame asks for and puts its answer into the connection's output.
    ///
    /// - Parameter now: the time as far as known, so that a call costs one look at the clock.
    /// - Returns: the time when the call was answered.
    func perform(
        _ data: UnsafeRawBufferPointer, of connection: ServerConnection, stream: UInt32,
        readAt: Int64,
        now: Int64
    ) -> Int64 {
        let output = connection.pipe.output
        let envelope: RequestEnvelope
        do {
            envelope = try RequestEnvelope(data, metadataCountMax: limits.metadataCountMax)
        } catch {
            refuse(stream, error.rpcError, on: connection.pipe)
            return now
        }
        counters.calls.add(1)
        call.begin(
            envelope, stream: stream, readAt: readAt, peer: connection.peer, output: output)
        defer { call.end() }
        var isFailed = false
        do throws(RPCError) {
            try admit(now: now)
            try router.handler(call.service, call.method)(call)
            if !call.isAnswered { throw RPCError(.internal, "the handler gave no answer") }
        } catch {
            call.fail(error)
            isFailed = true
        }
        let end = MonotonicClock.now()
        if call.deadline.hasPassed(at: end), !isFailed {
            call.fail(RPCError(.deadlineExceeded, "the deadline passed while the call was handled"))
            isFailed = true
        }
        if isFailed { counters.callsFailed.add(1) }
        return end
    }

    /// Refuses a call that is not worth starting.
    private func admit(now: Int64) throws(RPCError) {
        if drainTurn != nil, call.readAt >= drainedFrom {
            throw RPCError(.unavailable, "the server is shutting down")
        }
        if call.deadline.hasPassed(at: now) {
            throw RPCError(.deadlineExceeded, "the deadline passed before the call was started")
        }
        if now - call.readAt > queueWaitNanoseconds {
            throw RPCError(
                .resourceExhausted,
                "the call waited for more than \(queueWaitNanoseconds / 1_000_000) ms; the server is overloaded"
            )
        }
    }

    /// Answers a frame that never became a call.
    func refuse(_ stream: UInt32, _ code: StatusCode, _ reason: StaticString, on pipe: Pipe) {
        counters.calls.add(1)
        counters.callsFailed.add(1)
        ResponseEnvelope.appendFrame(
            stream: stream, code: code,
            message: UnsafeRawBufferPointer(
                start: reason.utf8Start, count: reason.utf8CodeUnitCount), to: pipe.output)
    }

    func refuse(_ stream: UInt32, _ error: RPCError, on pipe: Pipe) {
        counters.calls.add(1)
        counters.callsFailed.add(1)
        var message = error.message
        message.withUTF8 {
            ResponseEnvelope.appendFrame(
                stream: stream, code: error.code, message: UnsafeRawBufferPointer($0),
                to: pipe.output)
        }
    }

    // MARK: Turns

    /// Gives left-over calls their share, then sends each connection's replies in one write.
    private func endTurn() {
        swap(&ready, &running)
        for connection in running {
            connection.isReady = false
            connection.resume()
        }
        running.removeAll(keepingCapacity: true)
        // A flush may find a connection broken, and closing one changes no list but `connections`.
        for connection in dirty {
            connection.isDirty = false
            connection.flush()
        }
        dirty.removeAll(keepingCapacity: true)
        if let drainTurn { drain(since: drainTurn) }
    }

    private func startSweep() {
        let interval = min(limits.writeStallMax, limits.partialFrameMax) / 4
        sweep.start(after: interval, every: interval) { [unowned self] in
            let now = MonotonicClock.now()
            for connection in connections { connection.checkStall(now: now) }
        }
    }

    // MARK: Draining

    /// Finishes what was received, refuses what comes from now on, closes each connection once it
    /// is quiet, and stops the loop after the last one, at the latest when the grace is over.
    func beginDrain(grace: Duration) {
        guard drainTurn == nil else { return }
        acceptor?.close()
        acceptor = nil
        drainTurn = turn
        drainedFrom = MonotonicClock.now()
        graceEnd.start(after: grace) { [unowned self] in
            for connection in connections { connection.abort() }
            loop.stop()
        }
        loop.skipNextWait()
    }

    private func drain(since drainTurn: Int) {
        // Two turns, so that what already lies in the sockets has been read when silence is taken
        // for the end.
        if turn >= drainTurn + 2 {
            for connection in connections where connection.isQuiet { connection.close() }
        }
        if connections.isEmpty {
            loop.stop()
        } else if !connections.allSatisfy({ $0.waitsForClient }) {
            loop.skipNextWait()
        }
    }
}

extension RequestEnvelope.Problem {
    fileprivate var rpcError: RPCError {
        switch self {
        case .malformed: RPCError(.invalidArgument, "the frame's data is not a ttrpc request")
        case .metadataCount(let max):
            RPCError(.resourceExhausted, "the call has more than \(max) metadata entries")
        }
    }
}
