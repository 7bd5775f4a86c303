package import CrossSell
internal import EmbeddingStore
package import EventLoop
package import RPC

/// A client's wish that the server end.
package struct DrainRequest: Sendable {
    package let peer: PeerCredentials
    /// A successor has the path, and clients are to turn to it without a failed call.
    package let handsOver: Bool
}

/// Serves one model on a Unix socket, from start to drain.
package final class SidecartServer: Sendable {
    /// Of the program.
    package static let version = "0.1.0"

    package struct Configuration: Sendable {
        /// Where and how wide it listens, and who may do what.
        package var serving: RPCServerConfiguration
        package var storeBytesMax = 4 << 30
        package var engineLimits = EngineLimits()
        /// The rule sets that calls may name; nil for none.
        package var ruleBook: RuleBook?
        /// How long calls in flight may take once draining has begun.
        package var drainGrace: Duration = .seconds(10)

        package init(_ serving: RPCServerConfiguration) { self.serving = serving }
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
        onDrainRequest: @escaping @Sendable (DrainRequest) -> Void
    ) throws {
        let life = ServerLife(configuration: configuration, onDrainRequest: onDrainRequest)
        rpc = try RPCServer(configuration.serving) { lane in
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
    ///
    /// - Parameters:
    ///   - handsOver: a successor has the path; see `RPCServer.beginDrain`.
    ///   - begun: called on another thread once no call is taken any more.
    package func drain(handsOver: Bool = false, begun: (@Sendable () -> Void)? = nil) {
        guard life.beginDrain() else { return }
        rpc.beginDrain(
            grace: life.configuration.drainGrace, handsOver: handsOver, begun: begun)
        rpc.join()
        // The routers hold the life, and it the server: without this none of them would go.
        life.detach()
    }

    /// Makes a drain that another thread waits for end now.
    package func endGrace() { rpc.endGrace() }

    /// Where it listens.
    package var path: String { rpc.path }

    package var statistics: RPCStatistics { rpc.statistics }

    /// As the configuration says, or less where the process may not open as many files.
    package var connectionsMax: Int { rpc.connectionsMax }
}
