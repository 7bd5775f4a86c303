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
    let budget: BufferBudget
    let bufferBytesPerUIDMax: Int
    private let onEvent: (@Sendable (ServerEvent) -> Void)?
    private(set) var router = Router()
    /// How calls were answered, by their places in the router.
    @exclusivity(unchecked) private(set) var answers = MethodCounters(methods: 0)

    private(set) var connections: [ServerConnection] = []
    private var connectionIDs = 0
    /// Connections with pending calls, by id, and what all pending calls hold.
    var owing: [Int: ServerConnection] = [:]
    var pendingBytes = 0
    /// Connections with calls left over, the one whose turn is next at `readyHead`; and those with
    /// replies of this turn.
    private var ready: [ServerConnection] = []
    private var readyHead = 0
    private var dirty: [ServerConnection] = []
    /// Connections and newcomers that are served slowly, in the order of their turns.
    var slow: [ServerConnection] = []
    var slowNewcomers: [Guest] = []
    let slowTimer: Timer
    var slowTicks = 0
    private let sweep: Timer
    /// The most that connections have held since memory was last given back to the system.
    var heldBytesPeak = 0
    let trim: Timer
    /// When what is watched is asked again, as the first of its deadlines passes.
    private let watchTimer: Timer
    private var watchesUpdatedAt = Int64.max
    private let drainTimer: Timer
    private var ending = Ending.none
    /// Calls read from then on are refused.
    private(set) var drainedFrom: Int64 = .max
    /// On the loop that listens.
    private var acceptor: Acceptor?

    /// True once a drain has begun.
    var isDraining: Bool { ending != .none }

    private enum Ending {
        case none
        /// Calls are read, and refused or, for a successor, answered.
        case draining
        /// Nothing more is taken in.
        case closing
    }

    init(
        loop: EventLoop, limits: RPCLimits, background: BackgroundLane, budget: BufferBudget,
        onEvent: (@Sendable (ServerEvent) -> Void)?
    ) throws(EventLoopError) {
        self.loop = loop
        self.limits = limits
        self.background = background
        self.budget = budget
        self.onEvent = onEvent
        bufferBytesPerUIDMax = limits.resolvedBufferBytesPerUIDMax
        counters = LoopCounters(bufferBytes: loop.buffers.bytesInUse)
        clock = TurnClock(loop, limits: limits)
        patienceLimits = Patience.Limits(limits)
        queueWaitNanoseconds = limits.queueWaitMax.wholeNanoseconds
        call = Call(lane: .loop, limits: limits, background: background.queue)
        slowTimer = try Timer(on: loop)
        sweep = try Timer(on: loop)
        watchTimer = try Timer(on: loop)
        drainTimer = try Timer(on: loop)
        trim = try Timer(on: loop)
    }

    /// Sets to work, with a router that `makeRouter` makes here.
    ///
    /// The turn's replies are sent before hooks that `makeRouter` adds run.
    func start(index: Int, _ makeRouter: (LaneSetup) throws -> Router) rethrows {
        // The loop keeps this object alive until it closes.
        loop.atTurnEnd { [self] in endTurn() }
        budget.join(self)
        let loop = loop
        router = try makeRouter(
            LaneSetup(.loop, loopIndex: index, door: loop.door) { loop.atTurnEnd($0) })
        answers = MethodCounters(methods: router.methods.count)
        // Last of all, so that what the hooks took counts too.
        loop.atTurnEnd { [clock] in clock.endTurn() }
    }

    /// Makes this the loop that accepts.
    func listen(_ acceptor: Acceptor) throws {
        try acceptor.start(on: self)
        self.acceptor = acceptor
    }

    // MARK: Connections

    /// Takes over an accepted connection, at once or in its turn; its place in the admission count is
    /// freed with it.
    func adopt(_ guest: Guest) {
        if isSlow(guest.process), ending == .none { addSlow(guest) } else { take(guest) }
    }

    func take(_ guest: Guest) {
        do {
            connectionIDs += 1
            let connection = try ServerConnection(
                guest, id: connectionIDs, on: loop, server: self)
            connection.index = connections.count
            connections.append(connection)
            counters.connections.add(1)
            counters.connectionsTotal.add(1)
            if connections.count == 1 { startSweep() }
            if ending == .closing { connection.refuseInput() }
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
        disown(connection)
        stopIfDone()
    }

    func addReady(_ connection: ServerConnection) {
        guard !connection.isReady else { return }
        connection.isReady = true
        if connection.isSlow { return addSlow(connection) }
        ready.append(connection)
        loop.skipNextWait()
    }

    func addDirty(_ connection: ServerConnection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection)
    }

    /// Tells whoever wants to know.
    func report(_ event: ServerEvent) { onEvent?(event) }

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
            if connection.isSlow {
                addReady(connection)
                continue
            }
            connection.resume(until: clock.sliceEnd)
            isFirst = false
        }
        ready.removeSubrange(0..<readyHead)
        readyHead = 0
        if !ready.isEmpty { loop.skipNextWait() }
        // A flush may find a connection broken, and closing one changes no list but `connections`.
        // One that makes others give up memory leaves them something to send, though.
        var i = 0
        while i < dirty.count {
            dirty[i].isDirty = false
            dirty[i].flush()
            i += 1
        }
        dirty.removeAll(keepingCapacity: true)
        returnMemory()
    }

    private func startSweep() {
        let interval = patienceLimits.interval
        sweep.start(after: interval, every: interval) { [unowned self] in
            // Backwards, as one that is broken off gives its place to the last.
            for i in connections.indices.reversed() { connections[i].checkStall() }
        }
    }

    /// Asks again what clients watch once a deadline has passed, unless that is done earlier.
    func updateWatches(at deadline: Int64) {
        guard deadline < watchesUpdatedAt else { return }
        watchesUpdatedAt = deadline
        watchTimer.start(after: .nanoseconds(max(0, deadline - MonotonicClock.now()))) {
            [unowned self] in
            clock.look()
            watchesUpdatedAt = .max
            for connection in connections { connection.updateWatches() }
            if let next = connections.compactMap(\.watchDeadline).min() { updateWatches(at: next) }
        }
    }

    // MARK: Draining

    /// Ends the loop: answers what was received, refuses for a short while what comes from now on,
    /// then lets clients send nothing more, and stops after the last answer was taken, at the latest
    /// when the grace is over.
    ///
    /// - Parameter handsOver: a successor has the path: what still comes is answered instead of
    ///   refused, and clients are let go at once, so that they turn to the successor.
    func beginDrain(grace: Duration, handsOver: Bool) {
        guard ending == .none else { return }
        ending = .draining
        // What the loop finds together with the wish to end is taken to have come after it.
        if !handsOver { drainedFrom = loop.turnStart }
        // Hands over whoever has connected before now.
        acceptor?.finish()
        acceptor = nil
        adoptSlowNewcomers()
        for connection in connections { connection.announceEnd() }
        let window = handsOver ? .zero : min(grace, limits.drainWindow)
        drainTimer.start(after: window) { [unowned self] in
            refuseInput()
            drainTimer.start(after: grace - window) { [unowned self] in endGrace() }
        }
        stopIfDone()
    }

    /// Breaks off whoever is left of a drain.
    func endGrace() {
        guard ending != .none else { return }
        for connection in connections { connection.breakOff(.drained) }
        loop.stop()
    }

    private func refuseInput() {
        ending = .closing
        for connection in connections { connection.refuseInput() }
        stopIfDone()
    }

    private func stopIfDone() {
        if ending != .none, connections.isEmpty { loop.stop() }
    }
}
