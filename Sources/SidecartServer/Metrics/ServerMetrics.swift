internal import Metrics
internal import RPC

/// All that a server tells of itself to Prometheus.
///
/// Hot paths write counters of their lane's own; they are summed here, when somebody asks. The names
/// follow Prometheus' conventions: `sidecart_` in front, base units, `_total` for what only grows.
struct ServerMetrics: Sendable {
    let life: ServerLife

    /// Everything as it is now, UTF-8.
    ///
    /// - Complexity: about a millisecond for a few dozen methods, so not for a loop that serves.
    func text(_ format: MetricsWriter.Format) -> [UInt8] {
        var writer = MetricsWriter(format)
        life.add(to: &writer)
        if let rpc = life.rpc {
            MethodStatistics.add(rpc.methodStatistics, to: &writer)
            rpc.statistics.add(
                to: &writer, backlogNanoseconds: rpc.backlogNanoseconds,
                bufferBytesMax: life.configuration.serving.limits.bufferBytesMax,
                connectionsMax: rpc.connectionsMax)
        }
        ScoringCounters.add(life.models.laneRecords.map(\.scoring), to: &writer)
        life.models.outcomes.add(to: &writer)
        life.journal?.add(to: &writer)
        life.models.settings.online?.add(to: &writer)
        life.models.servingGeneration.add(
            to: &writer, storeBytesMax: life.models.settings.bytesMax)
        ProcessUsage.add(to: &writer)
        return writer.finish()
    }
}

extension JournalWriter {
    fileprivate func add(to writer: inout MetricsWriter) {
        writer.add(
            "sidecart_journal_events", .counter,
            "Events that were ever recorded and are durable, in earlier lives of the server too.",
            value: Int(watermark ?? 0))
        writer.add(
            "sidecart_journal_damaged", .gauge,
            "1 where the journal's file was found damaged, and nothing more is recorded; else 0.",
            value: check == .failed ? 1 : 0)
    }
}

extension ServerLife {
    fileprivate func add(to writer: inout MetricsWriter) {
        writer.add("sidecart_build_info", .gauge, "The program's version; always 1.") {
            $0.add(1, ["version": SidecartServer.version])
        }
        writer.add(
            "sidecart_start_time_seconds", .gauge,
            "When the server started, in seconds since 1970.", value: startTimeSeconds)
        writer.add(
            "sidecart_draining", .gauge, "1 while the server ends gently, else 0.",
            value: isDraining ? 1 : 0)
        writer.add(
            "sidecart_loops", .gauge, "Event loops, one thread each.",
            value: configuration.serving.loopCount)
    }
}
