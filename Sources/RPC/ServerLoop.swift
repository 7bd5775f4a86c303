internal import EventLoop

/// The part of a server that lives on one loop: its connections, its router and the call they
/// share. How calls are made is in `ServerLoop+Calls.swift`.
final class ServerLoop {
    let loop: EventLoop
    let limits: RPCLimits
    let counters: LoopCounters
    let clock: TurnClock
    let patienceLimits: Patience.Limits
    let call: Call
    let background: BackgroundLane
    let queueWaitNanoseconds: Int64
    private let onBreakOff: (@Sendable (BreakOff) -> Void)?
    private(set) var router = Router()

    private var connections: [ServerConnection] = []
    private var connectionIDs = 0
    /// Connections with calls in the background, by id.
    var moving: [Int: ServerConnection] = [:]
    /// Connections with calls left over, the one whose turn is next at `readyHead`; and those with
    /// replies of this turn.
    private var ready: [ServerConnection] = []
    private var readyHead = 0
    private var dirty: [ServerConnection] = []
    private let sweep: Timer
    private let graceEnd: Timer
    private var drainTurn: Int?
    private(set) var drainedFrom: Int64 = .max
    /// On the loop that listens.
    private var acceptor: Acceptor?

    init(
        loop: EventLoop, limits: RPCLimits, background: BackgroundLane,
        onBreakOff: (@Sendable (BreakOff) -> Void)?
    ) throws(EventLoopError) {
        self.loop = loop
        self.limits = limits
        self.background = background
        self.onBreakOff = onBreakOff
        counters = LoopCounters(bufferBytes: loop.buffers.bytesInUse)
        clock = TurnClock(loop, limits: limits)
        patienceLimits = Patience.Limits(limits)
        queueWaitNanoseconds = limits.queueWaitMax.wholeNanoseconds
        call = Call(lane: .loop, limits: limits, background: background.queue)
        sweep = try Timer(on: loop)
        graceEnd = try Timer(on: loop)
    }

    /// Sets to work, with a router that `makeRouter` makes here.
    ///
    /// The turn's replies are sent before hooks that `makeRouter` adds run.
    func start(index: Int, _ makeRouter: (LaneSetup) throws -> Router) rethrows {
        // The loop keeps this object alive until it closes.
        loop.atTurnEnd { [self] in endTurn() }
        let loop = loop
        router = try makeRouter(LaneSetup(.loop, loopIndex: index) { loop.atTurnEnd($0) })
        // Last of all, so that what the hooks took counts too.
        loop.atTurnEnd { [clock] in clock.endTurn() }
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
            connectionIDs += 1
            let connection = try ServerConnection(
                guest, id: connectionIDs, on: loop, server: self)
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
        if moving.removeValue(forKey: connection.id) != nil {
            counters.backgroundCalls.add(-background.queue.drop(connection: connection.id))
        }
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

    /// Counts a connection that is broken off, and tells whoever wants to know.
    func report(_ breakOff: BreakOff) {
        counters.brokenOff[breakOff.reason]?.add(1)
        onBreakOff?(breakOff)
    }

    // MARK: Turns

    /// True if calls that have just been read may begin: nobody has waited longer, and the turn has
    /// time left.
    var hasTimeForNewcomers: Bool { readyHead == ready.count && clock.now < clock.turnEnd }

    /// Gives left-over calls what is left of the turn, connection by connection, then sends each
    /// one's replies in one write.
    private func endTurn() {
        var isFirst = true
        while readyHead < ready.count, isFirst || clock.now < clock.turnEnd {
            let connection = ready[readyHead]
            readyHead += 1
            connection.isReady = false
            connection.resume()
            isFirst = false
        }
        ready.removeSubrange(0..<readyHead)
        readyHead = 0
        if !ready.isEmpty { loop.skipNextWait() }
        // A flush may find a connection broken, and closing one changes no list but `connections`.
        for connection in dirty {
            connection.isDirty = false
            connection.flush()
        }
        dirty.removeAll(keepingCapacity: true)
        if let drainTurn { drain(since: drainTurn) }
    }

    private func startSweep() {
        let interval = patienceLimits.interval
        sweep.start(after: interval, every: interval) { [unowned self] in
            // Backwards, as one that is broken off gives its place to the last.
            for i in connections.indices.reversed() { connections[i].checkStall() }
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
        // What the loop finds together with the wish to end is taken to have come after it.
        drainedFrom = loop.turnStart
        graceEnd.start(after: grace) { [unowned self] in
            for connection in connections { connection.breakOff(.drained) }
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
        } else if !connections.allSatisfy({ $0.waitsForOthers }) {
            loop.skipNextWait()
        }
    }
}
