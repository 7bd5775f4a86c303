internal import EventLoop
internal import Wire

/// What ends a connection, or what it is doing: its client's end or silence, a lack of memory, a
/// drain.
extension ServerConnection {
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

    /// Frees most of what the connection holds: gives up the frame that it is sending, or, where
    /// that is not the most of it, ends it.
    func giveUpMemory(_ shortage: BufferShortage) {
        guard let frameBytes = refusePartialFrame(shortage) else { return breakOff(.crowded) }
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

    func didEnd(_ error: EventLoopError?) {
        guard error == nil, pipe.pendingBytes > 0 || pendingCalls > 0, !pipe.isPeerGone else {
            return close()
        }
        isEnding = true
        server.addDirty(self)
    }

    func closeIfDone() {
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
        holdings.setWaitingCalls(0)
        updateHeldBytes()
    }
}
