internal import Buffers
internal import EventLoop
internal import HTTP2
internal import Wire

/// One client's connection: cuts what it sends into frames, of ttrpc or of HTTP/2, and paces it.
///
/// What was read is handled at once, in the read buffer, as far as the connection's share of the
/// turn goes and its client takes the replies. The rest is kept in `waiting`, and while there is a
/// rest nothing more is read; so a connection holds at most one read's worth of calls, and backs up
/// into its client's socket instead of the server's memory. What a frame is and does is in
/// `ServerConnection+TTRPC.swift` and `ServerConnection+GRPC.swift`, how a connection ends in
/// `ServerConnection+End.swift`.
///
/// Its variables are the loop's own, and nothing that has one of them in hand calls back into it;
/// so their uses are not checked one by one.
final class ServerConnection {
    /// What became of the next frame.
    enum Step {
        case taken
        /// It is not there yet.
        case needsMore
        /// It was left for later.
        case postponed
    }

    /// Never that of another connection of the loop.
    let id: Int
    let pipe: Pipe
    /// Keeps it among its connections until it is closed.
    let server: ServerLoop
    /// Holds the connection's place among those admitted.
    private let guest: Guest
    @exclusivity(unchecked) var decoder: FrameDecoder
    @exclusivity(unchecked) var rules = StreamRules()
    /// Of a client that speaks gRPC; nil with ttrpc.
    @exclusivity(unchecked) var session: GRPCSession?
    /// True once the client has sent something.
    @exclusivity(unchecked) var isFramingKnown = false

    /// Read but not handled yet; empty where only the decoder holds a frame. Reading is stopped
    /// while this is not nil.
    @exclusivity(unchecked) var waiting: ByteBuffer?
    /// When what waits was read, and what has held it up since, other than the server's work.
    private(set) var pause = Pause()
    @exclusivity(unchecked) var holdings: Holdings
    /// Requests of this connection that were begun or refused; wraps around.
    @exclusivity(unchecked) var requests: UInt = 0
    /// While calls are refused, why; all but urgent ones.
    @exclusivity(unchecked) private(set) var refusal: RPCError?
    /// True from the high-water mark of unsent bytes until the low one.
    @exclusivity(unchecked) private var isBlocked = false
    /// True from the high-water mark of answers that wait for gRPC's windows until the low one.
    @exclusivity(unchecked) var isCongested = false
    /// True once the client has closed its end; what it asked for is still answered.
    @exclusivity(unchecked) var hasInputEnded = false
    /// True where it closes once all is answered.
    @exclusivity(unchecked) var isEnding = false

    /// Whether something was read since the last sweep.
    @exclusivity(unchecked) var hasRead = true
    @exclusivity(unchecked) var patience: Patience

    /// Bookkeeping of the server's lists.
    var index = -1
    var isReady = false
    var isDirty = false

    init(
        _ guest: Guest, id: Int, on loop: EventLoop, server: ServerLoop
    ) throws(EventLoopError) {
        (self.id, self.guest, self.server) = (id, guest, server)
        holdings = Holdings(guest.account)
        patience = Patience(server.patienceLimits)
        pipe = try Pipe(adopting: guest.takeDescriptor(), on: loop)
        decoder = FrameDecoder(dataBytesMax: server.limits.frameBytesMax, pool: loop.buffers)
        pipe.onRead = { [unowned self] in didRead($0) }
        pipe.onEnd = { [unowned self] in didEnd($0) }
        pipe.onWritten = { [unowned self] in didWrite() }
        do {
            limitReading()
            try pipe.startReading()
        } catch {
            pipe.close()
            throw error
        }
    }

    var isClosed: Bool { pipe.isClosing }
    /// Whether it is served slowly. What ttrpc's clients send is a call each, so they are not.
    var isSlow: Bool { session != nil && server.isSlow(guest.process) }
    var caller: Caller { guest.caller }
    var account: PeerAccount { holdings.account }
    var heldBytes: Int { holdings.bytes }
    var pendingCalls: Int { holdings.pendingCalls }

