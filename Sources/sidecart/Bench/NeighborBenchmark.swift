import Bundles
import Foundation
import Interactions

/// How long small calls wait at a server that others ask for much.
///
/// Three probes call in turns from one thread, each on a connection of its own: Score of 20 items, a
/// health check, and the same Score with a deadline of a millisecond. A fourth asks the bare socket of
/// ``EchoServer``: so long do calls wait for this machine, whatever the server does. Every row has a
/// fresh server.
struct NeighborBenchmark {
    /// Who else calls.
    enum Load: Encodable, Equatable {
        case none
        /// Clients that keep 64 calls in flight of Recommend: as many items as one call may ask for,
        /// with reasons, for as long a history as one call may bring.
        case recommend(clients: Int)
        /// Clients that keep 64 calls in flight of Nearest.
        case nearest(clients: Int)
        /// 32 connections that send 64 frames each at once, of less than 100 bytes: Recommend as many
        /// items as one call may ask for, with reasons, for a shopper with a long history.
        case stall

        var description: String {
            switch self {
            case .none: "nothing else"
            case .recommend(let clients): "\(clients) × Recommend 1,000"
            case .nearest(let clients): "\(clients) × Nearest"
            case .stall: "burst of 32 × 64 Recommend"
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(description)
        }
    }

    struct Row: Encodable {
        let items: Int
        let dimensions: Int
        let load: Load
        let score: Probe.Figures
        let health: Probe.Figures
        let deadline: Probe.Figures
        let bareSocket: Probe.Figures
        let neighborCalls: Int
        let neighborRefused: Int
        let seconds: Double
        /// As ``NeighborTargets`` has them.
        var meetsTargets = false
    }

    /// Length of one row. A burst is watched until it is answered, but for no longer than ten times
    /// this.
    let seconds: Double
    private let folder: TemporaryFolder

    init(seconds: Double) throws(Failure) {
        self.seconds = seconds
        folder = try TemporaryFolder()
    }

    /// Serves a shop under each of the loads.
    func run(_ shop: SyntheticShop, _ loads: [Load]) throws(Failure) -> [Row] {
        let path = folder.file("bundle")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bundle = try shop.write(to: path)
        var rows: [Row] = []
        for load in loads {
            Output.note("measuring beside \(load.description)")
            rows.append(try measure(bundle, path, load))
        }
        return rows
    }

    private func measure(
        _ bundle: ModelBundle, _ path: String, _ load: Load
    ) throws(Failure) -> Row {
        let socket = folder.file("s")
        // Not stopped but killed when this ends: it may be busy for long with what nobody awaits.
        let server = try ServerProcess(serving: path, socket: socket)
        defer { withExtendedLifetime(server) {} }
        // A health check's answer has 16 bytes, the status and the header among them.
        let echo = try ServerProcess(["bench-reference", folder.file("r"), "16"])
        defer {
            echo.stop()
            unlink(folder.file("r"))
        }
        var draws = RequestDraws(bundle)
        var probes = try makeProbes(socket, &draws)
        for _ in 0..<10 { for i in probes.indices { try probes[i].ask() } }
        for i in probes.indices { probes[i].forget() }
        let neighbors = try start(load, socket, &draws)
        // What they have sent is being worked at before the first probe.
        usleep(2_000)
        var random = SeededGenerator(seed: 3)
        let start = LoadGenerator.now()
        var elapsed = 0.0
        repeat {
            for i in probes.indices {
                try probes[i].ask()
                // So that calls come at any moment of what the server does.
                usleep(UInt32.random(in: 0..<500, using: &random))
            }
            elapsed = Double(LoadGenerator.now() - start) * 1e-9
        } while elapsed < seconds
            || load == .stall && elapsed < 10 * seconds && !neighbors.allSatisfy(\.hasEnded)
        let results = neighbors.map { $0.stop() }
        let dimensions = bundle.parts.embeddings?.items.columns ?? 0
        var row = Row(
            items: bundle.items.count, dimensions: dimensions, load: load,
            score: probes[0].figures, health: probes[1].figures, deadline: probes[2].figures,
            bareSocket: probes[3].figures,
            neighborCalls: results.reduce(0) { $0 + $1.calls },
            neighborRefused: results.reduce(0) { $0 + $1.failedCalls }, seconds: elapsed)
        row.meetsTargets = NeighborTargets.areMet(row)
        return row
    }

    private func makeProbes(_ socket: String, _ draws: inout RequestDraws) throws(Failure)
        -> [Probe]
    {
        var (score, health, deadline) = (FramePool(), FramePool(), FramePool())
        health.append(.health, ProtobufBytes())
        let scored = min(20, draws.bundle.items.count)
        for _ in 0..<1_024 {
            score.append(.score, draws.score(scored))
            deadline.append(.score, draws.score(scored), timeout: .milliseconds(1))
        }
        return [
            try Probe(path: socket, pool: score), try Probe(path: socket, pool: health),
            try Probe(path: socket, pool: deadline),
            try Probe(path: folder.file("r"), pool: health),
        ]
    }

    private func start(
        _ load: Load, _ socket: String, _ draws: inout RequestDraws
    ) throws(Failure) -> [BackgroundLoad] {
        let clients: Int
        var pool = FramePool()
        switch load {
        case .none: return []
        case .recommend(let count):
            clients = count
            let history = min(1_000, draws.bundle.items.count / 2)
            for _ in 0..<256 {
                pool.append(
                    .recommend,
                    draws.recommend(
                        basket: 0, history: history, k: 1_000, isKnown: false, reasons: true))
            }
        case .nearest(let count):
            clients = count
            for _ in 0..<1_024 { pool.append(.nearest, draws.nearest(k: 10)) }
        case .stall:
            clients = 32
            let loyal = draws.loyalUsers
            for _ in 0..<2_048 {
                pool.append(.recommend, draws.recommendToLoyal(k: 1_000, among: loyal))
            }
        }
        var started: [BackgroundLoad] = []
        for client in 0..<clients {
            started.append(
                try BackgroundLoad(
                    path: socket, pool: pool, firstFrame: client * 64, inFlight: 64,
                    isBurst: load == .stall))
        }
        return started
    }
}
