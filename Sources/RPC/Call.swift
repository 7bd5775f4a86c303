internal import Buffers
internal import CSidecartProto
package import EventLoop
package import Wire

/// One call, from the moment its frame was read until its reply is in the write buffer.
///
/// The object is used again for the lane's next call, and its views point into the read buffer:
/// nothing of it may be kept once the handler returns.
///
/// A handler answers exactly once: it calls ``reply(_:)``, or throws an ``RPCError``. On the loop's
/// lane it may instead put the answer off: take a token by which another turn answers, or move the
/// call to the background, where the same method is asked again.
///
/// Its variables are used by one thread and never by two accesses at once; that is not checked as the
/// program runs, which would take a tenth of a small call.
package final class Call {
    /// Full name of the service asked for, such as `sidecart.v1.Scoring`; UTF-8.
    @exclusivity(unchecked) package private(set) var service = UnsafeRawBufferPointer(
        start: nil, count: 0)
    /// Name of the method, such as `Score`; UTF-8.
    @exclusivity(unchecked) package private(set) var method = UnsafeRawBufferPointer(
        start: nil, count: 0)
    /// The encoded request message.
    @exclusivity(unchecked) package private(set) var payload = UnsafeRawBufferPointer(
        start: nil, count: 0)
    @exclusivity(unchecked) package private(set) var metadata = Metadata()
    @exclusivity(unchecked) package private(set) var deadline = Deadline.none
    /// When the call arrived, as far as the server can tell, on ``MonotonicClock``: when the loop
    /// learned that there was something to read.
    @exclusivity(unchecked) package private(set) var readAt: Int64 = 0
    /// Who calls, and what it may do.
    @exclusivity(unchecked) package private(set) var caller = Caller(
        peer: PeerCredentials(processID: 0, userID: 0, groupID: 0), role: .none)
    package var peer: PeerCredentials { caller.peer }
    /// What the caller speaks.
    package var framing: Framing { form.framing }
    /// Zeroed memory that lasts as long as the call.
    package let arena: MessageArena

    /// What the answer says beside its message; nil where it says nothing.
    @exclusivity(unchecked) private(set) var responseMetadata: ResponseMetadata?

    /// Where the handler runs.
    package let lane: Lane

    private let frameBytesMax: Int
    private let background: BackgroundQueue
    /// Whose call it is, on the loop's lane.
    @exclusivity(unchecked) private var connection: ServerConnection?
    @exclusivity(unchecked) private var frameBytes = 0
    /// For how long the background was asked, and the token to answer by, of a call that was moved.
    @exclusivity(unchecked) private(set) var move: (token: ReplyToken, nanoseconds: Int64)?
    /// True once the answer was put off to a later turn.
    @exclusivity(unchecked) private(set) var isDeferred = false
    /// Its method's place in the router; the number of methods for one that there is not.
    @exclusivity(unchecked) var route = 0
    @exclusivity(unchecked) private var form = ReplyForm(framing: .ttrpc, stream: 0)
    @exclusivity(unchecked) private var output: ByteBuffer?
    @exclusivity(unchecked) private var outputMark = 0
    /// True once ``reply(_:)`` has put an answer into the write buffer.
    @exclusivity(unchecked) package private(set) var isAnswered = false

    init(lane: Lane, limits: RPCLimits, background: BackgroundQueue) {
        (self.lane, self.background) = (lane, background)
        arena = MessageArena(capacity: limits.arenaBytesMax)
        frameBytesMax = limits.frameBytesMax
    }

    /// Decodes the payload into the arena; its bytes fields are lent from the payload.
    ///
    ///     let request = try call.decode(sidecart__v1__score_request__init)
    ///
    /// - Parameter initialize: the generated `..__init` of the message.
    /// - Returns: the message, valid until the handler returns.
    /// - Throws: INVALID_ARGUMENT if the payload is no such message, RESOURCE_EXHAUSTED if the
    ///   arena cannot hold it.
    package func decode<Message>(
        _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) throws(RPCError) -> UnsafeMutablePointer<Message> {
        try MessageDecoder(arena: arena).request(payload, initialize)
    }

    /// Answers with a message, packed straight into the connection's write buffer.
    ///
    ///     var response = Sidecart__V1__ScoreResponse()
    ///     sidecart__v1__score_response__init(&response)
    ///     try call.reply(&response)
    ///
    /// - Parameter message: an initialized protobuf-c message struct, whose first member is its
    ///   `base`.
    /// - Throws: RESOURCE_EXHAUSTED if the frame would be larger than the limit.
    package func reply<Message>(_ message: inout Message) throws(RPCError) {
        try form.append(&message, dataBytesMax: frameBytesMax, to: outputForAnswer)
        isAnswered = true
    }

    /// Answers with an encoded message that `fill` writes in place.
    ///
    /// - Parameters:
    ///   - payloadBytes: exact size of the message.
    ///   - fill: writes exactly that many bytes.
    /// - Throws: RESOURCE_EXHAUSTED if the frame would be larger than the limit.
    package func reply(
        payloadBytes: Int, fill: (UnsafeMutableRawPointer) -> Void
    ) throws(RPCError) {
        try form.append(
            payloadBytes: payloadBytes, dataBytesMax: frameBytesMax, to: outputForAnswer,
            fill: fill)
        isAnswered = true
    }

    /// Sends an entry of metadata before the answer or after it, whether that is a message or a failure.
    /// A response of ttrpc has no place for metadata, so its callers do not get it. Of a stream with
    /// several answers, the first one's goes before them and the last one's after them.
    ///
    ///     try call.addMetadata("model-version", version, .trailing)
    ///
    /// - Parameters:
    ///   - name: of `a` to `z`, digits, `_`, `-` and `.`, and none of gRPC's own (`grpc-`).
    ///   - value: of a name that ends in `-bin` any bytes, else printable ASCII.
    /// - Throws: INTERNAL for another value, RESOURCE_EXHAUSTED past
    ///   ``ResponseMetadata/bytesMax`` bytes at one place.
    package func addMetadata(
        _ name: String, _ value: UnsafeRawBufferPointer, _ place: ResponseMetadata.Place
    ) throws(RPCError) {
        var metadata = responseMetadata ?? ResponseMetadata()
        do {
            try metadata.add(name, value, place)
        } catch {
            switch error {
            case .notText(let name):
                throw RPCError(.internal, "the metadata \(name) is not printable ASCII")
            case .tooLarge(let max):
                throw RPCError(
                    .resourceExhausted, "the answer's metadata are over the limit of \(max) bytes")
            }
        }
        responseMetadata = metadata
    }

    private var outputForAnswer: ByteBuffer {
        guard let output, !isAnswered, !isDeferred else {
            preconditionFailure("a call is answered once")
        }
        return output
    }

    // MARK: Later

    /// Puts the answer off to a later turn: whoever has the token gives it. The handler must return
    /// without an answer, and copies what it needs of the call.
    ///
    /// - Parameter heldBytes: memory that is kept for the call until it is answered; counted
    ///   against the limits on pending calls and on buffers.
    /// - Throws: RESOURCE_EXHAUSTED, naming the limit, where too much is pending.
    /// - Precondition: the call runs on the loop's lane and is not answered.
    package func replyLater(heldBytes: Int) throws(RPCError) -> ReplyToken {
        guard let connection, !isAnswered, !isDeferred else {
            preconditionFailure(
                "a call was put off on lane \(lane), answered: \(isAnswered), before: \(isDeferred)"
            )
        }
        let token = try connection.makeToken(
            form: form, route: route, readAt: readAt, deadline: deadline, heldBytes: heldBytes)
        isDeferred = true
        return token
    }

    /// Work that is queued or running on the background lane beside this loop, as estimated when
    /// it was moved there: about how long a call moved now would wait for its turn.
    package var backgroundBacklogNanoseconds: Int64 { background.backlogNanoseconds }

    /// Has the call answered by the same method on the background lane, whose router and scratch
    /// memory are its own; the handler must return without an answer.
    ///
    /// Connections take turns there, and each connection's calls keep their order among
    /// themselves. A call whose deadline passes while it waits is not begun.
    /// - Parameter estimatedNanoseconds: how long the call will take, 0 or more.
    /// - Throws: as ``replyLater(heldBytes:)``; nothing is moved then.
    /// - Precondition: the call runs on the loop's lane and is not answered.
    package func moveToBackground(estimatedNanoseconds: Int64) throws(RPCError) {
        precondition(estimatedNanoseconds >= 0, "a call cannot take \(estimatedNanoseconds) ns")
        move = (try replyLater(heldBytes: frameBytes), estimatedNanoseconds)
    }

    // MARK: The server's side

    /// Starts the call of one request, whose answer goes to `output` in the given form.
    func begin(
        _ envelope: RequestEnvelope, form: ReplyForm, readAt: Int64, caller: Caller,
        connection: ServerConnection? = nil, output: ByteBuffer
    ) {
        (service, method, payload) = (envelope.service, envelope.method, envelope.payload)
        metadata = envelope.metadata
        deadline = Deadline(timeoutNanoseconds: envelope.timeoutNanoseconds, readAt: readAt)
        (self.readAt, self.form, self.caller) = (readAt, form, caller)
        (self.connection, frameBytes) = (connection, envelope.dataBytes)
        (move, isDeferred, responseMetadata) = (nil, false, nil)
        (self.output, outputMark, isAnswered) = (output, output.count, false)
    }

    /// Answers with a failure, in place of an answer already given.
    func fail(_ error: RPCError) {
        guard let output, !isDeferred else {
            preconditionFailure("a call failed that never began, or was put off")
        }
        output.truncate(to: outputMark)
        form.append(error, to: output)
        isAnswered = true
    }

    /// Lets go of everything that belonged to the call.
    func end() {
        (output, connection, move) = (nil, nil, nil)
        (service, method, payload) = (
            .init(start: nil, count: 0), .init(start: nil, count: 0), .init(start: nil, count: 0)
        )
        metadata = Metadata()
        arena.reset()
    }
}