    /// True while what waits can only go on once something else has happened.
    var isHeldUp: Bool {
        isBlocked
            || session == nil && pendingCalls >= server.limits.pendingCallsPerConnectionMax
    }

    /// True if requests were read that wait for a call to be made.
    private var hasParked: Bool { session?.next != nil }

    // MARK: Calls

    private func didRead(_ bytes: UnsafeRawBufferPointer) {
        hasRead = true
        server.counters.bytesRead.add(bytes.count)
        pause = Pause(readAt: server.loop.turnStart, lag: server.clock.lag)
        var input = bytes
        if !isFramingKnown { chooseFraming(bytes[0]) }
        // Who has waited longer comes first, but nobody waits to hear whether the server lives.
        let isDry =
            !isSlow
            && (server.hasTimeForNewcomers
                ? handleFrames(&input, until: server.clock.sliceEnd)
                : handleFrames(&input, until: nil))
        guard !isClosed else { return }
        if !isDry || hasParked, isSlow || !refuseSurplus(&input), !isClosed, !isParkedAlone(input) {
            let buffer = server.loop.buffers.take()
            buffer.append(input)
            waiting = buffer
            if !isHeldUp { server.addReady(self) }
        } else if session != nil, isDry, !hasParked {
            holdings.setWaitingCalls(0)
        }
        guard !isClosed else { return }
        updateReading()
        updateHeldBytes()
    }

    /// True if all was read, and requests wait in the session for something else than their turn.
    private func isParkedAlone(_ input: UnsafeRawBufferPointer) -> Bool {
        guard let session, input.isEmpty, !isHeldUp else { return false }
        return !canTake(session)
    }

    /// Counts the calls that will wait, and refuses at once those that are more than the uid may
    /// have in flight, the first of them.
    ///
    /// - Returns: true if no frame is left.
    private func refuseSurplus(_ input: inout UnsafeRawBufferPointer) -> Bool {
        let count = session?.requestCount(in: input) ?? decoder.requestCount(in: input)
        let surplus = holdings.setWaitingCalls(count, max: server.limits.callsPerUIDMax)
        guard surplus > 0 else { return false }
        refusal = account.refusal(
            CallLimit(name: "callsPerUIDMax", max: server.limits.callsPerUIDMax))
        defer { refusal = nil }
        let first = requests
        var isDry = false
        while !isDry, !isClosed, !isBlocked, requests &- first < UInt(surplus) {
            isDry = takeNext(&input, urgentOnly: false) == .needsMore
        }
        if !isClosed {
            holdings.setWaitingCalls(isDry ? 0 : max(0, count - Int(requests &- first)))
        }
        return isDry
    }

    /// Goes on with what waits; at least one frame of it.
    func resume(until end: Int64) {
        guard !isClosed, !isHeldUp, waiting != nil || hasParked else { return }
        var input = waiting?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
        let first = requests
        let isDry = handleFrames(&input, until: end)
        guard !isClosed else { return }
        holdings.setWaitingCalls(
            isDry && !hasParked ? 0 : max(0, holdings.waitingCalls - Int(requests &- first)))
        if isDry {
            if let waiting { server.loop.buffers.recycle(waiting) }
            waiting = nil
        } else {
            if let waiting { waiting.consume(waiting.count - input.count) }
            if !isHeldUp { server.addReady(self) }
        }
        updateReading()
        updateHeldBytes()
    }

    /// Handles frames, at least one, until it is time for others.
    ///
    /// - Parameter end: nil handles only what cannot wait: urgent calls, and what is no call.
    /// - Returns: false if there may be frames left.
    private func handleFrames(_ input: inout UnsafeRawBufferPointer, until end: Int64?) -> Bool {
        var frames = 0
        // Frames that make no call are too cheap to look at the clock for each.
        let framesPerLook = isSlow ? 4 : 64
        while !isHeldUp {
            if let end, frames > 0, server.clock.now >= end { return false }
            switch takeNext(&input, urgentOnly: end == nil) {
            case .needsMore: return true
            case .postponed: return false
            case .taken: break
            }
            frames += 1
            if isClosed { return true }
            if frames % framesPerLook == 0 { server.clock.look() }
            guard session?.isOverdrawn == true else { continue }
            let wasSlow = isSlow
            offend()
            if !wasSlow { return false }
        }
        return false
    }

