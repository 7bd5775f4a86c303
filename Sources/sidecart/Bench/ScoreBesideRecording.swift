import Bundles
import EventLoop
import Foundation
import Histogram
import Synchronization

/// Score of 100 items with one call in flight: alone, while another server on the same machine records
/// events, and while the server that is asked records them. What the second takes longer than the first
/// the machine is short of; what the third takes longer than the second is the server's own doing.
struct ScoreBesideRecording {
    struct Report: Encodable {
        let alone: LatencySummary
        let besideAnother: LatencySummary
        let recording: LatencySummary
        /// That the other server recorded, and the one that is asked.
        let otherEventsPerSecond: Double
        let eventsPerSecond: Double
        /// Of p99, to that alone.
        let besideAnotherRatio: Double
        let recordingRatio: Double
    }

    /// What is to be recorded meanwhile, in batches of 100.
    static let eventsPerSecond = 100_000.0

    let socket: String
    /// Of the server that is not asked.
    let otherSocket: String
    let bundle: ModelBundle
    let duration: Duration
    /// In which the three take turns.
    let rounds: Int

    func run() throws(Failure) -> Report {
        // As the server's loops do: what this thread waits for a processor is not the server's doing.
        ProcessSettings.askForShortSlices()
        var draws = RequestDraws(bundle)
        var pool = FramePool()
        for _ in 0..<1_024 {
            pool.append(.score, draws.score(min(100, bundle.items.count)))
        }
        var score = try LoadGenerator(path: socket, pool: pool)
        func ask() throws(Failure) -> Histogram<UInt64> {
            try score.run(inFlight: 1, for: .milliseconds(100))
            return try score.run(inFlight: 1, for: duration).latencies[.score] ?? .nanoseconds
        }
        func ask(whileRecordingOn path: String, _ run: Int) throws(Failure) -> Measured {
            let load = try PacedEvents(path: path, rate: Self.eventsPerSecond, run: run)
            let latencies = try ask()
            return Measured(
                latencies: latencies, eventsPerSecond: try load.stop().eventsPerSecond)
        }
        var (alone, another, recording): ([Measured], [Measured], [Measured]) = ([], [], [])
        for round in 0..<rounds {
            Output.note("asking Score, round \(round + 1) of \(rounds)")
            alone.append(Measured(latencies: try ask(), eventsPerSecond: 0))
            another.append(try ask(whileRecordingOn: otherSocket, 3 + round % 100))
            recording.append(try ask(whileRecordingOn: socket, 3 + round % 100))
        }
        let (first, second, third) = (alone.median, another.median, recording.median)
        func ratio(_ measured: Measured) -> Double {
            measured.p99 / max(1, first.p99)
        }
        return Report(
            alone: LatencySummary(first.latencies),
            besideAnother: LatencySummary(second.latencies),
            recording: LatencySummary(third.latencies),
            otherEventsPerSecond: second.eventsPerSecond, eventsPerSecond: third.eventsPerSecond,
            besideAnotherRatio: ratio(second), recordingRatio: ratio(third))
    }
}

private struct Measured {
    let latencies: Histogram<UInt64>
    let eventsPerSecond: Double

    var p99: Double { Double(latencies.valueAtPercentile(99)) }
}

extension [Measured] {
    /// The round with the median p99.
    fileprivate var median: Measured { sorted { $0.p99 < $1.p99 }[count / 2] }
}

/// Events that are recorded at a steady rate from a thread of their own, until it is stopped.
private final class PacedEvents: Sendable {
    private let outcome = Mutex<Result<EventLoad.Result, Failure>?>(nil)
    private let ended = DispatchSemaphore(value: 0)
    private let isStopped = Atomic(false)

    /// - Parameter run: another one for each use of a server; see ``EventFrames``.
    init(path: String, rate: Double, run: Int) throws(Failure) {
        let load = Mutex(
            try EventLoad(
                path: path, clients: 4, inFlight: 8, frames: EventFrames(events: 100, run: run)))
        Thread.detachNewThread { [self] in
            let result = load.withLock { load in
                Result { () throws(Failure) in
                    try load.run(rate: rate) { _ in isStopped.load(ordering: .relaxed) }
                }
            }
            outcome.withLock { $0 = result }
            ended.signal()
        }
    }

    func stop() throws(Failure) -> EventLoad.Result {
        isStopped.store(true, ordering: .relaxed)
        ended.wait()
        guard let outcome = outcome.withLock({ $0 }) else {
            preconditionFailure("a thread ended without its outcome")
        }
        return try outcome.get()
    }
}

extension ScoreBesideRecording.Report {
    var description: String {
        var table = Table(["Score(100), 1 in flight", ">events/s", ">p50", ">p99", ">times"])
        for (name, events, latency, ratio) in [
            ("alone", 0, alone, 1),
            ("another server records", otherEventsPerSecond, besideAnother, besideAnotherRatio),
            ("it records", eventsPerSecond, recording, recordingRatio),
        ] {
            table.add([
                name, Int(events).grouped, latency.p50Microseconds.microseconds,
                latency.p99Microseconds.microseconds, String(format: "%.2f", ratio),
            ])
        }
        return table.render()
    }
}
