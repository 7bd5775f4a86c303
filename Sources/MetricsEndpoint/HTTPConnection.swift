internal import Buffers
internal import EventLoop
internal import Glibc

/// One client of the page: reads requests, answers them in order, and ends what takes too long.
final class HTTPConnection {
    /// A request must be complete so long after its first byte, and an answer taken so long after it
    /// was given ...
    private static let requestMax = Duration.seconds(10)
    /// ... and the next request begin so long after the one before, which leaves room for the usual
    /// intervals of scrapers.
    private static let idleMax = Duration.seconds(120)

    private let pipe: Pipe
    private let input: ByteBuffer
    private let timer: Timer
    private let page: (HTTPRequest) -> HTTPResponse
    private let onClose: (HTTPConnection) -> Void
    /// True once the last answer was given.
    private var isEnding = false

    /// - Parameters:
    ///   - descriptor: a connected socket, which the connection owns from now on.
    ///   - page: answers a request.
    ///   - onClose: called once, when the connection has closed.
    init(
        adopting descriptor: Int32, on loop: EventLoop,
        page: @escaping (HTTPRequest) -> HTTPResponse,
        onClose: @escaping (HTTPConnection) -> Void
    ) throws(EventLoopError) {
        timer = try Timer(on: loop)
        do {
            pipe = try Pipe(adopting: descriptor, on: loop)
        } catch {
            timer.close()
            throw error
        }
        input = loop.buffers.take()
        (self.page, self.onClose) = (page, onClose)
        pipe.onRead = { [unowned self] in didRead($0) }
        pipe.onEnd = { [unowned self] _ in didEnd() }
        pipe.onWritten = { [unowned self] in didWrite() }
        wait(Self.requestMax)
        do {
            try pipe.startReading()
        } catch {
            close()
            throw error
        }
    }

    private func didRead(_ bytes: UnsafeRawBufferPointer) {
        guard !isEnding else { return }
        if input.count == 0 { wait(Self.requestMax) }
        // At most a head and one read: while an answer waits for the client, nothing more is read.
        input.append(bytes)
        answerWhatCame()
    }

    private func answerWhatCame() {
        while !isEnding, !pipe.isClosing, pipe.pendingBytes == 0 {
            switch HTTPRequest.read(input.bytes) {
            case .needsMore: return resumeReading()
            case .request(let request, let bytes):
                input.consume(bytes)
                var response = page(request)
                response.isPersistent = response.isPersistent && request.isPersistent
                send(response, withBody: request.method == .get)
            case .refused(let status): send(.refusal(status), withBody: true)
            }
        }
        // The client has to take the answer first.
        pipe.stopReading()
    }

    private func send(_ response: HTTPResponse, withBody: Bool) {
        response.bytes(withBody: withBody, now: Int(time(nil)))
            .withUnsafeBytes { pipe.output.append($0) }
        isEnding = !response.isPersistent
        wait(Self.requestMax)
        pipe.flush()
        if !pipe.isClosing, pipe.pendingBytes == 0 { didTake() }
    }

    private func didWrite() {
        guard pipe.pendingBytes == 0 else { return }
        didTake()
        if !pipe.isClosing { answerWhatCame() }
    }

    /// Goes on once the client has taken an answer.
    private func didTake() {
        if isEnding { return close() }
        wait(input.count == 0 ? Self.idleMax : Self.requestMax)
    }

    private func resumeReading() {
        do {
            try pipe.startReading()
        } catch {
            close()
        }
    }

    private func didEnd() {
        // A client may end its side after the request, and still read.
        if pipe.isClosing { return }
        if pipe.pendingBytes == 0 || pipe.isPeerGone { return close() }
        isEnding = true
    }

    private func wait(_ most: Duration) {
        timer.start(after: most) { [unowned self] in
            if input.count > 0, pipe.pendingBytes == 0, !isEnding {
                send(.refusal(.requestTimeout), withBody: true)
            }
            close()
        }
    }

    func close() {
        guard !pipe.isClosing else { return }
        timer.close()
        pipe.close()
        pipe.loop.buffers.recycle(input)
        onClose(self)
    }
}
