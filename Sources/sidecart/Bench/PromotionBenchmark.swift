import Bundles
import EventLoop
import Foundation
import Histogram
import SidecartClient
import Synchronization

/// How calls fare while a server changes from one model to another, again and again.
///
/// One connection sends calls at a steady rate, each timed from when it was due, so that a server
/// that stands still is charged for the calls that come meanwhile. Beside it a model is loaded and
/// promoted every so often: two bundles in turn, in one server process.
struct PromotionBenchmark {
    /// The bundles' folders, and one of them.
    let paths: [String]
    let bundle: ModelBundle
    var shape = RequestShape()
    var evenly = false
    var callsPerSecond = 50_000
    var promotions = 20
    var seconds = 60.0

    /// What the server does when a call is due or answered.
    enum Phase: Int, CaseIterable, Encodable {
        case rest
        /// A model is being loaded.
        case load
        /// From when Promote is asked until ``PromotionBenchmark/swapTime`` later.
        case swap
    }

    /// Long enough for all that a swap brings about: every loop changes, and the model before the
    /// previous one is freed.
    static let swapTime = Duration.milliseconds(100)

    struct Report: Encodable {
        let machine: Machine
        let subject: String
        let seconds: Double
        let callsPerSecond: Double
        let promotions: Int
        let failedCalls: Int
        /// What the first of them says; empty without any.
        let failure: String
        let rest: LatencySummary
        let load: LatencySummary
        let swap: LatencySummary
        let secondsPerLoad: Double
        /// Of the server: after the second promotion, when it holds two models, and at the end.
        let residentBytesAtFirst: Int
        let residentBytes: Int
    }

    func run(_ machine: Machine, subject: String) throws(Failure) -> Report {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let server = try ServerProcess(
            ["serve", "--bundle", paths[0], "--socket", folder.file("s"), "--ends-with-parent"])
        defer { server.stop() }
        Output.note("drawing requests")
        let pool = FramePool(shape, RequestDraws(bundle, evenly: evenly))
        let phase = Atomic(Phase.rest.rawValue)
        // As the server's loops do: what this thread waits for a processor is not the server's doing.
        ProcessSettings.askForShortSlices()
        var load = try PacedLoad(path: folder.file("s"), pool: pool)
        try load.run(callsPerSecond: callsPerSecond, for: .seconds(0.5)) { .rest }
        load.forget()
        let promoter = Promoter(
            socket: folder.file("s"), paths: paths, count: promotions, within: seconds)
        let bar = ProgressBar("promoting")
        let start = ContinuousClock.now
        let outcome = promoter.start { now, promoted in
            phase.store(now.rawValue, ordering: .relaxed)
            bar.update(
                min(1, (ContinuousClock.now - start).seconds / seconds),
                detail: "\(promoted) of \(promotions)")
        }
        try load.run(callsPerSecond: callsPerSecond, for: .seconds(seconds)) {
            Phase(rawValue: phase.load(ordering: .relaxed)) ?? .rest
        }
        bar.finish()
        let result = try outcome.wait()
        func summary(_ phase: Phase) -> LatencySummary {
            LatencySummary(load.latencies[phase] ?? .nanoseconds)
        }
        return Report(
            machine: machine, subject: subject, seconds: load.seconds,
            callsPerSecond: Double(load.calls) / load.seconds, promotions: result.promoted,
            failedCalls: load.failedCalls, failure: load.failure, rest: summary(.rest),
            load: summary(.load), swap: summary(.swap), secondsPerLoad: result.secondsPerLoad,
            residentBytesAtFirst: result.residentBytesAtFirst, residentBytes: result.residentBytes)
    }
}

/// Sends calls of one connection at a steady rate.
private struct PacedLoad {
    private(set) var latencies: [PromotionBenchmark.Phase: Histogram<UInt64>] = [:]
    private(set) var calls = 0
    private(set) var failedCalls = 0
    private(set) var failure = ""
    private(set) var seconds = 0.0

    private let connection: FrameConnection
    private let pool: FramePool
    private var nextFrame = 0
    private var nextStream: UInt32 = 1
    /// By stream id halved, modulo their count: when a call was due, and in which phase.
    private var flights: [(due: UInt64, phase: PromotionBenchmark.Phase)]

    /// Calls under way at once; more are sent late, and timed from when they were due.
    private static let inFlightMax = 2_048

    init(path: String, pool: FramePool) throws(Failure) {
        connection = try FrameConnection(path: path)
        self.pool = pool
        flights = Array(repeating: (0, .rest), count: 2 * Self.inFlightMax)
    }

    mutating func forget() {
        (latencies, calls, failedCalls, failure) = ([:], 0, 0, "")
    }

    mutating func run(
        callsPerSecond: Int, for duration: Duration, phase: () -> PromotionBenchmark.Phase
    ) throws(Failure) {
        let start = LoadGenerator.now()
        let interval = 1e9 / Double(callsPerSecond)
        let total = Int(duration.seconds * Double(callsPerSecond))
        var (sent, answered) = (0, 0)
        while answered < total {
            let now = LoadGenerator.now()
            let due = min(total, Int(Double(now - start) / interval) + 1)
            let current = phase()
            while sent < due, sent - answered < Self.inFlightMax {
                queue(at: start + UInt64(Double(sent) * interval), current)
                sent += 1
            }
            if sent == answered {
                let next = start + UInt64(Double(sent) * interval)
                var pause = timespec(tv_sec: 0, tv_nsec: Int(max(1, Int64(next) - Int64(now))))
                nanosleep(&pause, nil)
                continue
            }
            answered += try takeAnswers(phase)
        }
        calls += total
        seconds = Double(LoadGenerator.now() - start) * 1e-9
    }

