package import EventLoop
package import Metrics
package import RPC

/// A client's wish that the server end.
package struct DrainRequest: Sendable {
    package let peer: PeerCredentials
    /// A successor has the path, and clients are to turn to it without a failed call.
    package let handsOver: Bool
}

/// Serves models on a Unix socket, one at a time, from start to drain.
package final class SidecartServer: Sendable {
    /// Of the program.
    package static let version = "0.1.0"

    package struct Configuration: Sendable {
        /// Where and how wide it listens, and who may do what.
        package var serving: RPCServerConfiguration
        /// How long calls in flight may take once draining has begun.
        package var drainGrace: Duration = .seconds(10)

        package init(_ serving: RPCServerConfiguration) { self.serving = serving }
    }

    private let rpc: RPCServer
    private let life: ServerLife
    /// Counts what was shown.
    private let counting: LoopThread
    private let journal: JournalWriter?

    /// Starts to accept calls.
    ///
    /// - Parameters:
    ///   - models: what it serves, made for as many loops as the configuration has; no other server
    ///     may serve them.
    ///   - journal: where events and catalog are kept; the server closes it at its end. nil where
    ///     none are.
    ///   - onDrainRequest: called, on a loop's thread, when a client asks for a drain; whoever owns
    ///     the server is to call ``drain()`` on another thread.
    /// - Throws: where the socket cannot be had or the limits contradict each other.
    package init(
        models: ServedModels, journal: JournalWriter? = nil, configuration: Configuration,
        onDrainRequest: @escaping @Sendable (DrainRequest) -> Void
    ) throws {
        precondition(
            configuration.serving.loopCount == models.settings.loopCount,
            "models for \(models.settings.loopCount) loops, not \(configuration.serving.loopCount)")
        let life = ServerLife(
            configuration: configuration, models: models, journal: journal,
            onDrainRequest: onDrainRequest)
        rpc = try RPCServer(configuration.serving) { setup in
            let lane = models.makeLane(setup)
            let router = Router()
            ScoringService.register(in: router, lane)
            ProfilesService.register(in: router, lane)
            EmbeddingsService.register(in: router, lane)
            ModelsService.register(in: router, models)
            EventsService.register(in: router, journal)
            CatalogService.register(in: router, journal)
            AdminService(lane: lane, life: life).register(in: router)
            ReflectionService.register(in: router)
            HealthService.register(in: router) { life.isDraining }
            setup.atTurnEnd { lane.endTurn() }
            return router
        }
        (self.life, self.journal) = (life, journal)
        counting = try LoopThread.start(name: "sidecart-slates") { loop in
            let interval = Duration.milliseconds(250)
            try Timer(on: loop).start(after: interval, every: interval) { models.keepSlates() }
        }
        life.attach(rpc)
    }

    deinit { counting.door.submit { $0.stop() } }

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
        counting.door.submit { $0.stop() }
        counting.join()
        // Once all is answered that waits for it; it writes down the last slates before it lets go of its files.
        journal?.close()
        // The routers hold the life, and it the server: without this none of them would go.
        life.detach()
    }

    /// Makes a drain that another thread waits for end now.
    package func endGrace() { rpc.endGrace() }

    /// Where it listens.
    package var path: String { rpc.path }

    package var statistics: RPCStatistics { rpc.statistics }

    /// All counters, gauges and histograms as they are now, UTF-8; in about a millisecond.
    package func metrics(_ format: MetricsWriter.Format) -> [UInt8] {
        ServerMetrics(life: life).text(format)
    }

    /// As the configuration says, or less where the process may not open as many files.
    package var connectionsMax: Int { rpc.connectionsMax }
}
