internal import Buffers
package import EventLoop
internal import Synchronization
package import Wire

/// A call that has begun and is answered in a later turn of its loop, as the loop keeps account
/// of it.
struct PendingCall: Sendable {
    /// Which of the loop's connections waits for it.
    let connection: Int
    let form: ReplyForm
    /// Its method's place in the router.
    let route: Int
    let readAt: Int64
    let deadline: Deadline
    let caller: Caller
    /// Memory that is kept for it, in the counts of connection, uid and loop until it ends.
    let bytes: Int
    let account: PeerAccount
}

/// The duty to answer one call later: from another turn of its loop, after work elsewhere.
///
/// A call with a token is in flight until the token is used: a drain waits for it, within its
/// grace, and it counts against the limits of pending calls by connection, by uid and in all. The
/// token outlives its connection: an answer that nobody waits for any more is dropped.
///
/// Any thread may hold it, and takes it home to answer:
///
///     token.door.submit { loop in token.reply(&response, on: loop) }
///
/// Many tokens of one loop are best answered by one job. A token is used once. Of one that is
/// dropped unused, which is a handler's mistake, the caller learns by INTERNAL.
package final class ReplyToken: Sendable {
    /// The way to the loop on which the call is answered.
    package let door: LoopDoor
    let call: PendingCall
    private let home: LoopBound<ServerLoop>
    private let isUsed = Atomic<Bool>(false)

    init(_ call: PendingCall, of server: ServerLoop) {
        self.call = call
        home = LoopBound(server, to: server.loop)
        door = server.loop.door
    }

    deinit {
        guard !isUsed.load(ordering: .relaxed) else { return }
        let (call, home) = (self.call, self.home)
        door.submit { loop in
            home.value(on: loop).complete(call) { output in
                let error = RPCError(.internal, "the handler gave no answer")
                call.form.append(error, to: output)
                return error.code
            }
        }
    }

    /// After which nobody waits for the answer: work that has not begun by then is better left.
    package var deadline: Deadline { call.deadline }

    /// Answers with a message; with DEADLINE_EXCEEDED where the deadline has passed, and with
    /// RESOURCE_EXHAUSTED where the frame would be over the limit.
    ///
    /// - Parameters:
    ///   - message: an initialized protobuf-c message struct, whose first member is its `base`.
    ///   - loop: the call's own, on its thread.
    package func reply<Message>(_ message: inout Message, on loop: EventLoop) {
        reply(on: loop) { (output, server) throws(RPCError) in
            try call.form.append(
                &message, dataBytesMax: server.limits.frameBytesMax, to: output)
        }
    }

    /// The same with a message that is encoded already.
    package func reply(_ payload: UnsafeRawBufferPointer, on loop: EventLoop) {
        reply(on: loop) { (output, server) throws(RPCError) in
            try call.form.append(
                payloadBytes: payload.count, dataBytesMax: server.limits.frameBytesMax, to: output
            ) {
                if let start = payload.baseAddress {
                    $0.copyMemory(from: start, byteCount: payload.count)
                }
            }
        }
    }

    private func reply(
        on loop: EventLoop, _ append: (ByteBuffer, ServerLoop) throws(RPCError) -> Void
    ) {
        use()
        let server = home.value(on: loop)
        server.complete(call) { output in
            do throws(RPCError) {
                if call.deadline.hasPassed(at: server.clock.now) { throw .lateAnswer }
                try append(output, server)
                return .ok
            } catch {
                call.form.append(error, to: output)
                return error.code
            }
        }
    }

    /// Sends metadata before and after the answer, which is yet to be given, in place of any that the
    /// handler has added; see ``Call/addMetadata(_:_:_:)``.
    package func setMetadata(_ metadata: ResponseMetadata, on loop: EventLoop) {
        home.value(on: loop).setMetadata(metadata, of: call)
    }

    /// Answers with a failure.
    package func fail(_ error: RPCError, on loop: EventLoop) {
        use()
        home.value(on: loop).complete(call) { output in
            call.form.append(error, to: output)
            return error.code
        }
    }

    /// Answers with what was laid out in the call's form already.
    func send(_ answer: ByteBuffer, code: StatusCode, on loop: EventLoop) {
        use()
        home.value(on: loop).complete(call) { output in
            output.append(answer.bytes)
            return code
        }
    }

    /// Ends a call for which nobody waits any more.
    func drop(on loop: EventLoop) {
        use()
        home.value(on: loop).complete(call) { _ in .cancelled }
    }

    private func use() {
        precondition(
            !isUsed.exchange(true, ordering: .relaxed), "a call is answered once, by its token")
    }
}

extension RPCError {
    static let lateAnswer = RPCError(
        .deadlineExceeded, "the deadline passed while the call was handled")
}
