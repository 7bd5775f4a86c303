internal import Buffers
internal import CNGHTTP2
internal import Glibc
internal import Wire

/// What nghttp2 calls, and how a session is set up.
extension GRPCSession {
    /// Resets that a client may send at once, and then a second.
    private static let resetsBurst: UInt64 = 2_000
    private static let resetsPerSecond: UInt64 = 500
    /// Header bytes of one request past which the connection ends, in times of their limit.
    private static let headerLimitsMax = 8

    static func makeServer() -> OpaquePointer {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        var session: OpaquePointer?
        guard nghttp2_session_callbacks_new(&callbacks) == 0, nghttp2_option_new(&options) == 0
        else { preconditionFailure("no memory for an HTTP/2 session") }
        defer {
            nghttp2_session_callbacks_del(callbacks)
            nghttp2_option_del(options)
        }
        setCallbacks(callbacks)
        nghttp2_option_set_no_auto_window_update(options, 1)
        nghttp2_option_set_no_closed_streams(options, 1)
        // Of HTTP's own rules on fields, gRPC needs few, which are checked here. Go's clients send a
        // socket's path for an authority, with slashes, which they would forbid.
        nghttp2_option_set_no_http_messaging(options, 1)
        nghttp2_option_set_stream_reset_rate_limit(options, resetsBurst, resetsPerSecond)
        guard nghttp2_session_server_new2(&session, callbacks, nil, options) == 0, let session
        else { preconditionFailure("no memory for an HTTP/2 session") }
        return session
    }

