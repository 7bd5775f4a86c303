internal import EventLoop
internal import HTTP2
internal import Wire

/// What ends a connection, or what it is doing: its client's end or silence, a lack of memory, a
/// drain.
extension ServerConnection {
    /// Breaks off a client that is stuck in the middle of something.
    func checkStall() {
        // While the server itself does not read, a frame cannot get on.
        let isInside = session?.isInsideRequest ?? decoder.isInsideFrame
        let isInsideFrame = isInside && waiting == nil && !isHeldUp
        let isIdle =
            !hasRead && !isInside && waiting == nil && pendingCalls == 0
            && pipe.pendingBytes == 0 && session?.streams.isEmpty ?? true
        hasRead = false
        switch patience.check(
            isInsideFrame: isInsideFrame,
            unsentBytes: pipe.untakenBytes + (session?.queuedBytes ?? 0), isIdle: isIdle)
        {
        case nil: break
        case let reason?: breakOff(reason)
        }
    }

    /// Frees most of what the connection holds: gives up the frame that it is sending, or, where
    /// that is not the most of it, ends it.
    func giveUpMemory(_ shortage: BufferShortage) {
        let frameBytes =
            if let session {
                refusePartialRequest(of: session, shortage)
            } else {
                refusePartialFrame(shortage)
            }
        guard let frameBytes else { return breakOff(.crowded) }
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
    ///
    /// A client of gRPC is told where that is; what it sends beyond is for another server.
    func refuseInput() {
        if let session { refuseStreams(of: session) } else { pipe.refuseInput() }
    }

    func didEnd(_ error: EventLoopError?) {
        let owes = pipe.pendingBytes > 0 || pendingCalls > 0 || session?.wantsWrite == true
        guard error == nil, owes, !pipe.isPeerGone else {
            return close()
        }
        hasInputEnded = true
        isEnding = true
        server.addDirty(self)
    }

    func closeIfDone() {
        guard isEnding, !isClosed, pipe.pendingBytes == 0, pendingCalls == 0 else { return }
        if let session, !hasInputEnded {
            guard waiting == nil, session.streams.isEmpty, !session.wantsWrite else { return }
        }
        close()
    }

    /// Closes at the server's wish, after sending what goes at once.
    func breakOff(_ reason: BreakOffReason) {
        guard !isClosed else { return }
        if reason.isOffence { offend() }
        server.counters.brokenOff[reason]?.add(1)
        server.report(.brokeOff(BreakOff(peer: caller.peer, reason: reason)))
        if let session { sayWhy(reason, session) }
        pipe.flush()
        close()
    }

    /// Tells a client of gRPC by a GOAWAY why the connection ends.
    private func sayWhy(_ reason: BreakOffReason, _ session: GRPCSession) {
        guard reason != .foreign else { return }
        session.submitEnd(
            because: reason.rawValue, isClientsFault: reason != .drained && reason != .idle)
        let before = pipe.output.count
        _ = session.write(to: pipe.output, limit: server.limits.writeHighWaterBytes)
        server.counters.bytesWritten.add(pipe.output.count - before)
    }

    func close() {
        guard !isClosed else { return }
        // First, so that none of its waiting calls begins once the peer has seen the end.
        server.remove(self)
        pipe.close()
        decoder.discard()
        session?.discard()
        if let waiting { server.loop.buffers.recycle(waiting) }
        waiting = nil
        holdings.setWaitingCalls(0)
        updateHeldBytes()
    }
}
