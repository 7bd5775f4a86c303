internal import Buffers
internal import Wire

/// Calls that are answered in a later turn.
extension ServerLoop {
    /// Counts one more, or says which limit is in its way and counts nothing.
    func beginPending(_ call: PendingCall, of connection: ServerConnection) throws(RPCError) {
        let (count, bytes) = (counters.pendingCalls.value, pendingBytes)
        guard count < limits.pendingCallsMax else {
            throw RPCError(
                .resourceExhausted,
                "\(count) calls are pending already; the limit pendingCallsMax is \(limits.pendingCallsMax)"
            )
        }
        guard bytes + call.bytes <= limits.pendingBytesMax else {
            throw RPCError(
                .resourceExhausted,
                "the call's \(call.bytes) bytes on top of the \(bytes) of pending calls pass the limit pendingBytesMax of \(limits.pendingBytesMax)"
            )
        }
        if let limit = call.account.beginPendingCall(limits) {
            throw call.account.refusal(limit)
        }
        pendingBytes += call.bytes
        counters.pendingCalls.add(1)
        owing[connection.id] = connection
        connection.didDefer(call)
    }

    /// Ends one. Its connection, unless that has closed, gets what `answer` appends to its output.
    ///
    /// - Parameter answer: returns the code of the answer.
    func complete(_ call: PendingCall, _ answer: (ByteBuffer) -> StatusCode) {
        pendingBytes -= call.bytes
        counters.pendingCalls.add(-1)
        call.account.endPendingCall()
        clock.look()
        guard let connection = owing[call.connection] else { return }
        if connection.pendingCalls == 1 { owing[call.connection] = nil }
        record(call.route, connection.didAnswer(call, answer), readAt: call.readAt)
    }

    /// Has metadata go with the answer of a call, if its client can take them.
    func setMetadata(_ metadata: ResponseMetadata, of call: PendingCall) {
        owing[call.connection]?.session?.stream(call.form.stream)?.metadata = metadata
    }

    /// Forgets a connection that closes. Its calls in the background that have not begun are
    /// dropped; others end in their time.
    func disown(_ connection: ServerConnection) {
        guard owing.removeValue(forKey: connection.id) != nil else { return }
        for token in background.queue.drop(connection: connection.id) { token.drop(on: loop) }
    }
}
