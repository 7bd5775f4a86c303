package import CrossSell
internal import EmbeddingStore
internal import EventLoop
package import RPC

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
        /// The rule sets that calls may name; nil for none.
        package var ruleBook: RuleBook?
        /// How long calls in flight may take once draining has begun.
        package var drainGrace: Duration = .seconds(10)

        /// Called on a loop's thread for each connection that the server breaks off.
        package var onBreakOff: (@Sendable (BreakOff) -> Void)?

        package init(socketPath: String) { self.socketPath = socketPath }
    }

    private let rpc: RPCServer
    private let life: ServerLife

    /// Starts to accept calls.
    ///
    /// - Parameter onDrainRequest: called, on a loop's thread, when a client asks for a drain;
    ///   whoever owns the server is to call ``drain()`` on another thread.
    /// - Throws: where the socket cannot be had or the limits contradict each other.
    package init(
        model: Generation, configuration: Configuration,
        onDrainRequest: @escaping @Sendable () -> Void
    ) throws {
        let life = ServerLife(configuration: configuration, onDrainRequest: onDrainRequest)
        var serving = RPCServerConfiguration(
            path: configuration.socketPath, mode: configuration.socketMode,
            loopCount: configuration.threads, limits: configuration.rpcLimits)
        serving.onBreakOff = configuration.onBreakOff
        rpc = try RPCServer(serving) { lane in
            let engine = try Engine(
                model, limits: configuration.engineLimits, clock: { MonotonicClock.now() })
            let router = Router()
            ScoringService(
                engine: engine, ruleBook: configuration.ruleBook.map { RuleBook.Reader($0) }
            ).register(in: router)
            ProfilesService(engine: engine).register(in: router)
            EmbeddingsService(engine: engine).register(in: router)
            AdminService(model: model, life: life).register(in: router)
            HealthService.register(in: router) { life.isDraining }
            lane.atTurnEnd { engine.endTurn() }
            return router
        }
        self.life = life
        life.attach(rpc)
    }

    /// Stops accepting, finishes what is in flight, closes and returns. Later calls return at once.
    package func drain() {
        guard life.beginDrain() else { return }
        rpc.drain(grace: life.configuration.drainGrace)
        // The routers hold the life, and it the server: without this none of them would go.
        life.detach()
    }

    package var statistics: RPCStatistics { rpc.statistics }

    /// As the configuration says, or less where the process may not open as many files.
    package var connectionsMax: Int { rpc.connectionsMax }
}
