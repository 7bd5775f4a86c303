import Foundation

/// What ``CallBenchmark`` found, for people and for pipes.
struct CallReport: Encodable {
    let machine: Machine
    /// What was served and asked, in one line.
    let subject: String
    let seconds: Double
    let rounds: Int
    let lines: [CallBenchmark.Line]

    var description: String {
        var table = Table([
            "server", ">in flight", ">calls/s", ">server cpu", ">client cpu", ">refused", "call",
            ">p50",
            ">p99", ">p99.9",
        ])
        for line in lines {
            // The figures of a server stand once; the latencies of further methods below.
            var figures = [
                line.server, "\(line.inFlight)", Int(line.callsPerSecond).grouped,
                line.cpuMicrosecondsPerCall.microseconds,
                line.clientMicrosecondsPerCall.microseconds, line.refusedCalls.grouped,
            ]
            for (call, latency) in line.latencies.sorted(by: { $0.key > $1.key }) {
                table.add(
                    figures + [
                        call, latency.p50Microseconds.microseconds,
                        latency.p99Microseconds.microseconds,
                        latency.p999Microseconds.microseconds,
                    ])
                figures = Array(repeating: "", count: figures.count)
            }
        }
        return """
            \(subject)
            \(machine.description); \(rounds) rounds of \(seconds) s, cpu per call
            \(table.render())
            """
    }
}

extension Double {
    /// Microseconds as people read them: `4.7 µs`, `12.10 ms` or `3.40 s`.
    var microseconds: String {
        switch self {
        case 1e6...: String(format: "%.2f s", self / 1e6)
        case 1e3...: String(format: "%.2f ms", self / 1e3)
        default: String(format: "%.1f µs", self)
        }
    }
}
