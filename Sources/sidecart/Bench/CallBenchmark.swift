import Bundles
import Foundation
import Histogram
import Interactions
import SidecartClient

/// Calls to a real server process and to a bare socket that answers frames of the same sizes, in
/// turns.
struct CallBenchmark {
    /// The bundle that is served, and its folder.
    let bundle: ModelBundle
    let path: String
    var shape = RequestShape()
    var evenly = false
    var depths = [1, 64]
    var seconds = 1.0
    var rounds = 5
    /// Purchases that are recorded first; nil for a server that keeps no events.
    var recorded: Int?

    /// One server at one depth, over all rounds: medians of the rounds, and latencies of all calls.
    struct Line: Encodable {
        let server: String
        let inFlight: Int
        /// Of calls that were not refused, as are the next two.
        let callsPerSecond: Double
        /// Processor time of the server, and of this program, which makes the load.
        let cpuMicrosecondsPerCall: Double
        let clientMicrosecondsPerCall: Double
        /// In all rounds, such as calls that waited too long for a server that is slow at them.
        let refusedCalls: Int
        /// Different requests; more calls than these ask them again, from the first one on.
        let requestsInPool: Int
        let latencies: [String: LatencySummary]
    }

    /// Records purchases of the bundle's shoppers, four a basket, newer than what it was trained with.
    private func record(_ count: Int, _ socket: String) throws(Failure) {
        guard count > 0 else { return }
        guard bundle.users.count > 0 else { throw Failure("\(path): knows no users") }
        var configuration = SidecartConfiguration()
        configuration.timeout = .seconds(60)
        let connection = BlockingConnection(socketPath: socket, configuration: configuration)
        defer { connection.close() }
        var random = SeededGenerator(seed: 1)
        let start = Int64(bundle.info.data?.newestEvent ?? 1_700_000_000) + 1
        for first in stride(from: 0, to: count, by: 1_000) {
            let events = (first..<min(count, first + 1_000)).map { number in
                var own = SeededGenerator(seed: UInt64(number / 4))
                let user = bundle.users[Int.random(in: 0..<bundle.users.count, using: &own)]
                let item = bundle.items[Int.random(in: 0..<bundle.items.count, using: &random)]
                return Event(
                    .purchase, of: item, by: user, in: "basket-\(number / 4)",
                    time: start + Int64(number / 4))
            }
            do {
                try connection.record(events)
            } catch { throw Failure("recording: \(error)") }
        }
    }

    func run() throws(Failure) -> [Line] {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        Output.note("starting a server")
        let server = try ServerProcess(
            serving: path, socket: folder.file("s"),
            recorded.map { _ in ["--events-db", folder.file("events.db")] } ?? [])
        defer { server.stop() }
        if let recorded { try record(recorded, folder.file("s")) }
        Output.note("drawing requests")
        let pool = FramePool(shape, RequestDraws(bundle, evenly: evenly))
        var real = try Subject(name: "sidecart", path: folder.file("s"), server, pool)
        let replyBytes = try real.warmUp()
        let echo = try ServerProcess(["bench-reference", folder.file("r"), "\(replyBytes)"])
        defer { echo.stop() }
        var bare = try Subject(name: "bare socket", path: folder.file("r"), echo, pool)
        _ = try bare.warmUp()
        var subjects = [real, bare]
        var runs: [[Run]] = depths.flatMap { _ in subjects.map { _ in [] } }
        let bar = ProgressBar("measuring")
        defer { bar.finish() }
        for round in 0..<rounds {
            for (i, depth) in depths.enumerated() {
                for j in subjects.indices {
                    let place = i * subjects.count + j
                    bar.update(
                        Double(round * runs.count + place) / Double(rounds * runs.count),
                        detail: "\(subjects[j].name), \(depth) in flight")
                    runs[place].append(
                        try subjects[j].measure(inFlight: depth, for: .seconds(seconds)))
                }
            }
        }
        return runs.enumerated().map { place, runs in
            line(
                subjects[place % subjects.count].name, depths[place / subjects.count], pool.count,
                runs)
        }
    }

    private func line(_ name: String, _ depth: Int, _ requests: Int, _ runs: [Run]) -> Line {
        func median(_ value: (Run) -> Double) -> Double {
            runs.map(value).sorted()[runs.count / 2]
        }
        func perCall(_ time: (Run) -> Duration) -> Double {
            median {
                time($0).seconds * 1e6 / Double(max(1, $0.result.calls - $0.result.failedCalls))
            }
        }
        var latencies: [BenchCall: Histogram<UInt64>] = [:]
        for run in runs {
            for (call, histogram) in run.result.latencies {
                latencies[call, default: .nanoseconds].add(histogram)
            }
        }
        return Line(
            server: name, inFlight: depth,
            callsPerSecond: median {
                Double($0.result.calls - $0.result.failedCalls) / $0.result.seconds
            },
            cpuMicrosecondsPerCall: perCall(\.serverCPU),
            clientMicrosecondsPerCall: perCall(\.clientCPU),
            refusedCalls: runs.reduce(0) { $0 + $1.result.failedCalls },
            requestsInPool: requests,
            latencies: Dictionary(
                uniqueKeysWithValues: latencies.map { ($0.key.rawValue, LatencySummary($0.value)) })
        )
    }

    private struct Run {
        let result: LoadGenerator.Result
        let serverCPU: Duration
        let clientCPU: Duration
    }

    /// One server under measurement.
    private struct Subject {
        let name: String
        let server: ServerProcess
        private var load: LoadGenerator

        init(
            name: String, path: String, _ server: ServerProcess, _ pool: FramePool
        ) throws(Failure) {
            self.name = name
            self.server = server
            load = try LoadGenerator(path: path, pool: pool)
        }

        /// Calls for a while without counting; returns the average bytes of an answer.
        mutating func warmUp() throws(Failure) -> Int {
            let result = try run(inFlight: 16, for: .milliseconds(200))
            return result.replyBytes / max(1, result.calls)
        }

        mutating func measure(inFlight: Int, for time: Duration) throws(Failure) -> Run {
            _ = try run(inFlight: inFlight, for: .milliseconds(20))
            let (serverBefore, clientBefore) = (server.cpu, Self.ownCPU)
            let result = try run(inFlight: inFlight, for: time)
            return Run(
                result: result, serverCPU: server.cpu - serverBefore,
                clientCPU: Self.ownCPU - clientBefore)
        }

        private mutating func run(
            inFlight: Int, for time: Duration
        ) throws(Failure) -> LoadGenerator.Result {
            let result = try load.run(inFlight: inFlight, for: time)
            guard result.failedCalls < result.calls else {
                throw Failure("\(name): all calls are refused: \(result.failure)")
            }
            return result
        }

        private static var ownCPU: Duration {
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        }
    }
}
