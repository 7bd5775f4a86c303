package import Buffers
internal import CNGHTTP2
package import Wire

/// What a session sends.
extension GRPCSession {
    /// Bytes of a status message once it is encoded: clients bound the headers of an answer.
    private static let messageBytesMax = 4096

    /// Ends a stream's answer: with OK and the message in `reply`, or with another code and the text
    /// that is in it.
    ///
    /// - Parameter reply: a buffer of the session's pool, which the session takes over.
    package func answer(_ stream: GRPCStream, _ reply: ByteBuffer, _ code: StatusCode) {
        if code == .ok {
            stream.isAnswered = true
            return send(stream, reply)
        }
        fail(stream, code, reply.bytes)
        pool.recycle(reply)
    }

    /// Sends the messages in `reply`, which may not be the last.
    package func send(_ stream: GRPCStream, _ reply: ByteBuffer) {
        queuedBytes += reply.count
        if let waiting = stream.reply {
            waiting.append(reply.bytes)
            pool.recycle(reply)
        } else {
            stream.reply = reply
        }
        if stream.hasBegun { resume(stream) } else { begin(stream) }
    }

    /// Sends the headers of an answer whose data follow.
    private func begin(_ stream: GRPCStream) {
        stream.hasBegun = true
        var provider = nghttp2_data_provider(
            source: nghttp2_data_source(ptr: Unmanaged.passUnretained(stream).toOpaque())
        ) { _, _, target, count, flags, source, owner in
            // A callback cannot say more than 2^31.
            Int(
                GRPCSession.of(owner) {
                    $0.read(
                        Unmanaged<GRPCStream>.fromOpaque(source!.pointee.ptr)
                            .takeUnretainedValue(),
                        UnsafeMutableRawBufferPointer(start: target, count: count), flags!)
                })
        }
        guard let initial = stream.metadata?.initial, !initial.isEmpty else {
            nghttp2_submit_response(
                raw, stream.id, templates.response, HeaderTemplates.responseCount, &provider)
            return
        }
        withFields(initial) { entries in
            let fields =
                UnsafeBufferPointer(start: templates.response, count: HeaderTemplates.responseCount)
                + entries
            nghttp2_submit_response(raw, stream.id, fields, fields.count, &provider)
        }
    }

