package import EventLoop
internal import Glibc
package import Metrics

/// Serves metrics over HTTP, keeps a file of them, or both, on a thread beside the server's loops: no
/// call waits for a scraper.
package final class MetricsEndpoint: Sendable {
    package struct Configuration: Sendable {
        package var address: MetricsAddress?
        /// Permissions and group of a Unix socket.
        package var socketMode: UInt16 = 0o600
        package var socketGroupID: UInt32?
        /// Waits for an address that is taken, instead of giving up: a server that is taken over from
        /// leaves it soon.
        package var waitsForAddress = false
        /// Of the file.
        package var filePath: String?
        package var fileInterval = Duration.seconds(15)

        package init() {}
    }

    /// What the operator wants to know.
    package enum Event: Sendable {
        case listening(MetricsAddress)
        case waiting(MetricsAddress)
        case notListening(MetricsAddress, reason: String)
        /// The file cannot be written; told once until it can be again.
        case fileNotWritten(EventLoopError)
        case fileWrittenAgain(path: String)
    }

    private let thread: LoopThread
    private let page: LoopBound<MetricsPage>

    /// Starts. Where it returns, the file can be written, and the address answers unless it is waited
    /// for.
    ///
    /// - Parameters:
    ///   - text: gives the metrics, on the endpoint's thread; nil while there are none, which HTTP
    ///     clients are told by the status 503.
    ///   - onEvent: called on that thread.
    /// - Throws: where the address cannot be had, or the file not be written.
    package init(
        _ configuration: Configuration,
        text: @escaping @Sendable (MetricsWriter.Format) -> [UInt8]?,
        onEvent: @escaping @Sendable (Event) -> Void
    ) throws {
        let made = Locked<LoopBound<MetricsPage>?>(nil)
        thread = try LoopThread.start(name: "sidecart-metrics") { loop in
            let page = MetricsPage(configuration, on: loop, text: text, onEvent: onEvent)
            try page.start()
            made.withLock { $0 = LoopBound(page, to: loop) }
        }
        guard let page = made.withLock({ $0 }) else {
            preconditionFailure("a thread started without its page")
        }
        self.page = page
    }

    /// Writes the file now, and not only once its interval is over.
    package func update() {
        thread.door.submit { [page] in page.value(on: $0).writeFile() }
    }

    /// Lets the address go, removes the file and ends. Calls after the first one do nothing.
    package func stop() {
        thread.door.submit { [page] loop in
            page.value(on: loop).stop()
            loop.stop()
        }
        thread.join()
    }
}

/// The endpoint on its thread.
private final class MetricsPage {
    private static let connectionsMax = 16
    private static let retryInterval = Duration.milliseconds(200)

    private let configuration: MetricsEndpoint.Configuration
    private let loop: EventLoop
    private let text: (MetricsWriter.Format) -> [UInt8]?
    private let onEvent: (MetricsEndpoint.Event) -> Void
    private var listener: Listener?
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var file: MetricsFile?
    private var isFileFailing = false

    init(
        _ configuration: MetricsEndpoint.Configuration, on loop: EventLoop,
        text: @escaping (MetricsWriter.Format) -> [UInt8]?,
        onEvent: @escaping (MetricsEndpoint.Event) -> Void
    ) {
        (self.configuration, self.loop, self.text, self.onEvent) =
            (configuration, loop, text, onEvent)
    }

    func start() throws {
        if let path = configuration.filePath {
            let file = MetricsFile(path: path)
            try file.check()
            self.file = file
            let interval = configuration.fileInterval
            try Timer(on: loop).start(after: interval, every: interval) { [unowned self] in
                writeFile()
            }
        }
        if let address = configuration.address { try listen(at: address) }
    }

    func stop() {
        listener?.finish()
        for connection in connections.values { connection.close() }
        file?.remove()
    }

    // MARK: The file

    func writeFile() {
        guard let file, let text = text(.prometheus) else { return }
        do throws(EventLoopError) {
            try file.write(text)
            if isFileFailing { onEvent(.fileWrittenAgain(path: file.path)) }
            isFileFailing = false
        } catch {
            if !isFileFailing { onEvent(.fileNotWritten(error)) }
            isFileFailing = true
        }
    }

    // MARK: The address

    private func listen(at address: MetricsAddress) throws {
        do {
            try bind(address)
        } catch let error where configuration.waitsForAddress && error.isAddressInUse {
            onEvent(.waiting(address))
            let timer = try Timer(on: loop)
            timer.start(after: Self.retryInterval, every: Self.retryInterval) {
                [unowned self, unowned timer] in
                do {
                    try bind(address)
                    timer.close()
                } catch  where error.isAddressInUse {
                } catch {
                    onEvent(.notListening(address, reason: "\(error)"))
                    timer.close()
                }
            }
        }
    }

    private func bind(_ address: MetricsAddress) throws {
        let socket: any ListeningSocket
        let bound: MetricsAddress
        switch address {
        case .unix(let path):
            socket = try UnixSocket(
                listeningAt: path, mode: configuration.socketMode,
                groupID: configuration.socketGroupID, lockTries: 1)
            bound = address
        case .loopback(let wanted):
            let loopback = try LoopbackSocket(listeningAt: wanted)
            (socket, bound) = (loopback, .loopback(loopback.address))
        }
        listener = try Listener(socket, on: loop) { [unowned self] in accept($0) }
        onEvent(.listening(bound))
    }

    private func accept(_ descriptor: Int32) {
        guard connections.count < Self.connectionsMax else { return UnixSocket.close(descriptor) }
        // One that is gone already needs no answer.
        guard
            let connection = try? HTTPConnection(
                adopting: descriptor, on: loop, page: { [unowned self] in answer($0) },
                onClose: { [unowned self] in connections[ObjectIdentifier($0)] = nil })
        else { return }
        connections[ObjectIdentifier(connection)] = connection
    }

    private func answer(_ request: HTTPRequest) -> HTTPResponse {
        guard request.path == "/metrics" else {
            return HTTPResponse(
                status: .notFound, body: Array("The metrics are at /metrics.\n".utf8),
                isPersistent: true)
        }
        let format: MetricsWriter.Format = request.acceptsOpenMetrics ? .openMetrics : .prometheus
        guard let text = text(format) else {
            return HTTPResponse(
                status: .unavailable, body: Array("The server is not ready yet.\n".utf8),
                isPersistent: true)
        }
        return HTTPResponse(
            status: .ok, contentType: format.contentType, body: text, isPersistent: true)
    }
}

extension Error {
    /// Whether a server is at the address, or about to leave it.
    fileprivate var isAddressInUse: Bool {
        switch self {
        case let error as EventLoopError: error.name == "EADDRINUSE"
        case let error as UnixSocketError:
            switch error {
            case .inUse, .locked: true
            default: false
            }
        default: false
        }
    }
}