    func submitSettings() {
        func setting(_ id: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
            nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: UInt32(value))
        }
        var settings = [
            setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streamsMax),
            setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.streamWindow),
            setting(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.headerBytesMax),
        ]
        nghttp2_submit_settings(
            raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), &settings, settings.count)
        nghttp2_session_set_local_window_size(
            raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, Int32(limits.window))
    }

    /// What an error of nghttp2 that ends the session means.
    static func failure(_ code: Int32) -> Failure {
        switch code {
        case NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue: .foreign
        case NGHTTP2_ERR_FLOODED.rawValue, NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue,
            NGHTTP2_ERR_TOO_MANY_SETTINGS.rawValue, NGHTTP2_ERR_CALLBACK_FAILURE.rawValue:
            .flooded
        default: .malformed
        }
    }

    private static func setCallbacks(_ callbacks: OpaquePointer?) {
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, owner in
            GRPCSession.of(owner) { $0.didBeginHeaders(frame!) }
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameCount, value, valueCount, _, owner in
            GRPCSession.of(owner) {
                $0.didReceiveHeader(
                    UnsafeRawBufferPointer(start: name, count: nameCount),
                    UnsafeRawBufferPointer(start: value, count: valueCount))
            }
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _, _, id, bytes, count, owner in
            GRPCSession.of(owner) {
                $0.didReceiveData(id, UnsafeRawBufferPointer(start: bytes, count: count))
            }
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, owner in
            GRPCSession.of(owner) { $0.didReceiveFrame(frame!) }
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, owner in
            GRPCSession.of(owner) { $0.didSendFrame(frame!) }
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, _, owner in
            GRPCSession.of(owner) {
                guard let stream = $0.stream(UInt32(bitPattern: id)) else { return 0 }
                $0.close(stream)
                return 0
            }
        }
    }

    /// Calls into the session that a callback's user data belongs to.
    @inline(__always)
    static func of(_ owner: UnsafeMutableRawPointer?, _ body: (GRPCSession) -> Int32) -> Int32 {
        Unmanaged<GRPCSession>.fromOpaque(owner!)._withUnsafeGuaranteedRef(body)
    }

    // MARK: Headers

    private func didBeginHeaders(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
        opening = nil
        let header = frame.pointee.hd
        if header.type == UInt8(NGHTTP2_HEADERS.rawValue),
            frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
        {
            open(header.stream_id)
        }
        return 0
    }

    private func didReceiveHeader(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) -> Int32 {
        // Trailers of a request say nothing.
        guard let stream = opening else { return 0 }
        stream.headerBytes += name.count + value.count + 32
        guard stream.headerBytes <= limits.headerBytesMax else {
            stream.problem = .status(
                .resourceExhausted,
                "the request's headers are over the limit of \(limits.headerBytesMax) bytes")
            return stream.headerBytes <= Self.headerLimitsMax * limits.headerBytesMax
                ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
        }
        if name.first == UInt8(ascii: ":") {
            takePseudoHeader(name, value, stream)
        } else if name.is("content-type") {
            stream.isGRPC = value.starts(with: "application/grpc")
        } else if name.is("grpc-timeout") {
            if let timeout = GRPCText.timeoutNanoseconds(value) {
                stream.timeoutNanoseconds = timeout
            } else {
                stream.problem = .status(
                    .invalidArgument,
                    "grpc-timeout is no number of up to 8 digits and one of H, M, S, m, u and n")
            }
        } else if name.is("grpc-encoding") {
            if !value.is("identity") {
                stream.problem = .status(
                    .unimplemented,
                    "grpc-encoding \(String(decoding: value.prefix(32), as: UTF8.self)) is not "
                        + "supported; send messages uncompressed (identity)")
            }
        } else if !name.is("te"), !name.starts(with: "grpc-") {
            if name.ends(with: "-bin") {
                // Several values of one name may come with commas, and spaces, between them.
                for part in value.split(
                    separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                {
                    takeMetadata(name, part.trimmed, stream, isBinary: true)
                }
            } else {
                takeMetadata(name, value, stream, isBinary: false)
            }
        }
        return 0
    }

    private func takePseudoHeader(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ stream: GRPCStream
    ) {
        if name.is(":path") {
            // It comes once, and before what is kept of other fields.
            guard stream.pathBytes == 0, stream.metadataCount == 0 else {
                stream.problem = .http("400")
                return
            }
            fill(stream) { $0.append(value) }
            stream.pathBytes = value.count
            stream.headBytes = value.count
        } else if name.is(":method") {
            stream.isPost = value.is("POST")
        }
    }

    private func takeMetadata(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ stream: GRPCStream,
        isBinary: Bool
    ) {
        guard stream.metadataCount < limits.metadataCountMax else {
            stream.problem = .status(
                .resourceExhausted,
                "the call has more than \(limits.metadataCountMax) metadata entries")
            return
        }
        stream.metadataCount += 1
        scratch.removeAll()
        if isBinary, !GRPCText.appendDecoded(base64: value, to: scratch) {
            stream.problem = .status(
                .invalidArgument,
                "the metadata \(String(decoding: name.prefix(64), as: UTF8.self)) is no base64")
            return
        }
        fill(stream) { Metadata.append(name, isBinary ? scratch.bytes : value, to: $0) }
        stream.headBytes = stream.buffer?.count ?? 0
    }

    // MARK: Frames

    private func didReceiveFrame(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
        let header = frame.pointee.hd
        let isHeaders = header.type == UInt8(NGHTTP2_HEADERS.rawValue)
        guard isHeaders || header.type == UInt8(NGHTTP2_DATA.rawValue) else { return 0 }
        let opened = isHeaders ? opening : nil
        opening = nil
        guard let stream = opened ?? stream(UInt32(bitPattern: header.stream_id)) else { return 0 }
        if header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 {
            stream.isComplete = true
        }
        if opened != nil {
            stream.bodyStart = stream.headBytes
            if let problem = stream.problem ?? stream.problemOfHead { refuse(stream, problem) }
        }
        if !stream.isDiscarding { check(stream) }
        return 0
    }

    private func didReceiveData(_ id: Int32, _ bytes: UnsafeRawBufferPointer) -> Int32 {
        guard let stream = stream(UInt32(bitPattern: id)), !stream.isDiscarding else {
            nghttp2_session_consume(raw, id, bytes.count)
            return 0
        }
        stream.unconsumedBytes += bytes.count
        fill(stream) { $0.append(bytes) }
        if let (length, isCompressed) = stream.prefix {
            if isCompressed {
                refuse(
                    stream,
                    .status(.unimplemented, "compressed messages are not supported"))
            } else if length > limits.messageBytesMax {
                refuse(
                    stream,
                    .status(
                        .resourceExhausted,
                        "the message's \(length) bytes are over the limit of \(limits.messageBytesMax)"
                    ))
            }
        }
        checkUnfinished()
        return 0
    }

    /// Sees whether a call can be made, or no longer.
    func check(_ stream: GRPCStream) {
        guard !stream.isReady, !stream.isAwaitingAnswer else { return }
        if let messageBytes = stream.messageBytes {
            if stream.isComplete, stream.bodyBytes == messageBytes || stream.isStreaming == true {
                return makeReady(stream)
            }
            if stream.isStreaming == nil {
                let (service, method) = stream.serviceAndMethod
                stream.isStreaming = takesSeveral(service, method)
            }
            if stream.isStreaming == true { return makeReady(stream) }
            if stream.bodyBytes > messageBytes {
                refuse(
                    stream,
                    .status(.unimplemented, "the method takes one message, and got more"))
            }
        } else if stream.isComplete {
            if stream.bodyBytes > 0 {
                refuse(stream, .status(.invalidArgument, "the request ends within a message"))
            } else if stream.isTaken {
                if !stream.isReady { finish(stream) }
            } else if takesNoMessage(stream) {
                finish(stream)
            } else {
                refuse(
                    stream, .status(.unimplemented, "the method takes one message, and got none"))
            }
        }
    }

    private func takesNoMessage(_ stream: GRPCStream) -> Bool {
        let (service, method) = stream.serviceAndMethod
        return takesSeveral(service, method)
    }

    private func didSendFrame(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
        let header = frame.pointee.hd
        if header.type == UInt8(NGHTTP2_HEADERS.rawValue) {
            // The answer is complete: a client that still sends its request is told to stop.
            if header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0,
                nghttp2_session_get_stream_remote_close(raw, header.stream_id) == 0
            {
                nghttp2_submit_rst_stream(
                    raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), header.stream_id,
                    UInt32(NGHTTP2_NO_ERROR.rawValue))
            }
        } else if header.type == UInt8(NGHTTP2_GOAWAY.rawValue), failure == nil {
            switch frame.pointee.goaway.error_code {
            case UInt32(NGHTTP2_NO_ERROR.rawValue): break
            // So nghttp2 ends a session with too many resets.
            case UInt32(NGHTTP2_INTERNAL_ERROR.rawValue),
                UInt32(NGHTTP2_ENHANCE_YOUR_CALM.rawValue):
                failure = .flooded
            default: failure = .malformed
            }
        }
        return 0
    }
}

extension GRPCStream {
    /// What is wrong with a request by its headers.
    fileprivate var problemOfHead: GRPCSession.Refusal? {
        if !isPost { return .http("405") }
        return isGRPC ? nil : .http("415")
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// The same without spaces around it.
    fileprivate var trimmed: UnsafeRawBufferPointer {
        var rest = self
        while rest.first == UInt8(ascii: " ") { rest.removeFirst() }
        while rest.last == UInt8(ascii: " ") { rest.removeLast() }
        return UnsafeRawBufferPointer(rebasing: rest)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func `is`(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && starts(with: text)
    }

    fileprivate func starts(with text: StaticString) -> Bool {
        guard let baseAddress, count >= text.utf8CodeUnitCount else { return false }
        return memcmp(baseAddress, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    fileprivate func ends(with text: StaticString) -> Bool {
        guard let baseAddress, count >= text.utf8CodeUnitCount else { return false }
        return memcmp(
            baseAddress + count - text.utf8CodeUnitCount, text.utf8Start, text.utf8CodeUnitCount)
            == 0
    }
}
