internal import CNGHTTP2
internal import Glibc
import TestPeers
package import Wire

/// A gRPC client on nghttp2's client session and bare system calls. It blocks, one step at a time, and
/// gives up after 20 s of silence.
package final class GRPCClient {
    package struct Failure: Error { package let what: String }

    /// What has come of one stream.
    package struct Answer {
        /// Headers and trailers, in their order.
        package var fields: [(name: String, value: String)] = []
        /// Bytes of DATA that belong to no whole message yet.
        var rest: [UInt8] = []
        package var messages: [[UInt8]] = []
        /// The code with which the stream was closed; nil while it is open.
        package var closeCode: UInt32?

        package subscript(name: String) -> String? { fields.last { $0.name == name }?.value }
        package var code: StatusCode? {
            self["grpc-status"].flatMap { Int32($0) }.map { StatusCode(rawValue: $0) }
        }
        /// The status message, percent-decoded.
        package var message: String {
            var bytes: [UInt8] = []
            var rest = Array((self["grpc-message"] ?? "").utf8)[...]
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "%"), rest.count >= 2 else {
                    bytes.append(byte)
                    continue
                }
                bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        /// Whether the status came without headers before it.
        package var isTrailersOnly: Bool {
            messages.isEmpty && fields.first?.name == ":status" && code != nil
                && fields.filter { $0.name == "content-type" }.count == 1 && !hasTrailers
        }
        fileprivate var hasTrailers = false
    }

    package struct GoAway: Equatable {
        package let lastStream: Int32
        package let code: UInt32
        package let text: String

        package init(lastStream: Int32, code: UInt32, text: String) {
            (self.lastStream, self.code, self.text) = (lastStream, code, text)
        }
    }

    package let descriptor: Int32
    private var session: OpaquePointer?
    package private(set) var answers: [Int32: Answer] = [:]
    package private(set) var goAways: [GoAway] = []
    private var bodies: [Int32: Body] = [:]

    /// What a request still has to send.
    private final class Body {
        var bytes: [UInt8]
        var ends: Bool
        init(_ bytes: [UInt8], ends: Bool) { (self.bytes, self.ends) = (bytes, ends) }
    }

    /// - Parameters:
    ///   - settings: by their numbers in RFC 9113, such as 4 for the window of each stream.
    ///   - opensWindows: whether what has come opens the windows again.
    package init(_ path: String, settings: [(Int32, UInt32)] = [], opensWindows: Bool = true) throws
    {
        descriptor = try connectPatiently(to: path)
        makeSession(opensWindows: opensWindows)
        var entries = settings.map { nghttp2_settings_entry(settings_id: $0.0, value: $0.1) }
        nghttp2_submit_settings(session, 0, &entries, entries.count)
    }

    deinit {
        nghttp2_session_del(session)
        Glibc.close(descriptor)
    }

    // MARK: Calls

    /// Calls a method and waits for the stream's end.
    package func call(
        _ path: String = "/test.Echo/Echo", _ payload: [UInt8] = [1, 2, 3],
        _ fields: [(String, String)] = []
    ) throws -> Answer {
        try finish(try start(path, payload, fields))
    }

    /// Opens a stream with one message, or with none, and sends it.
    ///
    /// - Parameter ends: whether the request is complete with that.
    package func start(
        _ path: String = "/test.Echo/Echo", _ payload: [UInt8]? = [1, 2, 3],
        _ fields: [(String, String)] = [], ends: Bool = true
    ) throws -> Int32 {
        try open(
            path, payload.map { HTTP2Frames.message($0) } ?? [], fields, ends: ends)
    }

    /// Opens a stream with any bytes for a body.
    package func open(
        _ path: String, _ body: [UInt8], _ fields: [(String, String)] = [],
        standard: [(String, String)] = [
            (":method", "POST"), ("te", "trailers"), ("content-type", "application/grpc"),
        ], ends: Bool = true
    ) throws -> Int32 {
        let own = [(":scheme", "http"), (":path", path), (":authority", "localhost")]
            .filter { field in !fields.contains { $0.0 == field.0 } }
        let all = standard + own + fields
        return try open(
            bare: all.filter { $0.0.hasPrefix(":") } + all.filter { !$0.0.hasPrefix(":") }, body,
            ends: ends)
    }

    /// Opens a stream with any header fields, in their order.
    package func open(
        bare all: [(String, String)], _ body: [UInt8], ends: Bool = true
    ) throws -> Int32 {
        let texts = all.map { (Array($0.0.utf8), Array($0.1.utf8)) }
        var pieces: [nghttp2_nv] = []
        var memory: [UnsafeMutablePointer<UInt8>] = []
        func keep(_ bytes: [UInt8]) -> UnsafeMutablePointer<UInt8> {
            let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
            copy.update(from: bytes, count: bytes.count)
            memory.append(copy)
            return copy
        }
        for (name, value) in texts {
            pieces.append(
                nghttp2_nv(
                    name: keep(name), value: keep(value), namelen: name.count,
                    valuelen: value.count, flags: 0))
        }
        defer { for copy in memory { copy.deallocate() } }
        let source = Body(body, ends: ends)
        var provider = nghttp2_data_provider(
            source: nghttp2_data_source(ptr: Unmanaged.passUnretained(source).toOpaque())
        ) { _, _, target, count, flags, source, _ in
            let body = Unmanaged<Body>.fromOpaque(source!.pointee.ptr).takeUnretainedValue()
            let count = min(count, body.bytes.count)
            if count == 0, !body.ends { return Int(NGHTTP2_ERR_DEFERRED.rawValue) }
            target!.update(from: body.bytes, count: count)
            body.bytes.removeFirst(count)
            if body.ends, body.bytes.isEmpty { flags!.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
            return count
        }
        let stream = nghttp2_submit_request(session, nil, &pieces, pieces.count, &provider, nil)
        guard stream > 0 else { throw Failure(what: "request: \(stream)") }
        bodies[stream] = source
        answers[stream] = Answer()
        try send()
        return stream
    }

    /// Sends more of a request.
    package func send(_ stream: Int32, _ bytes: [UInt8], ends: Bool) throws {
        guard let body = bodies[stream] else { throw Failure(what: "no stream \(stream)") }
        body.bytes += bytes
        body.ends = ends
        nghttp2_session_resume_data(session, stream)
        try send()
    }

    package func cancel(_ stream: Int32) throws {
        nghttp2_submit_rst_stream(session, 0, stream, UInt32(NGHTTP2_CANCEL.rawValue))
        try send()
    }

    /// Lets the server send so many bytes more on a stream, or with 0 on all together.
    package func openWindow(_ stream: Int32, by bytes: Int32) throws {
        nghttp2_submit_window_update(session, 0, stream, bytes)
        try send()
    }

    package func answer(_ stream: Int32) -> Answer { answers[stream] ?? Answer() }

    /// Waits for a stream's end.
    package func finish(_ stream: Int32) throws -> Answer {
        try wait { self.answer(stream).closeCode != nil }
        return answer(stream)
    }

    /// Reads until a condition holds.
    package func wait(until isMet: () -> Bool) throws {
        while !isMet() {
            guard try read() else { throw Failure(what: "the connection has ended") }
        }
    }

    /// Reads until the connection ends.
    package func waitForEnd() throws { while try read() {} }

    // MARK: Bytes

    /// Takes what the server has sent, at least something; false at the end of the connection.
    package func read() throws -> Bool {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        if count == 0 || (count < 0 && errno == ECONNRESET) { return false }
        guard count > 0 else { throw Failure(what: "read: errno \(errno)") }
        let taken = nghttp2_session_mem_recv(session, bytes, count)
        guard taken == count else { throw Failure(what: "the session took \(taken) of \(count)") }
        // The server may be gone already; what it has sent is read first.
        try? send()
        return true
    }

    /// Sends what the session has to.
    package func send() throws {
        var bytes: UnsafePointer<UInt8>?
        while true {
            let count = nghttp2_session_mem_send(session, &bytes)
            guard count > 0, let bytes else { return }
            var sent = 0
            while sent < count {
                let step = Glibc.send(
                    descriptor, bytes + sent, count - sent, Int32(MSG_NOSIGNAL))
                guard step > 0 else { throw Failure(what: "send: errno \(errno)") }
                sent += step
            }
        }
    }

    // MARK: The session

    private func makeSession(opensWindows: Bool) {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_option_new(&options)
        if !opensWindows { nghttp2_option_set_no_auto_window_update(options, 1) }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameCount, value, valueCount, _, owner in
            let client = GRPCClient.of(owner)
            let name = String(
                decoding: UnsafeBufferPointer(start: name, count: nameCount), as: UTF8.self)
            let value = String(
                decoding: UnsafeBufferPointer(start: value, count: valueCount), as: UTF8.self)
            client.answers[frame!.pointee.hd.stream_id]?.fields.append((name, value))
            if frame!.pointee.headers.cat == NGHTTP2_HCAT_HEADERS {
                client.answers[frame!.pointee.hd.stream_id]?.hasTrailers = true
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _, _, stream, bytes, count, owner in
            let client = GRPCClient.of(owner)
            client.answers[stream]?.take(Array(UnsafeBufferPointer(start: bytes, count: count)))
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, owner in
            guard frame!.pointee.hd.type == UInt8(NGHTTP2_GOAWAY.rawValue) else { return 0 }
            let goAway = frame!.pointee.goaway
            let text = UnsafeBufferPointer(
                start: goAway.opaque_data, count: goAway.opaque_data_len)
            GRPCClient.of(owner).goAways.append(
                GoAway(
                    lastStream: goAway.last_stream_id, code: goAway.error_code,
                    text: String(decoding: text, as: UTF8.self)))
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) {
            _, stream, code, owner in
            GRPCClient.of(owner).answers[stream]?.closeCode = code
            return 0
        }
        nghttp2_session_client_new2(
            &session, callbacks, Unmanaged.passUnretained(self).toOpaque(), options)
        nghttp2_session_callbacks_del(callbacks)
        nghttp2_option_del(options)
    }

    private static func of(_ owner: UnsafeMutableRawPointer?) -> GRPCClient {
        Unmanaged<GRPCClient>.fromOpaque(owner!).takeUnretainedValue()
    }
}

extension GRPCClient.Answer {
    fileprivate mutating func take(_ bytes: [UInt8]) {
        rest += bytes
        while rest.count >= 5 {
            let count = rest[1..<5].reduce(0) { $0 << 8 | Int($1) }
            guard rest.count >= 5 + count else { return }
            messages.append(Array(rest[5..<(5 + count)]))
            rest.removeFirst(5 + count)
        }
    }
}
