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

    let seconds: Double
    let rounds: Int
    let shop: SyntheticShop

    struct Report: Encodable {
        let machine: Machine
        let lines: [Line]
        let bytesPerEvent: Double
        let events: Int
        let beside: ScoreBesideRecording.Report
    }

    func run(_ machine: Machine) throws(Failure) -> Report {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let bundle = try shop.write(to: folder.file("bundle"))
        let journal = folder.file("events.db")
        func serve(_ socket: String, _ journal: String) throws(Failure) -> ServerProcess {
            try ServerProcess(
                serving: folder.file("bundle"), socket: socket, ["--events-db", journal])
        }
        let server = try serve(folder.file("s"), journal)
        defer { server.stop() }
        let lines = try measureRecording(folder)
        Output.note("asking Score beside it")
        let other = try serve(folder.file("other"), folder.file("other.db"))
        defer { other.stop() }
        let beside = try ScoreBesideRecording(
            socket: folder.file("s"), otherSocket: folder.file("other"), bundle: bundle,
            duration: .seconds(seconds), rounds: rounds
        ).run()
        // Its end moves the log into the file.
        server.stop()
        let bytes = try? FileManager.default.attributesOfItem(atPath: journal)[.size] as? Int
        let events = Int((try? JournalReader(journal).watermark) ?? 0)
        return Report(
            machine: machine, lines: lines,
            bytesPerEvent: Double(bytes ?? 0) / Double(max(1, events)), events: events,
            beside: beside)
    }

    /// Durable events a second, in turns with SQLite alone.
    private func measureRecording(_ folder: TemporaryFolder) throws(Failure) -> [Line] {
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
        return [
            Line(
                name: "SQLite alone, a transaction a batch", clients: 1, batch: 100,
                eventsPerSecond: plain.sorted()[rounds / 2], latency: nil),
            line("sidecart", 4, 100, hundred), line("sidecart", 64, 1, one),
        ]
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
        return [
            machine.description, table.render(),
            "\(events.grouped) events in the file, \(String(format: "%.1f", bytesPerEvent)) bytes each",
            beside.description,
        ].joined(separator: "\n")
    }
}
