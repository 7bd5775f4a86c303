import Foundation

/// How long small calls may wait beside any load, in microseconds.
enum NeighborTargets {
    /// p99 of Score and of a health check.
    static let p99Max = 3_000.0
    /// The longest health check while a burst is answered.
    static let healthMax = 10_000.0
    /// p99 of the answer to a call with a deadline of a millisecond.
    static let deadlineP99Max = 2_000.0

    static func areMet(_ row: NeighborBenchmark.Row) -> Bool {
        let isHealthy =
            row.load == .stall
            ? row.health.latency.maxMicroseconds <= healthMax
            : row.health.latency.p99Microseconds <= p99Max
        return isHealthy && row.score.latency.p99Microseconds <= p99Max
            && row.deadline.latency.p99Microseconds <= deadlineP99Max
    }
}

/// What ``NeighborBenchmark`` found, for people and for pipes.
struct NeighborReport: Encodable {
    let machine: Machine
    let rows: [NeighborBenchmark.Row]

    var description: String {
        var table = Table([
            ">items", ">dimensions", "beside", ">Score(20)", ">health", ">1 ms deadline",
            ">bare socket",
            ">refused", ">beside calls/s", ">refused", "targets",
        ])
        for row in rows {
            let probes = [row.score, row.health, row.deadline, row.bareSocket]
            let refused = row.score.refused + row.health.refused
            table.add(
                [row.items.grouped, "\(row.dimensions)", row.load.description]
                    + probes.map { Self.percentiles($0.latency) }
                    + [
                        "\(refused)", Int(Double(row.neighborCalls) / row.seconds).grouped,
                        row.neighborRefused.grouped, row.meetsTargets ? "met" : "missed",
                    ])
        }
        return """
            Small calls beside large ones: p50 / p99 / longest, until the answer, one call at a time
            \(machine.description)
            \(table.render())
            Targets: p99 of Score and health \(NeighborTargets.p99Max.microseconds), the longest health check in a \
            burst \(NeighborTargets.healthMax.microseconds), p99 of a 1 ms deadline's answer \
            \(NeighborTargets.deadlineP99Max.microseconds).
            """
    }

    private static func percentiles(_ latency: LatencySummary) -> String {
        [latency.p50Microseconds, latency.p99Microseconds, latency.maxMicroseconds]
            .map(\.microseconds).joined(separator: " / ")
    }
}
