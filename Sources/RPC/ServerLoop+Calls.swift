internal import Buffers
internal import EventLoop
internal import Wire

extension ServerLoop {
    /// Makes the call that a Request frame asks for, and puts its answer into the connection's output
    /// or the call into the background.
    func perform(
        _ data: UnsafeRawBufferPointer, of connection: ServerConnection, stream: UInt32
    ) {
        do {
            let envelope = try RequestEnvelope(data, metadataCountMax: limits.metadataCountMax)
            perform(
                envelope, of: connection, form: ReplyForm(framing: .ttrpc, stream: stream),
                to: connection.pipe.output)
        } catch {
            refuse(stream, error.rpcError, on: connection.pipe)
        }
    }

    /// Makes a call, and puts its answer into `output` or the call into the background.
    ///
    /// - Parameter readAt: when it was asked; nil for when the connection's frames were read.
    /// - Returns: the code of the answer; nil if it comes later.
    @inline(__always) @discardableResult
    func perform(
        _ envelope: RequestEnvelope, of connection: ServerConnection, form: ReplyForm,
        readAt: Int64? = nil, to output: ByteBuffer
    ) -> StatusCode? {
        counters.calls.add(1)
        call.begin(
            envelope, form: form, readAt: readAt ?? connection.pause.readAt,
            caller: connection.caller,
            connection: connection, output: output)
        defer { call.end() }
        let now = clock.now
        let (end, code) = router.answer(call, now: now) { () throws(RPCError) in
            try admit(connection, now: now)
        }
        clock.set(end)
        guard call.isDeferred else {
            record(call.route, code, readAt: call.readAt)
            return code
        }
        if let move = call.move {
            counters.callsMoved.add(1)
            background.submit(
                BackgroundJob(envelope, token: move.token, estimatedNanoseconds: move.nanoseconds))
        }
        return nil
    }

    /// Counts an answer that is ready now.
    func record(_ route: Int, _ code: StatusCode, readAt: Int64) {
        answers.record(route, code, nanoseconds: clock.now - readAt)
        guard code != .ok else { return }
        counters.callsFailed.add(1)
        if code == .permissionDenied { counters.callsDenied.add(1) }
    }

    /// Refuses a call that is not worth starting.
    private func admit(_ connection: ServerConnection, now: Int64) throws(RPCError) {
        // What gRPC's clients may still send, the GOAWAY of a drain has told them.
        if call.readAt >= drainedFrom, call.framing == .ttrpc {
            throw RPCError(.unavailable, "the server is shutting down")
        }
        if call.deadline.hasPassed(at: now) {
            throw RPCError(.deadlineExceeded, "the deadline passed before the call was started")
        }
        guard now - call.readAt > queueWaitNanoseconds else { return }
        let pause = connection.pause
        let wait = now - call.readAt - pause.pendingNanoseconds - (clock.lag - pause.lag)
        guard wait > queueWaitNanoseconds else { return }
        let reason =
            wait - pause.clientNanoseconds > queueWaitNanoseconds
            ? "the server is overloaded" : "the client does not read its replies"
        throw RPCError(
            .resourceExhausted,
            "the call waited for more than \(queueWaitNanoseconds / 1_000_000) ms; \(reason)")
    }

    /// True if a frame asks for an urgent method, or for no call at all.
    func isUrgent(_ header: FrameHeader, _ data: UnsafeRawBufferPointer) -> Bool {
        guard header.kind == .request,
            let envelope = try? RequestEnvelope(data, metadataCountMax: limits.metadataCountMax)
        else { return true }
        return router.isUrgent(envelope.service, envelope.method)
    }

    /// Drops a call that its client has canceled, if it waits for the background and has not begun.
    func cancel(stream: UInt32, of connection: ServerConnection) {
        let dropped = background.queue.drop(connection: connection.id) { $0.form.stream == stream }
        for token in dropped { token.drop(on: loop) }
    }

    // MARK: Refusals

    /// Answers a frame that never became a call.
    func refuse(_ stream: UInt32, _ code: StatusCode, _ reason: StaticString, on pipe: Pipe) {
        countRefusal(code)
        ResponseEnvelope.appendFrame(
            stream: stream, code: code,
            message: UnsafeRawBufferPointer(
                start: reason.utf8Start, count: reason.utf8CodeUnitCount), to: pipe.output)
    }

    func refuse(_ stream: UInt32, _ error: RPCError, on pipe: Pipe) {
        countRefusal(error.code)
        ReplyForm(framing: .ttrpc, stream: stream).append(error, to: pipe.output)
    }

    func countRefusal(_ code: StatusCode) {
        counters.calls.add(1)
        counters.callsFailed.add(1)
        answers.recordRefusal(code)
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