    /// Ends a stream that has sent what there was, with OK.
    package func finish(_ stream: GRPCStream) {
        guard !stream.isAnswered else { return }
        if stream.hasBegun {
            stream.isAnswered = true
            resume(stream)
        } else {
            end(stream, .ok, UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    /// Ends a stream with a failure, after what it has sent.
    package func fail(_ stream: GRPCStream, _ code: StatusCode, _ text: UnsafeRawBufferPointer) {
        guard !stream.isAnswered else { return }
        // Trailers alone would make what goes before the answer go after it.
        let hasInitial = stream.metadata?.initial.isEmpty == false
        guard stream.hasBegun || hasInitial else { return end(stream, code, text) }
        stream.isAnswered = true
        stream.failure = (code, Array(text))
        if stream.hasBegun { resume(stream) } else { begin(stream) }
    }

    /// Answers a request that no handler sees.
    func refuse(_ stream: GRPCStream, _ refusal: Refusal) {
        guard !stream.isAnswered else { return }
        discardRest(of: stream)
        switch refusal {
        case .status(let code, var message):
            refusals.append(code)
            message.withUTF8 { fail(stream, code, UnsafeRawBufferPointer($0)) }
        case .http(let status):
            refusals.append(.invalidArgument)
            stream.isAnswered = true
            stream.hasBegun = true
            var fields = [nghttp2_nv.fixed(":status", status)]
            nghttp2_submit_response(raw, stream.id, &fields, fields.count, nil)
        }
    }

    private func resume(_ stream: GRPCStream) {
        guard stream.isDeferred else { return }
        stream.isDeferred = false
        nghttp2_session_resume_data(raw, stream.id)
    }

    /// Sends an answer that is trailers alone.
    private func end(_ stream: GRPCStream, _ code: StatusCode, _ text: UnsafeRawBufferPointer) {
        (stream.isAnswered, stream.hasBegun) = (true, true)
        withStatus(code, text, stream) { status in
            let base = templates.response
            var fields = [base[0], base[1]] + status
            if code == .unimplemented {
                fields.append(.fixed("grpc-accept-encoding", "identity"))
            }
            nghttp2_submit_response(raw, stream.id, &fields, fields.count, nil)
        }
    }

    /// Lends the fields `grpc-status`, where there is one `grpc-message`, and the stream's trailing
    /// metadata.
    private func withStatus(
        _ code: StatusCode, _ text: UnsafeRawBufferPointer, _ stream: GRPCStream,
        _ body: ([nghttp2_nv]) -> Void
    ) {
        scratch.removeAll()
        var digits = "\(code.rawValue)"
        digits.withUTF8 { scratch.append(UnsafeRawBufferPointer($0)) }
        let split = scratch.count
        GRPCText.appendPercentEncoded(text, to: scratch)
        if scratch.count - split > Self.messageBytesMax {
            // So much fits however it is encoded; between characters.
            var end = Self.messageBytesMax / 3
            while end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
            scratch.truncate(to: split)
            GRPCText.appendPercentEncoded(
                UnsafeRawBufferPointer(rebasing: text[..<end]), to: scratch)
        }
        let bytes = scratch.bytes
        var fields = [
            nghttp2_nv.copied("grpc-status", UnsafeRawBufferPointer(rebasing: bytes[..<split]))
        ]
        if bytes.count > split {
            fields.append(
                .copied("grpc-message", UnsafeRawBufferPointer(rebasing: bytes[split...])))
        }
        withFields(stream.metadata?.trailing ?? []) { body(fields + $0) }
    }

    /// Lends metadata as header fields, binary values in base64.
    private func withFields(
        _ entries: [ResponseMetadata.Entry], _ body: ([nghttp2_nv]) -> Void
    ) {
        guard !entries.isEmpty else { return body([]) }
        var bytes: [UInt8] = []
        var ends: [(name: Int, value: Int)] = []
        for entry in entries {
            bytes += entry.name.utf8
            let name = bytes.count
            bytes += entry.isBinary ? GRPCText.base64(entry.value) : entry.value
            ends.append((name, bytes.count))
        }
        bytes.withUnsafeBytes { bytes in
            var start = 0
            body(
                ends.map { end in
                    defer { start = end.value }
                    return .copied(
                        UnsafeRawBufferPointer(rebasing: bytes[start..<end.name]),
                        UnsafeRawBufferPointer(rebasing: bytes[end.name..<end.value]))
                })
        }
    }

    /// Fills a DATA frame; after the last one the trailers follow.
    private func read(
        _ stream: GRPCStream, _ target: UnsafeMutableRawBufferPointer,
        _ flags: UnsafeMutablePointer<UInt32>
    ) -> Int32 {
        var count = 0
        if let reply = stream.reply {
            count = min(target.count, reply.count)
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: reply.bytes[..<count]))
            reply.consume(count)
            queuedBytes -= count
            if reply.count == 0 { dropReply(of: stream) }
        }
        guard stream.reply == nil else { return Int32(count) }
        if !stream.isAnswered {
            if count > 0 { return Int32(count) }
            stream.isDeferred = true
            return NGHTTP2_ERR_DEFERRED.rawValue
        }
        flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
        submitTrailers(of: stream)
        return Int32(count)
    }

    private func submitTrailers(of stream: GRPCStream) {
        guard stream.failure != nil || stream.metadata?.trailing.isEmpty == false else {
            nghttp2_submit_trailer(
                raw, stream.id, templates.succeeded, HeaderTemplates.succeededCount)
            return
        }
        let (code, text) = stream.failure ?? (.ok, [])
        text.withUnsafeBytes { text in
            withStatus(code, text, stream) {
                nghttp2_submit_trailer(raw, stream.id, $0, $0.count)
            }
        }
    }
}
