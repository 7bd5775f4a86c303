package import Buffers
internal import CNGHTTP2
package import Wire

/// The server's end of one HTTP/2 connection that carries gRPC. No I/O and no clock: bytes go in by
/// ``receive(_:at:)`` and come out by ``write(to:limit:)``; in between, requests are taken by
/// ``next`` and answered.
///
/// nghttp2 knows the protocol: frames, header compression, flow control, priorities. What gRPC makes
/// of it is here: a request is a POST with one message, or with several where its method takes them;
/// an answer is headers, messages and trailers with a status, or trailers alone.
///
/// Memory is bounded by the client's windows: a stream may bring one message of the greatest size,
/// all together eight, which is given back to flow control as calls are taken. Where unfinished
/// messages take half of that, the largest is refused, so that streams cannot wait for each other.
///
/// Nothing of nghttp2 that sends or receives is called by its callbacks, which only submit.
///
/// Its variables are the loop's own; their uses are not checked one by one.
package final class GRPCSession {
    package struct Limits: Sendable {
        /// Of one message, either way.
        package var messageBytesMax: Int
        /// Streams at once.
        package var streamsMax: Int
        /// Of one request's headers: names, values and 32 bytes for each, as RFC 9113 counts.
        package var headerBytesMax: Int
        package var metadataCountMax: Int

        package init(
            messageBytesMax: Int, streamsMax: Int, headerBytesMax: Int, metadataCountMax: Int
        ) {
            (self.messageBytesMax, self.streamsMax) = (messageBytesMax, streamsMax)
            (self.headerBytesMax, self.metadataCountMax) = (headerBytesMax, metadataCountMax)
        }

        var streamWindow: Int { max(65_535, 2 * (messageBytesMax + GRPCStream.prefixBytes)) }
        var window: Int { max(65_535, 8 * (messageBytesMax + GRPCStream.prefixBytes)) }
    }

    /// Why a session cannot go on.
    package enum Failure: Equatable, Sendable {
        /// It was not HTTP/2.
        case foreign
        /// It broke the rules of HTTP/2.
        case malformed
        /// More frames than its calls need, more resets or header bytes than are allowed.
        case flooded
    }

    /// A request that is refused before any handler sees it.
    enum Refusal {
        case status(StatusCode, String)
        /// Of something that is no gRPC.
        case http(StaticString)
    }

    package enum Receipt: Equatable, Sendable {
        /// A frame ended.
        case frame
        /// The input is used up within a frame, or between two.
        case needsMore
        case failed(Failure)
    }

    let limits: Limits
    let pool: BufferPool
    let raw: OpaquePointer
    let templates = HeaderTemplates.shared
    let scratch = ByteBuffer()
    @exclusivity(unchecked) private var scanner = FrameScanner()
    @exclusivity(unchecked) private var allowance = FrameAllowance()
    /// Whether a method, by service and name, takes more than one message.
    let takesSeveral: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool

    @exclusivity(unchecked) package internal(set) var streams: [GRPCStream] = []
    private var idle: [GRPCStream] = []
    /// Streams whose first message is whole, in the order in which that came.
    @exclusivity(unchecked) private var ready: [GRPCStream] = []
    @exclusivity(unchecked) private var readyHead = 0
    /// The stream whose headers are coming.
    @exclusivity(unchecked) var opening: GRPCStream?
    @exclusivity(unchecked) var now: Int64 = 0

    /// What requests hold that were not taken yet.
    @exclusivity(unchecked) private var requestBytes = 0
    /// Bytes of answers that were not written.
    @exclusivity(unchecked) package internal(set) var queuedBytes = 0
    /// Of those, what the client's windows held up when last written.
    @exclusivity(unchecked) private var blockedBytes = 0
    @exclusivity(unchecked) package internal(set) var failure: Failure?

    /// Codes of requests that were refused here since the owner last took them.
    @exclusivity(unchecked) package var refusals: [StatusCode] = []
    /// Streams that the client canceled after their calls had begun, since the owner last took them.
    @exclusivity(unchecked) package var canceled: [UInt32] = []

    /// - Parameter takesSeveral: whether a method, by service and name, takes more than one message.
    package init(
        limits: Limits, pool: BufferPool,
        takesSeveral: @escaping (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    ) {
        (self.limits, self.pool, self.takesSeveral) = (limits, pool, takesSeveral)
        raw = Self.makeServer()
        nghttp2_session_set_user_data(raw, Unmanaged.passUnretained(self).toOpaque())
        submitSettings()
    }

    deinit { nghttp2_session_del(raw) }

    // MARK: Input

    /// Takes the next frame off the front of `input`, or what there is of it.
    ///
    /// - Parameter now: the time, for time-outs and the allowance of frames.
    package func receive(_ input: inout UnsafeRawBufferPointer, at now: Int64) -> Receipt {
        if let failure { return .failed(failure) }
        guard !input.isEmpty else { return .needsMore }
        self.now = now
        let (count, ends) = scanner.take(input)
        let taken = nghttp2_session_mem_recv(
            raw, input.baseAddress?.assumingMemoryBound(to: UInt8.self), count)
        guard taken >= 0 else { return fail(Self.failure(Int32(taken))) }
        input = UnsafeRawBufferPointer(rebasing: input[count...])
        guard ends else { return .needsMore }
        guard allowance.take(at: now) else { return fail(.flooded) }
        return .frame
    }

    private func fail(_ failure: Failure) -> Receipt {
        if self.failure == nil { self.failure = failure }
        return .failed(self.failure ?? failure)
    }

    /// True while the client owes the rest of a frame or of a request.
    package var isInsideRequest: Bool {
        scanner.isInsideFrame || streams.contains(where: \.isOwed)
    }

    /// How many requests wait: those that are whole, and those that end in `input`, which follows.
    package func requestCount(in input: UnsafeRawBufferPointer) -> Int {
        ready.count - readyHead + scanner.requestCount(in: input)
    }

    // MARK: Requests

    /// The stream whose message has been whole for the longest.
    package var next: GRPCStream? { readyHead < ready.count ? ready[readyHead] : nil }

    /// Notes that a call is made of the first message of ``next``; frames are allowed for it.
    package func take(_ stream: GRPCStream) {
        precondition(stream === next, "streams are taken in their order")
        readyHead += 1
        if readyHead == ready.count {
            ready.removeAll(keepingCapacity: true)
            readyHead = 0
        }
        (stream.isReady, stream.isTaken) = (false, true)
        allowance.addCall(bytes: stream.bodyBytes)
    }

    /// Gives back the message of which a call was made, and whatever the stream's method does not take
    /// besides.
    package func release(_ stream: GRPCStream) {
        guard let messageBytes = stream.messageBytes else { return }
        stream.bodyStart += messageBytes
        if stream.isStreaming == true {
            consume(stream, messageBytes)
            if stream.bodyBytes == 0, let buffer = stream.buffer {
                buffer.truncate(to: stream.headBytes)
                stream.bodyStart = stream.headBytes
            }
            return
        }
        discardRest(of: stream)
    }

    /// Lets go of a request of which no call is made.
    package func discard(_ stream: GRPCStream) { discardRest(of: stream) }

    /// Takes nothing more of a stream's request, of which a call was made, but keeps it.
    package func keep(_ stream: GRPCStream) {
        consume(stream, stream.unconsumedBytes)
        stream.isDiscarding = true
    }

    /// Goes on with a stream whose method takes several messages: with the next, or to its end.
    package func goOn(_ stream: GRPCStream) {
        if !stream.isAnswered { check(stream) }
    }

    /// The stream with an id, unless it is closed.
    package func stream(_ id: UInt32) -> GRPCStream? {
        nghttp2_session_get_stream_user_data(raw, Int32(bitPattern: id)).map {
            Unmanaged<GRPCStream>.fromOpaque($0).takeUnretainedValue()
        }
    }

    func makeReady(_ stream: GRPCStream) {
        guard !stream.isReady, !stream.isDiscarding, stream.messageBytes != nil else { return }
        stream.isReady = true
        ready.append(stream)
    }

    /// Lets go of what came of a stream's request, and of what will.
    func discardRest(of stream: GRPCStream) {
        stream.isDiscarding = true
        consume(stream, stream.unconsumedBytes)
        guard let buffer = stream.buffer else { return }
        requestBytes -= buffer.capacity
        pool.recycle(buffer)
        stream.buffer = nil
        (stream.pathBytes, stream.headBytes, stream.bodyStart) = (0, 0, 0)
    }

    private func consume(_ stream: GRPCStream, _ count: Int) {
        guard count > 0 else { return }
        stream.unconsumedBytes -= count
        nghttp2_session_consume(raw, stream.id, count)
    }

    /// Has `body` add to a stream's buffer, and counts what that takes.
    func fill(_ stream: GRPCStream, _ body: (ByteBuffer) -> Void) {
        guard let buffer = stream.buffer else { return }
        let before = buffer.capacity
        body(buffer)
        requestBytes += buffer.capacity - before
    }

    // MARK: Streams

    func open(_ id: Int32) {
        let stream = idle.popLast() ?? GRPCStream()
        let buffer = pool.take()
        requestBytes += buffer.capacity
        stream.begin(id, at: now, buffer: buffer)
        stream.index = streams.count
        streams.append(stream)
        nghttp2_session_set_stream_user_data(
            raw, id, Unmanaged.passUnretained(stream).toOpaque())
        opening = stream
    }

    func close(_ stream: GRPCStream) {
        if stream.isReady {
            ready.remove(at: ready[readyHead...].firstIndex { $0 === stream } ?? readyHead)
            if readyHead == ready.count {
                ready.removeAll(keepingCapacity: true)
                readyHead = 0
            }
        }
        if stream.isTaken, !stream.isAnswered {
            canceled.append(UInt32(bitPattern: stream.id))
        }
        if opening === stream { opening = nil }
        // The stream's own window is gone; the connection's still counts what it brought.
        if stream.unconsumedBytes > 0 {
            nghttp2_session_consume_connection(raw, stream.unconsumedBytes)
            stream.unconsumedBytes = 0
        }
        discardRest(of: stream)
        dropReply(of: stream)
        streams.swapAt(stream.index, streams.count - 1)
        streams[stream.index].index = stream.index
        streams.removeLast()
        if idle.count < Self.idleStreamsMax { idle.append(stream) }
    }

    private static let idleStreamsMax = 64

    func dropReply(of stream: GRPCStream) {
        guard let reply = stream.reply else { return }
        queuedBytes -= reply.count
        pool.recycle(reply)
        stream.reply = nil
    }

    // MARK: Memory

    /// Memory of requests that were not taken, and of answers that wait for the client.
    package var heldBytes: Int { requestBytes + blockedBytes }

    /// Memory of the largest request that is not whole.
    package var largestUnfinishedBytes: Int { largestUnfinished?.buffer?.capacity ?? 0 }

    private var largestUnfinished: GRPCStream? {
        streams.filter(\.isUnfinished).max { $0.bodyBytes < $1.bodyBytes }
    }

    /// Refuses the largest request that is not whole.
    package func refuseLargestUnfinished(_ message: String) {
        guard let largestUnfinished else { return }
        refuse(largestUnfinished, .status(.resourceExhausted, message))
    }

    /// Keeps unfinished messages from taking the whole window, so that each of them waits for it.
    func checkUnfinished() {
        let max = limits.window / 2
        guard nghttp2_session_get_effective_recv_data_length(raw) > max else { return }
        let sum = streams.reduce(0) { $0 + ($1.isUnfinished ? $1.bodyBytes : 0) }
        guard sum > max else { return }
        refuseLargestUnfinished(
            "unfinished requests of one connection take \(sum) bytes; \(max) are possible")
    }

    /// Gives back all memory; nothing may be done with the session afterwards.
    package func discard() {
        for stream in streams {
            discardRest(of: stream)
            dropReply(of: stream)
        }
        (blockedBytes, requestBytes) = (0, 0)
        if failure == nil { failure = .malformed }
    }

    // MARK: Output

    /// True if there may be something to write.
    package var wantsWrite: Bool { nghttp2_session_want_write(raw) != 0 }

    /// Appends frames to `output` until it holds `limit` bytes.
    ///
    /// - Returns: true if there may be more.
    package func write(to output: ByteBuffer, limit: Int) -> Bool {
        let before = output.count
        defer { allowance.addBytes(output.count - before) }
        while output.count < limit {
            var bytes: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(raw, &bytes)
            guard count > 0, let bytes else {
                if count < 0, failure == nil { failure = Self.failure(Int32(count)) }
                blockedBytes = queuedBytes
                return false
            }
            output.append(UnsafeRawBufferPointer(start: bytes, count: count))
        }
        blockedBytes = queuedBytes
        return true
    }

    // MARK: The end

    /// Asks the client, by a GOAWAY that allows all streams, to open no more.
    package func announceEnd() { nghttp2_submit_shutdown_notice(raw) }

    /// Takes no stream beyond those that have come; the client may make others elsewhere.
    package func refuseNewStreams() {
        nghttp2_submit_goaway(
            raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(raw),
            UInt32(NGHTTP2_NO_ERROR.rawValue), nil, 0)
    }

    /// Has the last frame say why the connection ends.
    package func submitEnd(because reason: String, isClientsFault: Bool) {
        var reason = reason
        let code = isClientsFault ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_NO_ERROR
        reason.withUTF8 {
            _ = nghttp2_submit_goaway(
                raw, UInt8(NGHTTP2_FLAG_NONE.rawValue),
                nghttp2_session_get_last_proc_stream_id(raw), UInt32(code.rawValue),
                $0.baseAddress, $0.count)
        }
    }

    /// True once neither side has anything more to say.
    package var isOver: Bool {
        nghttp2_session_want_read(raw) == 0 && nghttp2_session_want_write(raw) == 0
    }
}

extension GRPCStream {
    /// Its first message has not come in full, though something of it has been kept.
    var isUnfinished: Bool { !isReady && !isDiscarding && bodyBytes > 0 }

    /// The client has yet to send the rest of a message, or the first one.
    var isOwed: Bool {
        !isComplete && !isDiscarding && !isReady && (!isTaken || bodyBytes > 0)
    }
}
