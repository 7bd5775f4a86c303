internal import Buffers
internal import EventLoop
internal import Glibc
internal import Wire

/// A socket of its own to a Sidecart server, for the lowest latency: a call writes and reads on the
/// calling thread.
///
///     let connection = BlockingConnection(socketPath: "/run/sidecart/sidecart.sock")
///     let scores = try connection.score(["cup", "tea"], for: Context(basket: ["tea-pot"]))
///
/// One call at a time; keep one connection a thread. It blocks its thread, so do not use it from
/// Swift tasks, whose threads are few: ``SidecartClient`` is for them.
///
/// The socket is connected by the first call, and anew by the next call after it broke. Calls throw
/// a ``SidecartError`` as those of the client do. After a timeout the connection goes on: a late
/// answer is passed over.
public final class BlockingConnection {
    private static let readBytes = 64 << 10

    /// The socket this connection asks.
    public let socketPath: String
    /// As given to `init`; `connections`, `callsInFlightMax`, `queuedBytesMax` and the reconnect
    /// delays do not matter here.
    public let configuration: SidecartConfiguration

    private var descriptor: Int32 = -1
    private var nextStream: UInt32
    private let firstStream: UInt32
    /// What the kernel was last told as `SO_RCVTIMEO` and `SO_SNDTIMEO`.
    private var kernelTimeout = Duration.zero
    private let writer = ProtobufWriter()
    private let pool = BufferPool()
    private let output: ByteBuffer
    private var decoder: FrameDecoder
    private let input = UnsafeMutableRawBufferPointer.allocate(
        byteCount: BlockingConnection.readBytes, alignment: 64)
    /// The part of `input` that was read and not used yet.
    private var waiting = 0..<0

    /// Makes a connection, which the first call opens.
    ///
    /// - Precondition: the configuration's figures are within the ranges they document.
    public convenience init(socketPath: String, configuration: SidecartConfiguration = .init()) {
        self.init(socketPath: socketPath, configuration: configuration, firstStream: 1)
    }

    /// - Parameter firstStream: odd; tests of what happens when ids run out start near the end.
    package init(socketPath: String, configuration: SidecartConfiguration, firstStream: UInt32) {
        configuration.check()
        self.socketPath = socketPath
        self.configuration = configuration
        self.firstStream = firstStream
        nextStream = firstStream
        output = pool.take()
        decoder = FrameDecoder(dataBytesMax: configuration.frameBytesMax, pool: pool)
    }

    deinit {
        close()
        input.deallocate()
    }

