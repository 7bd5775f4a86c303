package import Buffers
internal import CLibUV
internal import Glibc

/// One end of a connected stream socket: of a Unix-domain one, or of a TCP one that was adopted, since
/// libuv asks of the descriptor of a pipe only that it is a stream.
///
/// Reading: bytes arrive in the loop's shared buffer and are lent to ``onRead`` for the length of
/// the call. Writing: fill ``output``, then ``flush()``. What the kernel does not take at once is
/// handed to libuv, one piece at a time; more output gathers meanwhile and follows by itself. The
/// owner watches ``pendingBytes`` and stops reading when they are too many.
package final class Pipe: Handle {
    /// Gets what was read. The bytes are valid until it returns. It may stop reading or close the
    /// pipe.
    package var onRead: ((UnsafeRawBufferPointer) -> Void)?
    /// Runs once, when the other end closed (nil) or the connection broke. The owner closes the
    /// pipe.
    package var onEnd: ((EventLoopError?) -> Void)?
    /// Runs once, in place of ``onEnd``, when the other end takes no more output (EPIPE) though it
    /// may still send: what was to be written is dropped, and reading goes on to the end.
    package var onOutputRefused: (() -> Void)?
    /// Runs when output that had to wait went out.
    package var onWritten: (() -> Void)?

    /// The most that is read at once; as much as the loop's buffer holds by default.
    package var readBytesMax = Int.max
    /// Bytes of output that the other end may have got; what was put into ``output`` after them it
    /// has not.
    package private(set) var handedBytes = 0
    private var filling: ByteBuffer?
    private var inFlight: ByteBuffer?
    private let writeRequest = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    private var isReading = false

    /// A pipe that is not connected yet.
    package init(on loop: EventLoop) throws(EventLoopError) {
        let uv = loop.raw
        try super.init(loop: loop, type: UV_NAMED_PIPE) {
            uv_pipe_init(uv, $0.assumingMemoryBound(to: uv_pipe_t.self), 0)
        }
    }

    /// A pipe that takes over a connected socket, such as a ``Listener`` accepted.
    ///
    /// - Throws: if libuv refuses the descriptor, which is closed then.
    package convenience init(
        adopting descriptor: Int32, on loop: EventLoop
    ) throws(EventLoopError) {
        do {
            try self.init(on: loop)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        let result = uv_pipe_open(storage.assumingMemoryBound(to: uv_pipe_t.self), descriptor)
        guard result == 0 else {
            Glibc.close(descriptor)
            close()
            throw EventLoopError(code: result, operation: "adopt a connection")
        }
    }

    deinit { writeRequest.deallocate() }

    private var stream: UnsafeMutablePointer<uv_stream_t> {
        storage.assumingMemoryBound(to: uv_stream_t.self)
    }

    private var descriptor: Int32 {
        var descriptor: uv_os_fd_t = -1
        uv_fileno(storage.assumingMemoryBound(to: uv_handle_t.self), &descriptor)
        return descriptor
    }

    /// Connects to the socket at `path`.
    ///
    /// - Parameter completion: gets nil once connected, or why not (also when closed meanwhile); with
    ///   an abstract name, before this returns.
    /// - Precondition: ``UnixSocket/fits(_:)`` the path.
    package func connect(
        to path: String, then completion: @escaping (EventLoopError?) -> Void
    ) {
        precondition(UnixSocket.fits(path), "a socket path of \(path.utf8.count) bytes")
        if UnixSocket.isAbstract(path) { return completion(connect(toName: path)) }
        let attempt = Connecting(path: path, completion: completion)
        let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
        request.pointee.data = Unmanaged.passRetained(attempt).toOpaque()
        uv_pipe_connect(request, storage.assumingMemoryBound(to: uv_pipe_t.self), path) {
            request, status in
            guard let request, let data = request.pointee.data else { return }
            let attempt = Unmanaged<Connecting>.fromOpaque(data).takeRetainedValue()
            request.deallocate()
            attempt.completion(
                status == 0
                    ? nil : EventLoopError(code: status, operation: "connect to \(attempt.path)"))
        }
    }

    /// libuv 1.44 knows no abstract names. Connecting to a Unix socket does not wait.
    private func connect(toName name: String) -> EventLoopError? {
        let operation = "connect to \(name)"
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, flags, 0)
        guard descriptor >= 0, UnixSocket.connect(descriptor, to: name) == 0 else {
            let code = -errno
            if descriptor >= 0 { Glibc.close(descriptor) }
            return EventLoopError(code: code, operation: operation)
        }
        let result = uv_pipe_open(storage.assumingMemoryBound(to: uv_pipe_t.self), descriptor)
        guard result == 0 else {
            Glibc.close(descriptor)
            return EventLoopError(code: result, operation: operation)
        }
        return nil
    }

    // MARK: Reading

    /// Starts reading, or goes on after ``stopReading()``.
    package func startReading() throws(EventLoopError) {
        guard !isClosing, !isReading else { return }
        let result = uv_read_start(
            stream,
            { handle, _, buffer in
                withOwner(Pipe.self, handle?.pointee.data) {
                    _ = $0.loop.turnStart
                    buffer?.pointee = uv_buf_init(
                        $0.loop.readBuffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                        UInt32(min($0.readBytesMax, $0.loop.readBuffer.count)))
                }
            },
            { stream, count, _ in
                withOwner(Pipe.self, stream?.pointee.data) { $0.didRead(count) }
            })
        try check(result, "read")
        isReading = true
    }

    package func stopReading() {
        guard !isClosing, isReading else { return }
        uv_read_stop(stream)
        isReading = false
    }

    /// Has the kernel refuse what the other end would still send (it sees EPIPE). What it has sent
    /// is still read, and then comes the end: ``onEnd`` with nil.
    package func refuseInput() {
        guard !isClosing else { return }
        shutdown(descriptor, Int32(SHUT_RD))
    }

    private func didRead(_ count: Int) {
        // Zero is "nothing now", not the end.
        guard count != 0 else { return }
        guard count > 0 else {
            stopReading()
            end(
                count == Int(UV_EOF.rawValue)
                    ? nil : EventLoopError(code: Int32(count), operation: "read"))
            return
        }
        onRead?(UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<count]))
    }

    /// True if the other end is closed altogether, and has not just finished sending.
    package var isPeerGone: Bool {
        var entry = pollfd(fd: descriptor, events: 0, revents: 0)
        // With no events asked for, POLLHUP is still told; half a close is no POLLHUP.
        return poll(&entry, 1, 0) == 1 && entry.revents & Int16(POLLHUP) != 0
    }

    // MARK: Writing

    /// Where to put what is to be written. Valid until the next ``flush()``.
    package var output: ByteBuffer {
        if let filling { return filling }
        let buffer = loop.buffers.take()
        filling = buffer
        return buffer
    }

    /// Bytes in ``output`` that were not flushed yet.
    package var unflushedBytes: Int { filling?.count ?? 0 }

    /// Bytes that were flushed but that the kernel has not taken.
    package var blockedBytes: Int { inFlight == nil ? 0 : uv_stream_get_write_queue_size(stream) }

    /// Zero where no output is blocked; else a figure that falls whenever the other end reads: the
    /// blocked bytes and what the kernel holds. (A kernel takes no more output before the other end
    /// has read most of what it holds, so the blocked bytes alone stand still for a slow reader.)
    package var untakenBytes: Int {
        let blocked = blockedBytes
        return blocked == 0 ? 0 : blocked + Int(max(0, sc_unread_by_peer(descriptor)))
    }

    /// Memory of output that waits for the other end.
    package var blockedCapacity: Int {
        inFlight.map { $0.capacity + (filling?.capacity ?? 0) } ?? 0
    }

    /// Bytes the kernel has not taken.
    package var pendingBytes: Int { unflushedBytes + blockedBytes }

    /// Sends ``output``: at once as far as the kernel takes it, the rest when it can.
    ///
    /// - Complexity: one `write`, without allocation. A broken connection is reported to ``onEnd``.
    package func flush() {
        guard !isClosing, inFlight == nil, let buffer = filling else { return }
        filling = nil
        let bytes = buffer.bytes
        guard bytes.count > 0 else { return loop.buffers.recycle(buffer) }
        var view = uv_buf_t(bytes)
        let written = uv_try_write(stream, &view, 1)
        if Int(written) == bytes.count {
            handedBytes += bytes.count
            return loop.buffers.recycle(buffer)
        }
        guard written >= 0 || written == UV_EAGAIN.rawValue else {
            loop.buffers.recycle(buffer)
            if written == UV_EPIPE.rawValue, let report = onOutputRefused {
                onOutputRefused = nil
                return report()
            }
            return end(EventLoopError(code: written, operation: "write"))
        }
        handedBytes += bytes.count
        buffer.consume(max(0, Int(written)))
        inFlight = buffer
        view = uv_buf_t(buffer.bytes)
        let result = uv_write(writeRequest, stream, &view, 1) { request, status in
            withOwner(Pipe.self, request?.pointee.handle.pointee.data) { $0.didWrite(status) }
        }
        if result < 0 {
            inFlight = nil
            loop.buffers.recycle(buffer)
            end(EventLoopError(code: result, operation: "write"))
        }
    }

    private func didWrite(_ status: Int32) {
        if let buffer = inFlight { loop.buffers.recycle(buffer) }
        inFlight = nil
        guard !isClosing else { return }
        guard status == 0 else { return end(EventLoopError(code: status, operation: "write")) }
        flush()
        if !isClosing { onWritten?() }
    }

    // MARK: The end

    private func end(_ error: EventLoopError?) {
        let report = onEnd
        // After the other end has finished sending, a write may still break.
        if error != nil { onEnd = nil }
        report?(error)
    }

    override func willClose() {
        (onRead, onEnd, onOutputRefused, onWritten) = (nil, nil, nil, nil)
        if let buffer = filling { loop.buffers.recycle(buffer) }
        filling = nil
    }
}

/// A connection attempt, kept until libuv answers.
private final class Connecting {
    let path: String
    let completion: (EventLoopError?) -> Void

    init(path: String, completion: @escaping (EventLoopError?) -> Void) {
        self.path = path
        self.completion = completion
    }
}

extension uv_buf_t {
    /// A view for writing; libuv does not change the bytes.
    fileprivate init(_ bytes: UnsafeRawBufferPointer) {
        let base = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        self = uv_buf_init(base?.assumingMemoryBound(to: CChar.self), UInt32(bytes.count))
    }
}