    /// Has the client's process be served slowly for a while.
    func offend() { guest.process.offend(at: server.clock.now) }

    @inline(__always)
    private func takeNext(_ input: inout UnsafeRawBufferPointer, urgentOnly: Bool) -> Step {
        guard let session else { return takeFrame(&input, urgentOnly: urgentOnly) }
        return takeRequest(of: session, &input, urgentOnly: urgentOnly)
    }

    // MARK: Pending calls

    /// Makes the token of a call that is answered later.
    func makeToken(
        form: ReplyForm, route: Int, readAt: Int64, deadline: Deadline, heldBytes: Int
    ) throws(RPCError) -> ReplyToken {
        let call = PendingCall(
            connection: id, form: form, route: route, readAt: readAt, deadline: deadline,
            caller: caller,
            bytes: heldBytes, account: account)
        try server.beginPending(call, of: self)
        return ReplyToken(call, of: server)
    }

    /// Notes that a call of this connection is answered later.
    func didDefer(_ call: PendingCall) {
        holdings.didDefer(call)
        if isHeldUp { pause.begin(.pending, at: server.clock.now) }
    }

    /// Takes the answer of a call that was put off.
    func didAnswer(
        _ call: PendingCall, _ answer: (ByteBuffer) -> StatusCode
    ) -> StatusCode {
        let wasHeldUp = isHeldUp || hasParked
        holdings.didAnswer(call)
        pause.end(.pending, at: server.clock.now)
        server.addDirty(self)
        let code: StatusCode
        if let session {
            code = send(session, call, answer)
        } else {
            let outputBytes = pipe.output.count
            code = answer(pipe.output)
            server.counters.bytesWritten.add(pipe.output.count - outputBytes)
        }
        applyBackpressure()
        if wasHeldUp || hasParked, !isClosed { goOn() }
        updateHeldBytes()
        return code
    }

    // MARK: Pace

    func applyBackpressure() {
        let queuedBytes = session?.queuedBytes ?? 0
        guard pipe.pendingBytes + queuedBytes >= server.limits.writeHighWaterBytes else { return }
        flush()
        if !isClosed, !isBlocked, pipe.pendingBytes >= server.limits.writeHighWaterBytes {
            isBlocked = true
            pause.begin(.client, at: server.clock.now)
        }
    }

    private func updateReading() {
        guard !isClosed, !hasInputEnded else { return }
        if waiting == nil && !isHeldUp {
            do {
                limitReading()
                try pipe.startReading()
            } catch {
                close()
            }
        } else {
            pipe.stopReading()
        }
    }

    /// To read much takes time too.
    private func limitReading() {
        pipe.readBytesMax = server.isSlow(guest.process) ? 16 << 10 : .max
    }

    /// Goes on with what waits, once what has held it up is over.
    func goOn() {
        guard !isHeldUp else { return }
        if waiting != nil || hasParked { server.addReady(self) }
        updateReading()
    }

    /// Sends what the turn's calls have answered.
    func flush() {
        guard !isClosed else { return }
        if let session { writeFrames(of: session) }
        pipe.flush()
        closeIfDone()
        updateHeldBytes()
    }

    private func didWrite() {
        if isBlocked, pipe.pendingBytes <= server.limits.writeLowWaterBytes {
            isBlocked = false
            server.clock.look()
            pause.end(.client, at: server.clock.now)
            goOn()
        }
        // Of gRPC's answers, more may fit now.
        if session?.wantsWrite == true { server.addDirty(self) }
        closeIfDone()
        updateHeldBytes()
    }

    // MARK: Memory

    /// Brings the counts up to date.
    func updateHeldBytes() {
        let now =
            isClosed
            ? 0
            : (session?.heldBytes ?? decoder.heldBytes) + (waiting?.capacity ?? 0)
                + pipe.blockedCapacity + holdings.pendingBytes
        let change = holdings.setBytes(now)
        guard change != 0 else { return }
        server.addHeldBytes(change)
        if change > 0 { server.didGrow(self) }
    }
}