    /// Closes the socket. A later call opens a new one.
    public func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
        decoder.discard()
        decoder = FrameDecoder(dataBytesMax: configuration.frameBytesMax, pool: pool)
        waiting = 0..<0
        output.consume(output.count)
        kernelTimeout = .zero
    }

    func perform<M: Method>(
        _ method: M, timeout: Duration?
    ) throws(SidecartError) -> M.Reply {
        let timeout = timeout ?? configuration.timeout
        guard timeout > .zero else { throw .deadline(timeout) }
        let deadline = ContinuousClock.now + timeout
        writer.buffer.removeAll()
        try method.encode(into: writer)
        let isFresh = descriptor < 0
        if isFresh { try connect() }
        try append(M.service, M.name, timeout)
        if try !write(until: deadline, timeout) {
            // The server went away since the last call, and nothing of this one reached it.
            close()
            guard !isFresh else { throw .serverClosed(socketPath) }
            try connect()
            try append(M.service, M.name, timeout)
            guard try write(until: deadline, timeout) else {
                close()
                throw .serverClosed(socketPath)
            }
        }
        let stream = nextStream
        // Ids never come again on one socket, so that a late answer is known as such.
        let isLast = stream > .max - 2
        if !isLast { nextStream += 2 }
        defer { if isLast { close() } }
        return try readAnswer(to: stream, until: deadline, timeout) {
            payload throws(SidecartError) in try method.reply(from: payload)
        }
    }

    private func append(
        _ service: String, _ method: String, _ timeout: Duration
    ) throws(SidecartError) {
        let payload = writer.buffer.bytes
        let fits = RequestEnvelope.appendFrame(
            stream: nextStream, service: service, method: method,
            timeoutNanoseconds: timeout.nanoseconds, payloadBytes: payload.count,
            frameBytesMax: configuration.frameBytesMax, to: output
        ) { target in
            UnsafeMutableRawBufferPointer(start: target, count: payload.count)
                .copyMemory(from: payload)
        }
        guard fits else { throw .oversize(configuration) }
    }

    // MARK: The socket

    private func connect() throws(SidecartError) {
        do throws(UnixSocketError) {
            try UnixSocket.checkLength(of: socketPath)
        } catch {
            throw SidecartError(.unavailable, error.description)
        }
        descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("make a socket", errno) }
        // Connecting blocks only where the server's backlog is full, and then not for longer than
        // this.
        setTimeout(.milliseconds(1))
        guard UnixSocket.connect(descriptor, to: socketPath) == 0 else {
            throw failure("connect", errno)
        }
        nextStream = firstStream
    }

    /// Closes the socket, which cannot be used any more.
    private func failure(_ action: String, _ code: Int32) -> SidecartError {
        close()
        return SidecartError(
            .unavailable, "\(socketPath): cannot \(action): \(String(cString: strerror(code)))")
    }

    private func setTimeout(_ timeout: Duration) {
        guard timeout != kernelTimeout else { return }
        kernelTimeout = timeout
        // Rounded up to a microsecond: zero would mean no timeout.
        let microseconds = (timeout.nanoseconds - 1) / 1000 + 1
        var interval = timeval(
            tv_sec: Int(microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &interval, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &interval, size)
    }

    /// - Returns: false if the server has closed the connection before anything was written.
    private func write(
        until deadline: ContinuousClock.Instant, _ timeout: Duration
    ) throws(SidecartError) -> Bool {
        setTimeout(timeout)
        var isUntouched = true
        while output.count > 0 {
            let bytes = output.bytes
            let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                output.consume(count)
                isUntouched = false
            } else if errno == EAGAIN || errno == EINTR {
                let remaining = deadline - ContinuousClock.now
                guard remaining > .zero else {
                    // A frame that is out in part would put what follows out of step.
                    close()
                    throw .deadline(timeout)
                }
                setTimeout(remaining)
            } else if errno == EPIPE || errno == ECONNRESET, isUntouched {
                return false
            } else {
                throw failure("write", errno)
            }
        }
        return true
    }

    private func read(
        until deadline: ContinuousClock.Instant, _ timeout: Duration
    ) throws(SidecartError) {
        while true {
            let count = recv(descriptor, input.baseAddress, input.count, 0)
            if count > 0 {
                waiting = 0..<count
                return
            }
            guard count < 0 else {
                close()
                throw .serverClosed(socketPath)
            }
            guard errno == EAGAIN || errno == EINTR else { throw failure("read", errno) }
            let remaining = deadline - ContinuousClock.now
            guard remaining > .zero else { throw .deadline(timeout) }
            setTimeout(remaining)
        }
    }

    // MARK: Answers

    private func readAnswer<Reply>(
        to stream: UInt32, until deadline: ContinuousClock.Instant, _ timeout: Duration,
        decode: (UnsafeRawBufferPointer) throws(SidecartError) -> Reply
    ) throws(SidecartError) -> Reply {
        var reads = 0
        while true {
            var bytes = UnsafeRawBufferPointer(rebasing: input[waiting])
            let event = decoder.next(&bytes)
            waiting = waiting.upperBound - bytes.count..<waiting.upperBound
            switch event {
            case .needsMore:
                if reads > 0 {
                    let remaining = deadline - ContinuousClock.now
                    guard remaining > .zero else { throw .deadline(timeout) }
                    setTimeout(remaining)
                }
                reads += 1
                try read(until: deadline, timeout)
            case .foreign:
                close()
                throw .foreign(socketPath)
            case .oversized(let header):
                guard try isAnswer(header, to: stream) else { continue }
                throw .oversizeAnswer(header.dataBytes, configuration)
            case .frame(let header, let data):
                guard header.kind == .response, try isAnswer(header, to: stream) else { continue }
                return try decode(ServerAnswer.payload(of: data).get())
            }
        }
    }

    /// - Returns: false for the late answer to an earlier call.
    private func isAnswer(
        _ header: FrameHeader, to stream: UInt32
    ) throws(SidecartError) -> Bool {
        guard header.stream % 2 == 1, header.stream <= stream else {
            close()
            throw .strayAnswer(header.stream, socketPath)
        }
        return header.stream == stream
    }
}
