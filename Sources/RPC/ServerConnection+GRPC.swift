internal import Buffers
internal import HTTP2
internal import Wire

/// Calls of gRPC: a session makes requests of frames, and frames of answers.
///
/// While answers wait for the client's windows, or as many calls are pending as may be, frames are
/// still read, since those that open the windows are among them; requests then wait in the session,
/// within the windows that the client has for them.
extension ServerConnection {
    /// Starts a session where the client's first byte says so.
    func chooseFraming(_ first: UInt8) {
        isFramingKnown = true
        guard first == FrameScanner.firstByte else { return }
        let limits = server.limits
        let router = server.router
        let session = GRPCSession(
            limits: GRPCSession.Limits(
                messageBytesMax: limits.frameBytesMax, streamsMax: limits.streamsPerConnectionMax,
                headerBytesMax: limits.headerBytesMax, metadataCountMax: limits.metadataCountMax),
            pool: server.loop.buffers, takesSeveral: { router.takesSeveral($0, $1) })
        self.session = session
        server.addDirty(self)
        if server.isDraining { session.announceEnd() }
    }

    /// True if the next request may be made a call, or refused.
    func canTake(_ session: GRPCSession) -> Bool {
        session.next != nil
            && (refusal != nil
                || !isCongested && pendingCalls < server.limits.pendingCallsPerConnectionMax)
    }

    /// Makes the next call, or reads the next frame where none can be made.
    func takeRequest(
        of session: GRPCSession, _ input: inout UnsafeRawBufferPointer, urgentOnly: Bool
    ) -> Step {
        if let stream = session.next, canTake(session) {
            let (service, method) = stream.serviceAndMethod
            let isUrgent =
                (urgentOnly || refusal != nil) && server.router.isUrgent(service, method)
            if urgentOnly, !isUrgent { return .postponed }
            perform(session, stream, isUrgent: isUrgent)
            return .taken
        }
        switch session.receive(&input, at: server.clock.now) {
        case .needsMore:
            // Part of a frame may be enough to answer.
            if session.wantsWrite { didTakeFrame(session) }
            return .needsMore
        case .failed(let failure): breakOff(failure.reason)
        case .frame: didTakeFrame(session)
        }
        return .taken
    }

    private func didTakeFrame(_ session: GRPCSession) {
        server.addDirty(self)
        if !session.refusals.isEmpty {
            for code in session.refusals {
                requests &+= 1
                server.countRefusal(code)
            }
            session.refusals.removeAll(keepingCapacity: true)
        }
        if !session.canceled.isEmpty {
            let canceled = session.canceled
            session.canceled.removeAll(keepingCapacity: true)
            for stream in canceled { server.cancel(stream: stream, of: self) }
        }
    }

    private func perform(_ session: GRPCSession, _ stream: GRPCStream, isUrgent: Bool) {
        requests &+= 1
        patience.frameEnded()
        server.addDirty(self)
        session.take(stream)
        let answer = server.loop.buffers.take()
        if let refusal, !isUrgent {
            server.countRefusal(refusal.code)
            form(stream).append(refusal, to: answer)
            session.discardRest(of: stream)
            return session.answer(stream, answer, refusal.code)
        }
        let code = server.perform(
            stream.envelope(at: pause.readAt), of: self, form: form(stream), to: answer)
        takeMetadata(of: stream)
        guard let code else {
            session.release(stream)
            stream.isAwaitingAnswer = true
            return server.loop.buffers.recycle(answer)
        }
        switch server.router.kind(at: server.call.route) {
        case .unary:
            session.release(stream)
            session.answer(stream, answer, code)
        case .conversation:
            session.release(stream)
            guard code == .ok else { return session.answer(stream, answer, code) }
            session.send(stream, answer)
            session.goOn(stream)
        case .watch:
            session.keep(stream)
            stream.told = []
            tell(session, stream, answer, code)
            if let deadline = stream.deadline, !stream.isAnswered {
                server.updateWatches(at: deadline)
            }
        }
        applyBackpressure()
    }

    /// Notes what the call that was made last has said beside its message.
    private func takeMetadata(of stream: GRPCStream) {
        if let metadata = server.call.responseMetadata { stream.metadata = metadata }
    }

    private func form(_ stream: GRPCStream) -> ReplyForm {
        ReplyForm(framing: .grpc, stream: UInt32(bitPattern: stream.id))
    }

