internal import Buffers
internal import EventLoop
internal import Wire

/// One client's connection: cuts what it sends into frames and paces it.
///
/// What was read is handled at once, in the read buffer, as far as the connection's share of the
/// turn goes and its client takes the replies. The rest is kept in `waiting`, and while there is a
/// rest nothing more is read; so a connection holds at most one read's worth of calls, and backs up
/// into its client's socket instead of the server's memory.
final class ServerConnection {
    /// Never that of another connection of the loop.
    let id: Int
    let pipe: Pipe
    private unowned let server: ServerLoop
    /// Holds the connection's place among those admitted.
    private let guest: Guest
    private var decoder: FrameDecoder
    private var rules = StreamRules()

    /// Read but not handled yet; empty where only the decoder holds a frame. Reading is stopped
    /// while this is not nil.
    private var waiting: ByteBuffer?
    /// When what waits was read, and what has held it up since, other than the server's work.
    private(set) var pause = Pause()
    /// Memory that only the client, or the end of pending calls, can free; in the counts of server and uid.
    private(set) var heldBytes = 0
    /// Calls that are answered in a later turn, and what they hold.
    private var pendingBytes = 0
    private(set) var pendingCalls = 0
    /// True from the high-water mark of unsent bytes until the low one.
    private var isBlocked = false
    /// True once the client has closed its end; what it asked for is still answered.
    private var isEnding = false

    /// Whether something was read since the last sweep.
    private var hasRead = true
    private var patience: Patience

    /// Bookkeeping of the server's lists.
    var index = -1
    var isReady = false
    var isDirty = false

    init(
        _ guest: Guest, id: Int, on loop: EventLoop, server: ServerLoop
    ) throws(EventLoopError) {
        (self.id, self.guest, self.server) = (id, guest, server)
        patience = Patience(server.patienceLimits)
        pipe = try Pipe(adopting: guest.takeDescriptor(), on: loop)
        decoder = FrameDecoder(dataBytesMax: server.limits.frameBytesMax, pool: loop.buffers)
        pipe.onRead = { [unowned self] in didRead($0) }
        pipe.onEnd = { [unowned self] in didEnd($0) }
        pipe.onWritten = { [unowned self] in didWrite() }
        do {
            try pipe.startReading()
        } catch {
            pipe.close()
            throw error
        }
    }

    var isClosed: Bool { pipe.isClosing }
    var caller: Caller { guest.caller }
    var account: PeerAccount { guest.account }

    /// True while what waits can only go on once something else has happened.
    private var isHeldUp: Bool {
        isBlocked || pendingCalls >= server.limits.pendingCallsPerConnectionMax
    }

    // MARK: Calls

    private func didRead(_ bytes: UnsafeRawBufferPointer) {
        hasRead = true
        server.counters.bytesRead.add(bytes.count)
        pause = Pause(readAt: server.loop.turnStart, lag: server.clock.lag)
        var input = bytes
        // Who has waited longer comes first, but nobody waits to hear whether the server lives.
        let isDry =
            server.hasTimeForNewcomers
            ? handleFrames(&input, until: server.clock.sliceEnd) : handleFrames(&input, until: nil)
        guard !isClosed else { return }
        if !isDry {
            let buffer = server.loop.buffers.take()
            buffer.append(input)
            waiting = buffer
            if !isHeldUp { server.addReady(self) }
        }
        updateReading()
        updateHeldBytes()
    }

