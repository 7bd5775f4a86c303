internal import Buffers
package import Wire

/// One stream of a session: what has come of its request, and what has not gone of its answer.
///
/// Invariant: `buffer` holds the path, then the metadata (`headBytes` together), then messages, each
/// behind a prefix of 5 bytes; those before `bodyStart` were taken.
package final class GRPCStream {
    static let prefixBytes = 5

    package internal(set) var id: Int32 = 0
    /// Its place among the session's streams.
    var index = 0
    /// The moment at which its headers came.
    var openedAt: Int64 = 0

    // MARK: The request

    var buffer: ByteBuffer?
    var pathBytes = 0
    var headBytes = 0
    var bodyStart = 0
    var metadataCount = 0
    /// As `grpc-timeout` says; 0 is none.
    var timeoutNanoseconds: Int64 = 0
    /// Of its headers, as SETTINGS_MAX_HEADER_LIST_SIZE counts.
    var headerBytes = 0
    var isPost = false
    var isGRPC = false
    /// Why it is refused once its headers are whole.
    var problem: GRPCSession.Refusal?
    /// Bytes of DATA that flow control counts and that were not given back.
    var unconsumedBytes = 0
    /// The client has sent all.
    var isComplete = false
    /// What still comes is of no interest.
    var isDiscarding = false
    /// Among those whose message is whole.
    var isReady = false
    /// A call of it has begun.
    var isTaken = false
    /// Whether its method takes several messages, as far as it was asked.
    var isStreaming: Bool?

    // MARK: The answer

    var reply: ByteBuffer?
    /// The headers of the answer were given to the session.
    var hasBegun = false
    /// The last message is in `reply`, and the status known.
    package internal(set) var isAnswered = false
    /// The message that was taken last is answered later; until then no other is taken.
    package var isAwaitingAnswer = false
    /// Its data waits for more of it.
    var isDeferred = false
    /// What goes before and after the messages.
    package var metadata: ResponseMetadata?
    /// The status that follows the messages; `nil` is OK.
    var failure: (code: StatusCode, message: [UInt8])?
    /// What a client that watches something was told last.
    package var told: [UInt8]?

    init() {}

    func begin(_ id: Int32, at now: Int64, buffer: ByteBuffer) {
        (self.id, openedAt, self.buffer) = (id, now, buffer)
        (pathBytes, headBytes, bodyStart, metadataCount) = (0, 0, 0, 0)
        (timeoutNanoseconds, headerBytes, isPost, isGRPC) = (0, 0, false, false)
        (problem, unconsumedBytes, isStreaming) = (nil, 0, nil)
        (isComplete, isDiscarding, isReady, isTaken) = (false, false, false, false)
        (hasBegun, isAnswered, isDeferred, failure, told) = (false, false, false, nil, nil)
        (metadata, isAwaitingAnswer) = (nil, false)
    }

    /// The moment that its `grpc-timeout` names; nil without one.
    package var deadline: Int64? {
        guard timeoutNanoseconds != 0, timeoutNanoseconds != .max else { return nil }
        return openedAt + max(0, timeoutNanoseconds)
    }

    /// It was answered, and is not at its end: the client may send more, or watches.
    package var isOpenEnded: Bool { !isAnswered && (told != nil || isStreaming == true) }

    // MARK: Views

    private var path: UnsafeRawBufferPointer {
        guard let buffer else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(rebasing: buffer.bytes[..<pathBytes])
    }

    /// Of a path such as `/sidecart.v1.Scoring/Score`, what is before and after its last slash.
    package var serviceAndMethod: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) {
        let path = self.path
        guard path.first == UInt8(ascii: "/"),
            let slash = path.lastIndex(of: UInt8(ascii: "/")), slash > 0
        else { return (path, UnsafeRawBufferPointer(rebasing: path[path.count...])) }
        return (
            UnsafeRawBufferPointer(rebasing: path[1..<slash]),
            UnsafeRawBufferPointer(rebasing: path[(slash + 1)...])
        )
    }

    /// Bytes of messages that were not taken.
    var bodyBytes: Int { (buffer?.count ?? 0) - bodyStart }

    /// Length and compression flag of the first message, once its prefix is there.
    var prefix: (length: Int, isCompressed: Bool)? {
        guard let buffer, bodyBytes >= Self.prefixBytes else { return nil }
        let bytes = buffer.bytes
        let length = bytes.loadUnaligned(fromByteOffset: bodyStart + 1, as: UInt32.self)
        return (Int(UInt32(bigEndian: length)), bytes[bodyStart] != 0)
    }

    /// Bytes of the first message with its prefix, once it is whole.
    var messageBytes: Int? {
        guard let (length, _) = prefix, bodyBytes >= Self.prefixBytes + length else { return nil }
        return Self.prefixBytes + length
    }

    /// The first message as a request, valid until the stream is given back or gets more.
    ///
    /// - Parameter now: from when on the request's time-out is to count.
    /// - Precondition: the message is whole.
    package func envelope(at now: Int64) -> RequestEnvelope {
        guard let buffer, let messageBytes else {
            preconditionFailure("a request of stream \(id) before its message is whole")
        }
        let bytes = buffer.bytes
        let (service, method) = serviceAndMethod
        var timeout = timeoutNanoseconds
        if timeout > 0, timeout < .max {
            timeout = max(-1, timeout - (now - openedAt))
            if timeout == 0 { timeout = -1 }
        }
        return RequestEnvelope(
            service: service, method: method,
            payload: UnsafeRawBufferPointer(
                rebasing: bytes[bodyStart + Self.prefixBytes..<bodyStart + messageBytes]),
            timeoutNanoseconds: timeout,
            metadata: Metadata(
                entries: UnsafeRawBufferPointer(rebasing: bytes[pathBytes..<headBytes]),
                count: metadataCount))
    }
}
