import Bundles
import EventJournal
import Foundation
import Histogram

/// What a server durably records, and what recording costs those who ask it meanwhile.
struct EventBenchmark {
    /// Durable events, by who sends them how.
    struct Line: Encodable {
        let name: String
        let clients: Int
        let batch: Int
        let eventsPerSecond: Double
        /// From sending a call to its acknowledgement; nil where there is no call.
        let latency: LatencySummary?
    }

    /// Score of 100 with one call in flight, alone and while events are recorded.
    struct Beside: Encodable {
        let eventsPerSecond: Double
        let alone: LatencySummary
        let recording: LatencySummary
        var p99Ratio: Double { recording.p99Microseconds / max(1e-9, alone.p99Microseconds) }
    }

    struct Report: Encodable {
        let machine: Machine
        let lines: [Line]
        let bytesPerEvent: Double
        let events: Int
        let beside: Beside
    }

    /// What is recorded while Score is timed.
    static let besideRate = 100_000.0

    let seconds: Double
    let rounds: Int
    let shop: SyntheticShop

    func run(_ machine: Machine) throws(Failure) -> Report {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let bundle = try shop.write(to: folder.file("bundle"))
        let journal = folder.file("events.db")
        let server = try ServerProcess([
            "serve", "--bundle", folder.file("bundle"), "--socket", folder.file("s"),
            "--events-db", journal, "--drain-seconds", "1", "--ends-with-parent",
        ])
        defer { server.stop() }
        var batches = try EventLoad(
            path: folder.file("s"), clients: 4, inFlight: 8,
            frames: EventFrames(events: 100, run: 1))
        var singles = try EventLoad(
            path: folder.file("s"), clients: 64, inFlight: 1, frames: EventFrames(events: 1, run: 2)
        )
        var (plain, hundred, one): ([Double], [EventLoad.Result], [EventLoad.Result]) = ([], [], [])
        let duration = Duration.seconds(seconds)
        for round in 0..<rounds {
            Output.note("recording, round \(round + 1) of \(rounds)")
            let file = folder.file("plain-\(round).db")
            plain.append(
                try PlainSQLite(path: file).eventsPerSecond(batch: 100, for: duration))
            hundred.append(try batches.run(for: duration))
            one.append(try singles.run(for: duration))
            for end in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: file + end)
            }
        }
        Output.note("asking Score beside it")
        let beside = try besideScore(folder.file("s"), bundle)
        // Its end moves the log into the file.
        server.stop()
        let bytes = try? FileManager.default.attributesOfItem(atPath: journal)[.size] as? Int
        let events = Self.events(in: journal)
        return Report(
            machine: machine,
            lines: [
                Line(
                    name: "SQLite alone, a transaction a batch", clients: 1, batch: 100,
                    eventsPerSecond: plain.sorted()[rounds / 2], latency: nil),
                line("sidecart", 4, 100, hundred), line("sidecart", 64, 1, one),
            ],
            bytesPerEvent: Double(bytes ?? 0) / Double(max(1, events)), events: events,
            beside: beside)
    }

    private static func events(in journal: String) -> Int {
        Int((try? JournalReader(journal).watermark) ?? 0)
    }

    private func line(
        _ name: String, _ clients: Int, _ batch: Int, _ results: [EventLoad.Result]
    ) -> Line {
        var latencies = Histogram<UInt64>.nanoseconds
        for result in results { latencies.add(result.latencies) }
        return Line(
            name: name, clients: clients, batch: batch,
            eventsPerSecond: results.map(\.eventsPerSecond).sorted()[results.count / 2],
            latency: LatencySummary(latencies))
    }

    private func besideScore(_ path: String, _ bundle: ModelBundle) throws(Failure) -> Beside {
        var draws = RequestDraws(bundle)
        var pool = FramePool()
        for _ in 0..<1_024 {
            pool.append(.score, draws.score(min(100, bundle.items.count)))
        }
        var score = try LoadGenerator(path: path, pool: pool)
        let duration = Duration.seconds(2 * seconds)
        try score.run(inFlight: 1, for: .milliseconds(100))
        let alone = try score.run(inFlight: 1, for: duration).latencies[.score]
        let load = try PacedEvents(path: path, rate: Self.besideRate)
        let recording = try score.run(inFlight: 1, for: duration).latencies[.score]
        let recorded = load.stop()
        return Beside(
            eventsPerSecond: recorded.eventsPerSecond,
            alone: LatencySummary(alone ?? .nanoseconds),
            recording: LatencySummary(recording ?? .nanoseconds))
    }
}

/// Events that are recorded at a steady rate from a thread of their own, until it is stopped.
private final class PacedEvents: @unchecked Sendable {
    /// The thread's until `ended` is signaled.
    private var load: EventLoad
    private var result = EventLoad.Result()
    private let ended = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var isStopped = false

    init(path: String, rate: Double) throws(Failure) {
        load = try EventLoad(
            path: path, clients: 4, inFlight: 8, frames: EventFrames(events: 100, run: 3))
        Thread.detachNewThread { [self] in
            while !lock.withLock({ isStopped }) {
                guard let part = try? load.run(for: .milliseconds(100), rate: rate) else { break }
                result.acknowledged += part.acknowledged
                result.seconds += part.seconds
            }
            ended.signal()
        }
    }

    func stop() -> EventLoad.Result {
        lock.withLock { isStopped = true }
        ended.wait()
        return result
    }
}

extension EventBenchmark.Report {
    var description: String {
        var table = Table([
            "durable events", ">clients", ">a batch", ">events/s", ">p50 us", ">p99 us",
        ])
        for line in lines {
            table.add([
                line.name, "\(line.clients)", "\(line.batch)",
                Int(line.eventsPerSecond).grouped,
                line.latency.map { "\(Int($0.p50Microseconds))" } ?? "",
                line.latency.map { "\(Int($0.p99Microseconds))" } ?? "",
            ])
        }
        func text(_ value: Double, _ digits: Int = 1) -> String {
            String(format: "%.\(digits)f", value)
        }
        return [
            machine.description, table.render(),
            "\(events.grouped) events in the file, \(text(bytesPerEvent)) bytes each",
            "Score(100), 1 in flight: p99 \(text(beside.alone.p99Microseconds)) us alone, "
                + "\(text(beside.recording.p99Microseconds)) us while \(Int(beside.eventsPerSecond).grouped) events/s are recorded: "
                + "\(text(beside.p99Ratio, 2)) times",
        ].joined(separator: "\n")
    }
}
