internal import EventLoop
internal import Synchronization
internal import Wire

/// One connected socket and the calls that were sent over it, each on a stream of its own; on the
/// loop's thread.
///
/// Answers may come in any order. One for a call that was given up is passed over; one for a call
/// that was never made means that the two sides are out of step, and ends the connection.
///
/// A server that ends, or hands over to a successor, takes nothing more from some moment on, and
/// answers what it had taken before. Calls that did not get through by then can be made elsewhere.
final class Link {
    /// Runs once, when the connection cannot be used any more; the owner closes the link. The calls
    /// are those that the server certainly did not get, which are the owner's now.
    var onEnd: ((SidecartError, [PendingCall]) -> Void)?
    /// Runs once, when the server takes no more calls but may answer those that it has; with those
    /// that it did not get.
    var onRefused: (([PendingCall]) -> Void)?
    /// Runs when the last call was answered.
    var onIdle: (() -> Void)?

    private let pipe: Pipe
    private let socketPath: String
    private let configuration: SidecartConfiguration
    private var decoder: FrameDecoder
    /// Calls by stream, and where in the output the frame of each ends.
    private var calls: [UInt32: (call: PendingCall, end: Int)] = [:]
    private var outputBytes = 0
    private var nextStream: UInt32
    /// Whether anything came over it that a Sidecart would send.
    private(set) var hasAnswered = false

    /// - Parameters:
    ///   - pipe: connected; the link closes it.
    ///   - firstStream: odd.
    init(
        _ pipe: Pipe, socketPath: String, configuration: SidecartConfiguration,
        firstStream: UInt32 = 1
    ) throws(EventLoopError) {
        self.pipe = pipe
        self.socketPath = socketPath
        self.configuration = configuration
        nextStream = firstStream
        decoder = FrameDecoder(dataBytesMax: configuration.frameBytesMax, pool: pipe.loop.buffers)
        pipe.onRead = { [unowned self] in read($0) }
        pipe.onEnd = { [unowned self] error in
            let reason = error.map { " (\($0))" } ?? ""
            end(.serverClosed(self.socketPath, reason))
        }
        pipe.onOutputRefused = { [unowned self] in
            let unsent = takeUnsent()
            guard hasAnswered, let report = onRefused else {
                return end(.serverClosed(self.socketPath), unsent)
            }
            onRefused = nil
            report(unsent)
        }
        try pipe.startReading()
    }

    var callCount: Int { calls.count }

    /// Whether all stream ids are used up, after 2^31 calls.
    var isExhausted: Bool { nextStream == .max }

    /// Puts the call into the output of this turn.
    func send(_ call: PendingCall, at now: ContinuousClock.Instant) {
        let remaining = call.deadline - now
        guard remaining > .zero else { return call.expire() }
        guard pipe.pendingBytes + call.payload.count <= configuration.queuedBytesMax else {
            return call.fail(
                SidecartError(
                    .resourceExhausted,
                    "\(pipe.pendingBytes) bytes wait for the server already; \(configuration.queuedBytesMax) may"
                ))
        }
        precondition(!isExhausted, "no stream id is left")
        let waiting = pipe.unflushedBytes
        let fits = call.payload.withUnsafeBytes { payload in
            RequestEnvelope.appendFrame(
                stream: nextStream, service: call.service, method: call.method,
                timeoutNanoseconds: remaining.nanoseconds, payloadBytes: payload.count,
                frameBytesMax: configuration.frameBytesMax, to: pipe.output
            ) { target in
                UnsafeMutableRawBufferPointer(start: target, count: payload.count)
                    .copyMemory(from: payload)
            }
        }
        guard fits else { return call.fail(.oversize(configuration)) }
        call.stream.store(nextStream, ordering: .relaxed)
        outputBytes += pipe.unflushedBytes - waiting
        calls[nextStream] = (call, outputBytes)
        nextStream = nextStream > .max - 2 ? .max : nextStream + 2
    }

    /// Writes the output of this turn.
    func flush() { pipe.flush() }

    /// Drops a call that nobody waits for any more.
    func forget(_ call: PendingCall) {
        let stream = call.stream.load(ordering: .relaxed)
        guard calls[stream]?.call === call else { return }
        calls[stream] = nil
        if calls.isEmpty { onIdle?() }
    }

    /// Closes the socket and fails the calls without an answer.
    func close(_ error: SidecartError) {
        (onEnd, onRefused, onIdle) = (nil, nil, nil)
        pipe.close()
        decoder.discard()
        for (call, _) in calls.values { call.fail(error) }
        calls.removeAll()
    }

    private func read(_ bytes: UnsafeRawBufferPointer) {
        var input = bytes
        while !pipe.isClosing {
            switch decoder.next(&input) {
            case .needsMore: return
            case .foreign:
                end(.foreign(socketPath))
            case .oversized(let header):
                answer(
                    header, with: .failure(.oversizeAnswer(header.dataBytes, configuration)))
            case .frame(let header, let data):
                guard header.kind == .response else { continue }
                answer(header, with: ServerAnswer.payload(of: data).map { Array($0) })
            }
        }
    }

    private func answer(
        _ header: FrameHeader, with outcome: @autoclosure () -> Result<[UInt8], SidecartError>
    ) {
        guard header.stream % 2 == 1, header.stream < nextStream else {
            return end(.strayAnswer(header.stream, socketPath))
        }
        hasAnswered = true
        guard let (call, _) = calls.removeValue(forKey: header.stream) else { return }
        call.finish(outcome().mapError { $0 })
        if calls.isEmpty { onIdle?() }
    }

    private func end(_ error: SidecartError) { end(error, takeUnsent()) }

    private func end(_ error: SidecartError, _ unsent: [PendingCall]) {
        let report = onEnd
        onEnd = nil
        report?(error, unsent)
    }

    /// Takes out the calls whose frames the server cannot have got whole.
    private func takeUnsent() -> [PendingCall] {
        let streams = calls.filter { $0.value.end > pipe.handedBytes }.keys.sorted()
        return streams.compactMap { calls.removeValue(forKey: $0)?.call }
    }
}
