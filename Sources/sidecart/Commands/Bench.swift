import ArgumentParser
import Bundles
import CLinux
import Foundation
import Histogram
import Interactions
import Models

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure Score calls on this machine, beside a bare socket.",
        discussion: """
            Serves seeded random vectors from a second process and keeps calls in flight on one connection. The \
            reference answers the same frames with as many bytes and computes nothing. Both take turns, and medians \
            of the rounds are shown.

            Examples:
              sidecart bench
              sidecart bench --candidates 500 --in-flight 1,16 --seconds 5 --json
              sidecart bench --one-cpu
            """)

    @Option(help: ArgumentHelp("Items in the store.", valueName: "n")) var items = 10_000
    @Option(help: ArgumentHelp("Elements of a vector.", valueName: "n")) var dimensions = 64
    @Option(help: ArgumentHelp("Items scored by one call.", valueName: "n")) var candidates = 100
    @Option(help: ArgumentHelp("Calls kept in flight.", valueName: "n,…")) var inFlight = "1,64"
    @Option(help: ArgumentHelp("Length of one measurement.", valueName: "n")) var seconds = 1.0
    @Option(help: ArgumentHelp("Rounds; medians are shown.", valueName: "n")) var rounds = 5
    @Flag(help: "Keep client and server on one processor: no wake-ups across processors.")
    var oneCPU = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard 1...1_000_000 ~= items, 1...1_024 ~= dimensions, 1...1_000 ~= candidates,
            candidates <= items
        else {
            throw ValidationError(
                "--items is 1 to 1000000, --dimensions 1 to 1024, --candidates 1 to 1000 and no more than the items"
            )
        }
        guard seconds > 0, seconds <= 600, 1...1_000 ~= rounds else {
            throw ValidationError("--seconds is above 0 and up to 600, --rounds 1 to 1000")
        }
        guard depths.allSatisfy({ 1...1_024 ~= $0 }), !depths.isEmpty else {
            throw ValidationError("--in-flight is '\(inFlight)'; it takes numbers from 1 to 1024")
        }
    }

    private var depths: [Int] { inFlight.split(separator: ",").map { Int($0) ?? 0 } }

    func run() throws {
        if oneCPU { try Self.stayOnOneCPU() }
        let folder = try TemporaryFolder()
        let shop = SyntheticVectors(items: items, dimensions: dimensions)
        try shop.bundle.write(to: folder.file("bundle"), replacing: false)
        let frame = ScoreFrame.make(user: shop.user, items: shop.sample(candidates))
        let server = try ServerProcess([
            "serve", "--bundle", folder.file("bundle"), "--socket", folder.file("s"),
            "--ends-with-parent",
        ])
        defer { server.stop() }
        // Scores are 4 bytes each; some 40 bytes go to the model's version and the envelope.
        let reference = try ServerProcess([
            "bench-reference", folder.file("r"), "\(4 * candidates + 40)",
        ])
        defer { reference.stop() }
        let subjects = [
            Subject(name: "sidecart", path: folder.file("s"), server: server),
            Subject(name: "bare socket", path: folder.file("r"), server: reference),
        ]
        let bar = ProgressBar("measuring")
        var runs: [[Run]] = depths.flatMap { _ in subjects.map { _ in [] } }
        for round in 0..<rounds {
            for (i, depth) in depths.enumerated() {
                for (j, subject) in subjects.enumerated() {
                    let done = (round * depths.count + i) * subjects.count + j
                    bar.update(
                        Double(done) / Double(rounds * depths.count * subjects.count),
                        detail: "\(subject.name), \(depth) in flight")
                    runs[i * subjects.count + j].append(
                        try subject.measure(frame, inFlight: depth, for: .seconds(seconds)))
                }
            }
        }
        bar.finish()
        try report(
            zip(depths.flatMap { depth in subjects.map { (depth, $0.name) } }, runs).map {
                Line(name: $0.1, inFlight: $0.0, runs: $1)
            })
    }

    private func report(_ lines: [Line]) throws {
        if output.json {
            try Output.printJSON(lines)
            return
        }
        var table = Table([
            "server", ">in flight", ">calls/s", ">cpu/call", ">p50", ">p99", ">p99.9",
        ])
        func micro(_ value: Double) -> String { String(format: "%.1f µs", value) }
        for line in lines {
            table.add([
                line.server, "\(line.inFlight)", Int(line.callsPerSecond).grouped,
                micro(line.cpuMicrosecondsPerCall), micro(line.p50Microseconds),
                micro(line.p99Microseconds), micro(line.p999Microseconds),
            ])
        }
        try Output.print(
            """
            Score, \(candidates) of \(items.grouped) items, \(dimensions) dimensions, one connection\
            \(oneCPU ? ", one cpu" : ""); medians of \(rounds) rounds of \(seconds) s
            \(table.render())
            """)
    }

    private static func stayOnOneCPU() throws {
        guard sc_stay_on_cpu(0) == 0 else {
            throw Failure("cannot stay on cpu 0: \(String(cString: strerror(errno)))")
        }
    }

    /// One server under measurement.
    private struct Subject {
        let name: String
        let path: String
        let server: ServerProcess

        func measure(_ frame: [UInt8], inFlight: Int, for time: Duration) throws -> Run {
            var load = try LoadGenerator(path: path, frame: frame)
            defer { load.close() }
            _ = try load.run(inFlight: inFlight, for: .milliseconds(50))
            let before = server.cpu
            let result = try load.run(inFlight: inFlight, for: time)
            guard result.failedCalls == 0 else {
                throw Failure("\(name): \(result.failedCalls) of \(result.calls) calls failed")
            }
            return Run(result: result, cpu: server.cpu - before)
        }
    }

    private struct Run {
        let result: LoadGenerator.Result
        let cpu: Duration
    }

    /// Medians over the rounds.
    private struct Line: Encodable {
        let server: String
        let inFlight: Int
        let callsPerSecond: Double
        let cpuMicrosecondsPerCall: Double
        let p50Microseconds: Double
        let p99Microseconds: Double
        let p999Microseconds: Double

        init(name: String, inFlight: Int, runs: [Run]) {
            func median(_ value: (Run) -> Double) -> Double {
                runs.map(value).sorted()[runs.count / 2]
            }
            func percentile(_ percent: Double) -> Double {
                median { Double($0.result.latencies.valueAtPercentile(percent)) / 1_000 }
            }
            server = name
            self.inFlight = inFlight
            callsPerSecond = median { Double($0.result.calls) / $0.result.seconds }
            cpuMicrosecondsPerCall = median { $0.cpu.seconds * 1e6 / Double($0.result.calls) }
            p50Microseconds = percentile(50)
            p99Microseconds = percentile(99)
            p999Microseconds = percentile(99.9)
        }
    }
}
