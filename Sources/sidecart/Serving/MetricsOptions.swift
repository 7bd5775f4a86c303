import ArgumentParser
import EventLoop
import Logging
import Metrics
import MetricsEndpoint
import SidecartServer

/// How a server shows its metrics to Prometheus, besides `sidecart metrics`.
struct MetricsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Serve GET /metrics over HTTP at a Unix socket (unix:/run/sidecart/metrics, with --socket-mode and --socket-group) or a loopback port (127.0.0.1:9464, [::1]:9464), to whoever can connect. Port 0: one that is free, which the log tells.",
            valueName: "address"))
    var metricsListen: String?

    @Option(
        help: ArgumentHelp(
            "Keep the metrics in this file, replaced as a whole and removed at the end. node_exporter reads names that end in .prom.",
            valueName: "path"))
    var metricsFile: String?

    @Option(help: ArgumentHelp("How often --metrics-file is written.", valueName: "n"))
    var metricsFileSeconds = 15

    func validate() throws {
        guard 1...86_400 ~= metricsFileSeconds else {
            throw ValidationError(
                "--metrics-file-seconds is \(metricsFileSeconds); it must be 1 to 86400")
        }
        do throws(MetricsAddressError) {
            _ = try metricsListen.map { text throws(MetricsAddressError) in
                try MetricsAddress(text)
            }
        } catch {
            throw ValidationError("--metrics-listen \(error)")
        }
    }

    /// Starts what was asked for; nil where nothing was.
    ///
    /// - Parameters:
    ///   - access: says who can open a Unix socket.
    ///   - waits: whether another server has the address, and will leave it.
    ///   - source: answers 503 until it has a server.
    func start(
        _ access: AccessOptions, waits: Bool, _ source: MetricsSource, _ log: ServerLog
    ) throws -> MetricsEndpoint? {
        guard metricsListen != nil || metricsFile != nil else { return nil }
        var configuration = MetricsEndpoint.Configuration()
        configuration.address = try metricsListen.map { try MetricsAddress($0) }
        configuration.socketMode = access.mode
        configuration.socketGroupID = try access.groupID
        configuration.waitsForAddress = waits
        configuration.filePath = metricsFile
        configuration.fileInterval = .seconds(metricsFileSeconds)
        do {
            return try MetricsEndpoint(configuration, text: { source.text($0) }) { log.note($0) }
        } catch {
            throw Failure("the metrics cannot be served: \(error)")
        }
    }
}

/// The metrics of a server that may not be there yet.
final class MetricsSource: Sendable {
    private let server = Locked<SidecartServer?>(nil)

    func attach(_ server: SidecartServer?) { self.server.withLock { $0 = server } }

    func text(_ format: MetricsWriter.Format) -> [UInt8]? {
        server.withLock { $0 }?.metrics(format)
    }
}

extension ServerLog {
    /// Writes down how the metrics are served.
    fileprivate func note(_ event: MetricsEndpoint.Event) {
        switch event {
        case .listening(let address):
            info("metrics are served", ["address": "\(address)"])
        case .waiting(let address):
            info("the address of the metrics is taken; trying on", ["address": "\(address)"])
        case .notListening(let address, let reason):
            error(
                "the metrics cannot be served", ["address": "\(address)", "reason": "\(reason)"])
        case .fileNotWritten(let error):
            self.error("the metrics cannot be written; trying on", ["reason": "\(error)"])
        case .fileWrittenAgain(let path):
            info("the metrics can be written again", ["file": "\(path)"])
        }
    }
}