    private mutating func takeAnswers(
        _ phase: () -> PromotionBenchmark.Phase
    ) throws(Failure) -> Int {
        var answered = 0
        var now: UInt64 = 0
        var current = PromotionBenchmark.Phase.rest
        _ = try connection.exchange { answer in
            if answered == 0 { (now, current) = (LoadGenerator.now(), phase()) }
            answered += 1
            let flight = flights[Int(answer.stream >> 1) & (flights.count - 1)]
            let worst = flight.phase.rawValue > current.rawValue ? flight.phase : current
            latencies[worst, default: .nanoseconds].record(max(1, now - min(now, flight.due)))
            if answer.isFailure {
                if failedCalls == 0 { failure = answer.message }
                failedCalls += 1
            }
        }
        return answered
    }

    private mutating func queue(at due: UInt64, _ phase: PromotionBenchmark.Phase) {
        flights[Int(nextStream >> 1) & (flights.count - 1)] = (due, phase)
        pool.copy(nextFrame, stream: nextStream, to: &connection.output)
        // Stream ids end at half of their range; no run is that long.
        nextStream += 2
        nextFrame = nextFrame + 1 == pool.count ? 0 : nextFrame + 1
    }
}

/// Loads and promotes bundles in turn, on a thread of its own.
private final class Promoter: Sendable {
    struct Result: Sendable {
        var promoted = 0
        var secondsPerLoad = 0.0
        var residentBytesAtFirst = 0
        var residentBytes = 0
    }

    private let socket: String
    private let paths: [String]
    private let count: Int
    private let seconds: Double
    private let ended = DispatchSemaphore(value: 0)
    private let result = Mutex<Swift.Result<Result, Failure>>(.success(Result()))

    init(socket: String, paths: [String], count: Int, within seconds: Double) {
        (self.socket, self.paths, self.count, self.seconds) = (socket, paths, count, seconds)
    }

    /// - Parameter onPhase: called on that thread, with how many were promoted.
    func start(_ onPhase: @escaping @Sendable (PromotionBenchmark.Phase, Int) -> Void) -> Promoter {
        Thread.detachNewThread { [self] in
            do throws(Failure) {
                try run(onPhase)
            } catch {
                result.withLock { $0 = .failure(error) }
            }
            onPhase(.rest, count)
            ended.signal()
        }
        return self
    }

    func wait() throws(Failure) -> Result {
        ended.wait()
        return try result.withLock { $0 }.get()
    }

    private func run(
        _ onPhase: @Sendable (PromotionBenchmark.Phase, Int) -> Void
    ) throws(Failure) {
        let connection = BlockingConnection(socketPath: socket)
        let start = ContinuousClock.now
        var found = Result()
        do throws(SidecartError) {
            for number in 0..<count {
                // Evenly over the time, each with some rest before it.
                let due = start + .seconds(seconds * (Double(number) + 0.25) / Double(count))
                Thread.sleep(forTimeInterval: max(0, (due - ContinuousClock.now).seconds))
                onPhase(.load, number)
                let loading = ContinuousClock.now
                let begun = try connection.loadModel(at: paths[(number + 1) % paths.count])
                try wait(for: begun.number, connection)
                found.secondsPerLoad += (ContinuousClock.now - loading).seconds / Double(count)
                onPhase(.swap, number)
                try connection.promoteModel()
                Thread.sleep(forTimeInterval: PromotionBenchmark.swapTime.seconds)
                onPhase(.rest, number + 1)
                found.promoted += 1
                if number == min(1, count - 1) {
                    found.residentBytesAtFirst = try connection.status().residentBytes
                }
            }
            found.residentBytes = try connection.status().residentBytes
        } catch {
            throw Failure("promoting: \(error)")
        }
        result.withLock { [found] in $0 = .success(found) }
    }

    private func wait(
        for number: Int, _ connection: BlockingConnection
    ) throws(SidecartError) {
        while true {
            let models = try connection.models().models
            guard let model = models.first(where: { $0.number == number }) else { return }
            switch model.state {
            case .loading: Thread.sleep(forTimeInterval: 0.01)
            case .failed: throw SidecartError(.failedPrecondition, model.failure)
            default: return
            }
        }
    }
}

extension PromotionBenchmark.Report {
    var description: String {
        var table = Table(["while", ">calls", ">p50", ">p99", ">p99.9", ">longest"])
        for (phase, latency) in [
            ("at rest", rest), ("a model is loaded", load), ("it is promoted", swap),
        ] {
            table.add([
                phase, latency.calls.grouped, latency.p50Microseconds.microseconds,
                latency.p99Microseconds.microseconds, latency.p999Microseconds.microseconds,
                latency.maxMicroseconds.microseconds,
            ])
        }
        let ratio = rest.p99Microseconds > 0 ? swap.p99Microseconds / rest.p99Microseconds : 0
        return """
            \(subject)
            \(machine.description); \(Int(callsPerSecond).grouped) calls/s for \(String(format: "%.1f", seconds)) s
            \(table.render())
            \(promotions) promotions, \(failedCalls.grouped) failed calls\(failure.isEmpty ? "" : " (\(failure))"); \
            p99 while promoted \(String(format: "%.2f", ratio)) times that at rest
            a load takes \(String(format: "%.2f", secondsPerLoad)) s; resident \(residentBytesAtFirst >> 20) MiB \
            after the first, \(residentBytes >> 20) MiB at the end
            """
    }
}
