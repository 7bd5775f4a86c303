internal import EventLoop
internal import Wire

extension ServerLoop {
    /// Makes the call a Request frame asks for, and puts its answer into the connection's output
    /// or the call into the background.
    func perform(
        _ data: UnsafeRawBufferPointer, of connection: ServerConnection, stream: UInt32
    ) {
        let envelope: RequestEnvelope
        do {
            envelope = try RequestEnvelope(data, metadataCountMax: limits.metadataCountMax)
        } catch {
            return refuse(stream, error.rpcError, on: connection.pipe)
        }
        counters.calls.add(1)
        call.begin(
            envelope, stream: stream, readAt: connection.pause.readAt, caller: connection.caller,
            output: connection.pipe.output)
        defer { call.end() }
        let now = clock.now
        let (end, code) = router.answer(call, now: now) { () throws(RPCError) in
            try admit(connection, now: now)
        }
        clock.set(end)
        if code != .ok {
            counters.callsFailed.add(1)
            if code == .permissionDenied { counters.callsDenied.add(1) }
        } else if let nanoseconds = call.movedNanoseconds, !call.isAnswered {
            move(data, of: connection, stream: stream, nanoseconds)
        }
    }

    /// Refuses a call that is not worth starting.
    private func admit(_ connection: ServerConnection, now: Int64) throws(RPCError) {
        if call.readAt >= drainedFrom {
            throw RPCError(.unavailable, "the server is shutting down")
        }
        if call.deadline.hasPassed(at: now) {
            throw RPCError(.deadlineExceeded, "the deadline passed before the call was started")
        }
        guard now - call.readAt > queueWaitNanoseconds else { return }
        let pause = connection.pause
        let wait = now - call.readAt - pause.backgroundNanoseconds - (clock.lag - pause.lag)
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

    // MARK: The background

    private func move(
        _ data: UnsafeRawBufferPointer, of connection: ServerConnection, stream: UInt32,
        _ nanoseconds: Int64
    ) {
        guard connection.account.beginCall(max: limits.resolvedCallsPerUIDMax) else {
            counters.callsFailed.add(1)
            return call.fail(
                RPCError(
                    .resourceExhausted,
                    "uid \(connection.account.userID) has \(limits.resolvedCallsPerUIDMax) calls in flight; the limit is callsPerUIDMax"
                ))
        }
        moving[connection.id] = connection
        counters.callsMoved.add(1)
        counters.backgroundCalls.add(1)
        let job = BackgroundJob(
            data, connection: connection.id, stream: stream, readAt: call.readAt,
            caller: call.caller, estimatedNanoseconds: nanoseconds, home: LoopBound(self, to: loop),
            door: loop.door)
        connection.didMove(job)
        background.submit(job)
    }

    /// Takes back a call that the background lane has answered.
    func complete(_ job: BackgroundJob) {
        counters.backgroundCalls.add(-1)
        if job.isFailed { counters.callsFailed.add(1) }
        clock.look()
        guard let connection = moving[job.connection] else { return }
        connection.didAnswer(job)
        if connection.backgroundCalls == 0 { moving[job.connection] = nil }
    }

    // MARK: Refusals

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
