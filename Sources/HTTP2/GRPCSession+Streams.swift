internal import Buffers
internal import CNGHTTP2

/// The requests of a session's streams, and the memory that these hold.
extension GRPCSession {
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
    package func discardRest(of stream: GRPCStream) {
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
}

extension GRPCStream {
    /// Its first message has not come in full, though something of it has been kept.
    var isUnfinished: Bool { !isReady && !isDiscarding && bodyBytes > 0 }

    /// The client has yet to send the rest of a message, or the first one.
    var isOwed: Bool {
        !isComplete && !isDiscarding && !isReady && (!isTaken || bodyBytes > 0)
    }
}
