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
    @exclusivity(unchecked) var allowance = FrameAllowance()
    /// Whether a method, by service and name, takes more than one message.
    let takesSeveral: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool

    @exclusivity(unchecked) package internal(set) var streams: [GRPCStream] = []
    var idle: [GRPCStream] = []
    /// Streams whose first message is whole, in the order in which that came.
    @exclusivity(unchecked) var ready: [GRPCStream] = []
    @exclusivity(unchecked) var readyHead = 0
    /// The stream whose headers are coming.
    @exclusivity(unchecked) var opening: GRPCStream?
    @exclusivity(unchecked) var now: Int64 = 0

    /// What requests hold that were not taken yet.
    @exclusivity(unchecked) var requestBytes = 0
    /// Bytes of answers that were not written.
    @exclusivity(unchecked) package internal(set) var queuedBytes = 0
    /// Of those, what the client's windows held up when last written.
    @exclusivity(unchecked) var blockedBytes = 0
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
        guard allowance.take(type: scanner.type, bytes: scanner.length, at: now) else {
            return fail(.flooded)
        }
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

    /// True while the client sends more frames than its calls need.
    package var isOverdrawn: Bool { allowance.isOverdrawn }

    /// How many requests wait: those that are whole, and those that end in `input`, which follows.
    package func requestCount(in input: UnsafeRawBufferPointer) -> Int {
        ready.count - readyHead + scanner.requestCount(in: input)
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
