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
    let pipe: Pipe
    let peer: PeerCredentials
    private unowned let server: ServerLoop
    /// Holds the connection's place among those admitted.
    private let guest: Guest
    private var decoder: FrameDecoder
    private var rules = StreamRules()

    /// Read but not handled yet. Reading is stopped while this is not nil.
    private var waiting: ByteBuffer?
    private var waitingReadAt: Int64 = 0
    /// True from the high-water mark of unsent bytes until the low one.
    private var isBlocked = false
    /// True once the client has closed its end; what it asked for is still answered.
    private var isEnding = false

    private var turn = -1
    private var callsLeft = 0
    /// The newest turn in which something was read, or reading went on after a pause.
    private var lastReadingTurn = 0

    /// When the frame that is being received began, or the bytes that wait to be sent last became
    /// fewer.
    private var partialSince: Int64?
    private var blockedSince: Int64?
    private var blockedBytes = 0

    /// Bookkeeping of the server's lists.
    var index = -1
    var isReady = false
    var isDirty = false

    init(_ guest: Guest, on loop: EventLoop, server: ServerLoop) throws(EventLoopError) {
        let descriptor = guest.takeDescriptor()
        do {
            peer = try PeerCredentials(of: descriptor)
        } catch {
            UnixSocket.close(descriptor)
            throw error
        }
        self.guest = guest
        self.server = server
        pipe = try Pipe(adopting: descriptor, on: loop)
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

    // MARK: Calls

    private func didRead(_ bytes: UnsafeRawBufferPointer) {
        let now = MonotonicClock.now()
        lastReadingTurn = server.turn
        server.counters.bytesRead.add(bytes.count)
        var input = bytes
        handleFrames(&input, readAt: now, now: now)
        guard !isClosed else { return }
        if !input.isEmpty {
            let buffer = server.loop.buffers.take()
            buffer.append(input)
            waiting = buffer
            waitingReadAt = now
            if !isBlocked { server.addReady(self) }
        }
        notePartial(now)
        updateReading()
    }

    /// Goes on with what waits, on the connection's next turn.
    func resume() {
        guard !isClosed, !isBlocked, let waiting else { return }
        var input = waiting.bytes
        handleFrames(&input, readAt: waitingReadAt, now: MonotonicClock.now())
        guard !isClosed else { return }
        if input.isEmpty {
            self.waiting = nil
            server.loop.buffers.recycle(waiting)
            notePartial(waitingReadAt)
        } else {
            waiting.consume(waiting.count - input.count)
            if !isBlocked { server.addReady(self) }
        }
        updateReading()
    }

    private func handleFrames(
        _ input: inout UnsafeRawBufferPointer, readAt: Int64, now: Int64
    ) {
        if turn != server.turn {
            turn = server.turn
            callsLeft = server.limits.callsPerTurnMax
        }
        var now = now
        while !isBlocked, callsLeft > 0 {
            let event = decoder.next(&input)
            if case .needsMore = event { return }
            // A frame ended; the next one has its own time.
            partialSince = nil
            callsLeft -= 1
            server.addDirty(self)
            let unflushedBytes = pipe.unflushedBytes
            switch event {
            case .frame(let header, let data):
                switch rules.judge(header) {
                case .call:
                    now = server.perform(
                        data, of: self, stream: header.stream, readAt: readAt, now: now)
                case .ignore: break
                case .refuse(let code, let reason):
                    server.refuse(header.stream, code, reason, on: pipe)
                }
            case .oversized(let header):
                refuseOversized(header)
            case .foreign:
                return abort()
            case .needsMore: return
            }
            server.counters.bytesWritten.add(pipe.unflushedBytes - unflushedBytes)
            applyBackpressure()
            if isClosed { return }
        }
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

    // MARK: Pace

    private func applyBackpressure() {
        guard pipe.pendingBytes >= server.limits.writeHighWaterBytes else { return }
        flush()
        if !isClosed, pipe.pendingBytes >= server.limits.writeHighWaterBytes { isBlocked = true }
    }

    private func updateReading() {
        guard !isClosed, !isEnding else { return }
        if waiting == nil && !isBlocked {
            lastReadingTurn = server.turn
            do {
                try pipe.startReading()
            } catch {
                close()
            }
        } else {
            pipe.stopReading()
        }
    }

    /// Sends what the turn's calls have answered.
    func flush() {
        guard !isClosed else { return }
        pipe.flush()
        if isEnding, !isClosed, pipe.pendingBytes == 0 { close() }
    }

    private func didWrite() {
        if isBlocked, pipe.pendingBytes <= server.limits.writeLowWaterBytes {
            isBlocked = false
            if waiting != nil { server.addReady(self) }
            updateReading()
        }
        if isEnding, pipe.pendingBytes == 0 { close() }
    }

    private func notePartial(_ now: Int64) {
        if decoder.isInsideFrame {
            if partialSince == nil { partialSince = now }
        } else {
            partialSince = nil
        }
    }

    /// Breaks off a client that is stuck in the middle of something.
    func checkStall(now: Int64) {
        let blocked = pipe.blockedBytes
        if blocked == 0 {
            blockedSince = nil
        } else if blockedSince == nil || blocked != blockedBytes {
            blockedSince = now
        }
        blockedBytes = blocked
        if let blockedSince, now - blockedSince > server.writeStallNanoseconds { return abort() }
        // While the server itself does not read, a frame cannot get on.
        if isBlocked || waiting != nil {
            partialSince = partialSince.map { _ in now }
        } else if let partialSince, now - partialSince > server.partialFrameNanoseconds {
            abort()
        }
    }

    // MARK: The end

    /// True if nothing was received that is not answered and sent, and nothing came in the turn
    /// that ends.
    var isQuiet: Bool {
        waiting == nil && !decoder.isInsideFrame && pipe.pendingBytes == 0
            && lastReadingTurn < server.turn
    }

    /// True if only the client can bring this connection on.
    var waitsForClient: Bool {
        pipe.blockedBytes > 0 || (decoder.isInsideFrame && lastReadingTurn < server.turn)
    }

    private func didEnd(_ error: EventLoopError?) {
        guard error == nil, pipe.pendingBytes > 0 else { return close() }
        isEnding = true
        server.addDirty(self)
    }

    /// Closes at the server's wish, after sending what goes at once.
    func abort() {
        guard !isClosed else { return }
        server.counters.connectionsAborted.add(1)
        pipe.flush()
        close()
    }

    func close() {
        guard !isClosed else { return }
        pipe.close()
        decoder.discard()
        if let waiting { server.loop.buffers.recycle(waiting) }
        waiting = nil
        server.remove(self)
    }
}