    /// Sends the answer of a call that was put off, unless the client has canceled it.
    func send(
        _ session: GRPCSession, _ call: PendingCall, _ answer: (ByteBuffer) -> StatusCode
    ) -> StatusCode {
        let buffer = server.loop.buffers.take()
        let code = answer(buffer)
        guard let stream = session.stream(call.form.stream) else {
            server.loop.buffers.recycle(buffer)
            return code
        }
        stream.isAwaitingAnswer = false
        if code == .ok, server.router.kind(at: call.route) == .conversation {
            session.send(stream, buffer)
            session.goOn(stream)
        } else {
            session.answer(stream, buffer, code)
        }
        return code
    }

    // MARK: What is watched

    /// Asks again what clients watch, and tells them what has changed.
    func updateWatches() {
        guard !isClosed, let session else { return }
        // Asked now, whenever the client has asked for it.
        let now = server.clock.now
        for stream in session.streams where stream.told != nil && !stream.isAnswered {
            let answer = server.loop.buffers.take()
            if let code = server.perform(
                stream.envelope(at: now), of: self, form: form(stream), readAt: now, to: answer)
            {
                takeMetadata(of: stream)
                tell(session, stream, answer, code)
            } else {
                server.loop.buffers.recycle(answer)
            }
        }
        server.addDirty(self)
    }

    private func tell(
        _ session: GRPCSession, _ stream: GRPCStream, _ answer: ByteBuffer, _ code: StatusCode
    ) {
        guard code == .ok else { return session.answer(stream, answer, code) }
        let text = Array(answer.bytes)
        guard stream.told != text else { return server.loop.buffers.recycle(answer) }
        stream.told = text
        session.send(stream, answer)
    }

    /// When the first deadline of what is watched passes; nil where nothing that is has one.
    var watchDeadline: Int64? {
        session?.streams.compactMap { stream in
            stream.told != nil && !stream.isAnswered ? stream.deadline : nil
        }.min()
    }

    // MARK: Output

    /// Makes frames of answers, as many as the client and its windows take.
    func writeFrames(of session: GRPCSession) {
        var hasMore = session.wantsWrite
        while hasMore {
            let output = pipe.output
            let before = output.count
            hasMore = session.write(to: output, limit: server.limits.writeHighWaterBytes)
            server.counters.bytesWritten.add(output.count - before)
            guard hasMore else { break }
            pipe.flush()
            if isClosed || pipe.pendingBytes >= server.limits.writeHighWaterBytes { break }
        }
        guard !isClosed else { return }
        if let failure = session.failure { return breakOff(failure.reason) }
        if session.isOver { isEnding = true }
        let wasCongested = isCongested
        if session.queuedBytes >= server.limits.writeHighWaterBytes {
            isCongested = true
        } else if session.queuedBytes <= server.limits.writeLowWaterBytes {
            isCongested = false
        }
        if wasCongested, !isCongested { goOn() }
    }

    // MARK: The end

    /// Asks a client of gRPC to open no more streams, and tells those that watch.
    func announceEnd() {
        guard !isClosed, let session else { return }
        session.announceEnd()
        updateWatches()
    }

    /// Takes no more streams; closes once those that are open have ended, which those that would
    /// not end by themselves do now.
    func refuseStreams(of session: GRPCSession) {
        session.refuseNewStreams()
        var message = "the server is shutting down"
        message.withUTF8 { message in
            for stream in session.streams where stream.isOpenEnded {
                session.fail(stream, .unavailable, UnsafeRawBufferPointer(message))
            }
        }
        isEnding = true
        server.addDirty(self)
    }

    /// Gives up the largest unfinished request where that frees the most of what the connection holds.
    ///
    /// - Returns: the bytes that it held; nil, and nothing is changed, where it is not the most.
    func refusePartialRequest(of session: GRPCSession, _ shortage: BufferShortage) -> Int? {
        let bytes = session.largestUnfinishedBytes
        guard bytes > 0, 2 * bytes >= heldBytes else { return nil }
        session.refuseLargestUnfinished("\(shortage), and this request held the most")
        didTakeFrame(session)
        return bytes
    }
}

extension GRPCSession.Failure {
    fileprivate var reason: BreakOffReason {
        switch self {
        case .foreign: .foreign
        case .malformed: .malformed
        case .flooded: .flooded
        }
    }
}