    /// Goes on with what waits; at least one frame of it.
    func resume() {
        guard !isClosed, !isHeldUp, let waiting else { return }
        var input = waiting.bytes
        let isDry = handleFrames(&input, until: server.clock.sliceEnd)
        guard !isClosed else { return }
        if isDry {
            self.waiting = nil
            server.loop.buffers.recycle(waiting)
        } else {
            waiting.consume(waiting.count - input.count)
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
        while !isHeldUp {
            if let end, frames > 0, server.clock.now >= end { return false }
            let before = input
            let event = decoder.next(&input)
            if case .needsMore = event { return true }
            if end == nil, case .frame(let header, let data) = event,
                !server.isUrgent(header, data)
            {
                decoder.putBack(&input, before: before)
                return false
            }
            frames += 1
            // A frame ended; the next one has its own time.
            patience.frameEnded()
            server.addDirty(self)
            handle(event)
            if isClosed { return true }
            // Frames that make no call are too cheap to look at the clock for each.
            if frames % 64 == 0 { server.clock.look() }
        }
        return false
    }

    private func handle(_ event: FrameDecoder.Event) {
        let unflushedBytes = pipe.unflushedBytes
        switch event {
        case .frame(let header, let data):
            switch rules.judge(header) {
            case .call: server.perform(data, of: self, stream: header.stream)
            case .ignore: break
            case .refuse(let code, let reason):
                server.refuse(header.stream, code, reason, on: pipe)
            }
        case .oversized(let header): refuseOversized(header)
        case .foreign: return breakOff(.foreign)
        case .needsMore: return
        }
        server.counters.bytesWritten.add(pipe.unflushedBytes - unflushedBytes)
        applyBackpressure()
    }

    private func refuseOversized(_ header: FrameHeader) {
        switch rules.judge(header) {
        case .call:
            server.refuse(
                header.stream,
                RPCError(
                    .resourceExhausted,
                    "the frame's \(header.dataBytes) bytes are over the limit of \(server.limits.frameBytesMax)"
                ),
                on: pipe)
        case .ignore: break
        case .refuse(let code, let reason): server.refuse(header.stream, code, reason, on: pipe)
        }
    }

    // MARK: Pending calls

    /// Makes the token of a call that is answered later.
    func makeToken(
        stream: UInt32, readAt: Int64, deadline: Deadline, heldBytes: Int
    ) throws(RPCError) -> ReplyToken {
        let call = PendingCall(
            connection: id, stream: stream, readAt: readAt, deadline: deadline, caller: caller,
            bytes: heldBytes, account: account)
        try server.beginPending(call, of: self)
        return ReplyToken(call, of: server)
    }

    /// Notes that a call of this connection is answered later.
    func didDefer(_ call: PendingCall) {
        pendingCalls += 1
        pendingBytes += call.bytes
        if isHeldUp { pause.begin(.pending, at: server.clock.now) }
    }

    /// Takes the answer of a call that was put off.
    func didAnswer(
        _ call: PendingCall, _ answer: (ByteBuffer) -> StatusCode
    ) -> StatusCode {
        let wasHeldUp = isHeldUp
        pendingCalls -= 1
        pendingBytes -= call.bytes
        pause.end(.pending, at: server.clock.now)
        let outputBytes = pipe.output.count
        let code = answer(pipe.output)
        server.counters.bytesWritten.add(pipe.output.count - outputBytes)
        server.addDirty(self)
        applyBackpressure()
        if wasHeldUp, !isClosed { goOn() }
        updateHeldBytes()
        return code
    }

    // MARK: Pace

    private func applyBackpressure() {
        guard pipe.pendingBytes >= server.limits.writeHighWaterBytes else { return }
        flush()
        if !isClosed, !isBlocked, pipe.pendingBytes >= server.limits.writeHighWaterBytes {
            isBlocked = true
            pause.begin(.client, at: server.clock.now)
        }
    }

    private func updateReading() {
        guard !isClosed, !isEnding else { return }
        if waiting == nil && !isHeldUp {
            do {
                try pipe.startReading()
            } catch {
                close()
            }
        } else {
            pipe.stopReading()
        }
    }

    private func goOn() {
        guard !isHeldUp else { return }
        if waiting != nil { server.addReady(self) }
        updateReading()
    }

    /// Sends what the turn's calls have answered.
    func flush() {
        guard !isClosed else { return }
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
        closeIfDone()
        updateHeldBytes()
    }

    /// Breaks off a client that is stuck in the middle of something.
    func checkStall() {
        // While the server itself does not read, a frame cannot get on.
        let isInsideFrame = decoder.isInsideFrame && waiting == nil && !isHeldUp
        let isIdle =
            !hasRead && !decoder.isInsideFrame && waiting == nil && pendingCalls == 0
            && pipe.pendingBytes == 0
        hasRead = false
        switch patience.check(
            isInsideFrame: isInsideFrame, unsentBytes: pipe.untakenBytes, isIdle: isIdle)
        {
        case nil: break
        case let reason?: breakOff(reason)
        }
    }

    // MARK: Memory

    /// Brings the counts up to date.
    private func updateHeldBytes() {
        let now =
            isClosed
            ? 0
            : decoder.heldBytes + (waiting?.capacity ?? 0) + pipe.blockedCapacity + pendingBytes
        let change = now - heldBytes
        guard change != 0 else { return }
        heldBytes = now
        account.addBufferBytes(change)
        server.addHeldBytes(change)
        if change > 0 { server.didGrow(self) }
    }

    /// Frees most of what the connection holds: gives up the frame that it is sending, or, where
    /// that is not the most of it, ends it.
    func giveUpMemory(_ shortage: BufferShortage) {
        let frameBytes = decoder.heldBytes
        guard 2 * frameBytes >= heldBytes, let header = decoder.refusePartial() else {
            return breakOff(.crowded)
        }
        if case .call = rules.judge(header) {
            server.refuse(
                header.stream,
                RPCError(
                    .resourceExhausted,
                    "\(shortage), and this frame of \(header.dataBytes) bytes held the most"),
                on: pipe)
        }
        patience.frameEnded()
        server.counters.framesRefused.add(1)
        server.report(.refusedFrame(peer: caller.peer, bytes: frameBytes, shortage))
        server.addDirty(self)
        updateHeldBytes()
    }

    // MARK: The end

    /// Lets the client send nothing more. What it has sent is read and answered, then the connection
    /// closes: no call is lost between the two sides, as each was either sent before and is answered,
    /// or could not be sent.
    func refuseInput() {
        pipe.refuseInput()
    }

    private func didEnd(_ error: EventLoopError?) {
        guard error == nil, pipe.pendingBytes > 0 || pendingCalls > 0, !pipe.isPeerGone else {
            return close()
        }
        isEnding = true
        server.addDirty(self)
    }

    private func closeIfDone() {
        guard isEnding, !isClosed, pipe.pendingBytes == 0, pendingCalls == 0 else { return }
        close()
    }

    /// Closes at the server's wish, after sending what goes at once.
    func breakOff(_ reason: BreakOffReason) {
        guard !isClosed else { return }
        server.counters.brokenOff[reason]?.add(1)
        server.report(.brokeOff(BreakOff(peer: caller.peer, reason: reason)))
        pipe.flush()
        close()
    }

    func close() {
        guard !isClosed else { return }
        // First, so that none of its waiting calls begins once the peer has seen the end.
        server.remove(self)
        pipe.close()
        decoder.discard()
        if let waiting { server.loop.buffers.recycle(waiting) }
        waiting = nil
        updateHeldBytes()
    }
}
