package import CrossSell
internal import EmbeddingStore
internal import EventLoop
package import RPC
internal import Synchronization

/// Serves one model on a Unix socket, from start to drain.
package final class SidecartServer: Sendable {
    /// Of the program.
    package static let version = "0.1.0"

    package struct Configuration: Sendable {
        package var socketPath: String
        /// Permissions of the socket file.
        package var socketMode: UInt16 = 0o600
        /// Event loops, one thread each.
        package var threads = 1
        package var storeBytesMax = 4 << 30
        package var engineLimits = EngineLimits()
        package var rpcLimits = RPCLimits()
        /// How long calls in flight may take once draining has begun.
        package var drainGrace: Duration = .seconds(10)

        package init(socketPath: String) { self.socketPath = socketPath }
    }

    private let rpc: RPCServer
    private let process: ServerProcess

    /// Starts to accept calls.
    ///
    /// - Parameter onDrainRequest: called, on a loop's thread, when a client asks for a drain;
    ///   whoever owns the server is to call ``drain()`` on another thread.
    /// - Throws: where the socket cannot be had or the limits contradict each other.
    package init(
        model: ServingModel, configuration: Configuration,
        onDrainRequest: @escaping @Sendable () -> Void
    ) throws {
        let process = ServerProcess(configuration: configuration, onDrainRequest: onDrainRequest)
        rpc = try RPCServer(
            RPCServerConfiguration(
                path: configuration.socketPath, mode: configuration.socketMode,
                loopCount: configuration.threads, limits: configuration.rpcLimits)
        ) { _, loop in
            let engine = try ScoringEngine(model: model, limits: configuration.engineLimits)
            let router = Router()
            ScoringService(engine: engine).register(in: router)
            EmbeddingsService(engine: engine).register(in: router)
            AdminService(model: model, process: process).register(in: router)
            HealthService.register(in: router) { process.isDraining }
            loop.atTurnEnd { engine.endTurn() }
            return router
        }
        self.process = process
        process.attach(rpc)
    }

    /// Stops accepting, finishes what is in flight, closes and returns. Later calls return at once.
    package func drain() {
        guard process.beginDrain() else { return }
        rpc.drain(grace: process.configuration.drainGrace)
        // The routers hold the process, and it the server: without this none of them would go.
        process.detach()
    }

    package var statistics: RPCStatistics { rpc.statistics }

    /// As the configuration says, or less where the process may not open as many files.
    package var connectionsMax: Int { rpc.connectionsMax }
}

/// What the admin service knows of the server it runs in.
final class ServerProcess: Sendable {
    let configuration: SidecartServer.Configuration
    private let started = ContinuousClock.now
    private let draining = Atomic(false)
    private let onDrainRequest: @Sendable () -> Void
    /// Set once, right after the server started; calls may come in before.
    private let rpc = Locked<RPCServer?>(nil)

    init(
        configuration: SidecartServer.Configuration, onDrainRequest: @escaping @Sendable () -> Void
    ) {
        self.configuration = configuration
        self.onDrainRequest = onDrainRequest
    }

    func attach(_ server: RPCServer) { rpc.withLock { $0 = server } }

    func detach() { rpc.withLock { $0 = nil } }

    func statistics() -> RPCStatistics? { rpc.withLock { $0?.statistics } }

    func requestDrain() { onDrainRequest() }

    /// False where a drain had begun before.
    func beginDrain() -> Bool {
        draining.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    }

    var isDraining: Bool { draining.load(ordering: .relaxed) }

    var uptimeMilliseconds: UInt64 {
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        return UInt64(seconds) * 1_000 + UInt64(attoseconds / 1_000_000_000_000_000)
    }
}
