import ArgumentParser
import Bundles
import CrossSell
import EmbeddingStore
import Foundation
import Logging
import RPC
import SidecartServer

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a bundle on a Unix socket until told to stop.",
        discussion: """
            Says "ready" on standard error, at log level info, once it accepts calls. SIGTERM and SIGINT drain: no new calls, those in \
            flight are finished, the socket is removed, and the exit code is 0.

            Examples:
              sidecart serve --bundle bundle --socket /run/sidecart/sidecart.sock
              sidecart serve --bundle bundle --socket /tmp/s.sock --threads 4 --log-format json
            """)

    enum LogFormat: String, CaseIterable, ExpressibleByArgument { case text, json }

    @Option(help: ArgumentHelp("What `train` wrote.", valueName: "folder"))
    var bundle: String

    @Option(
        help: ArgumentHelp(
            "Where to listen; a stale socket is taken over, a live one is not.", valueName: "path"))
    var socket: String

    @Option(help: ArgumentHelp("Permissions of the socket, octal.", valueName: "mode"))
    var socketMode = "600"

    @Option(
        help: ArgumentHelp(
            "Rule sets that calls may name: a JSON object of objects with the fields of RecommendRequest.",
            valueName: "file"))
    var rules: String?

    @Option(help: ArgumentHelp("Event loops, one thread each.", valueName: "n"))
    var threads = 1

    @Option(help: ArgumentHelp("Most connections at once.", valueName: "n"))
    var connectionsMax = RPCLimits().connectionsMax

    @Option(help: ArgumentHelp("Cap on the memory of all vectors, in MiB.", valueName: "n"))
    var storeMebibytesMax = 4096

    @Option(
        help: ArgumentHelp(
            "How long a drain waits for calls in flight, in seconds.", valueName: "n"))
    var drainSeconds = 10

    @Option(help: ArgumentHelp("text or json.", valueName: "format"))
    var logFormat = LogFormat.text

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel = Logger.Level.info

    @Flag(help: .hidden)
    var endsWithParent = false

    func validate() throws {
        guard UInt16(socketMode, radix: 8).map({ $0 <= 0o777 }) ?? false else {
            throw ValidationError("--socket-mode is '\(socketMode)'; it must be octal, such as 660")
        }
        guard 1...256 ~= threads else {
            throw ValidationError("--threads is \(threads); it must be 1 to 256")
        }
        guard 1...1_048_576 ~= storeMebibytesMax else {
            throw ValidationError(
                "--store-mebibytes-max is \(storeMebibytesMax); it must be 1 to 1048576")
        }
        guard 1...1_000_000 ~= connectionsMax else {
            throw ValidationError(
                "--connections-max is \(connectionsMax); it must be 1 to 1000000")
        }
        guard 0...86_400 ~= drainSeconds else {
            throw ValidationError("--drain-seconds is \(drainSeconds); it must be 0 to 86400")
        }
    }

    func run() throws {
        if endsWithParent { ServerProcess.endWithParent() }
        let stop = try StopSignals()
        let logger = makeLogger()
        let loaded = try ContinuousClock().measuring { try ModelBundle.read(from: bundle) }
        var configuration = SidecartServer.Configuration(socketPath: socket)
        configuration.socketMode = UInt16(socketMode, radix: 8)!
        configuration.threads = threads
        do throws(RuleBookError) {
            configuration.ruleBook = try rules.map { path throws(RuleBookError) in
                try RuleBook(path: path, limits: configuration.engineLimits)
            }
        } catch {
            throw Failure("\(error)")
        }
        configuration.storeBytesMax = storeMebibytesMax << 20
        configuration.rpcLimits.connectionsMax = connectionsMax
        configuration.drainGrace = .seconds(drainSeconds)
        configuration.onBreakOff = { breakOff in
            logger.warning(
                "broke off a connection",
                metadata: [
                    "reason": "\(breakOff.reason.rawValue)",
                    "pid": "\(breakOff.peer.processID)", "uid": "\(breakOff.peer.userID)",
                ])
        }
        let model: Generation
        do throws(StoreError) {
            model = try Generation(
                loaded.value, storeBytesMax: configuration.storeBytesMax, readersMax: 2 * threads)
        } catch {
            throw Failure(
                "\(bundle): its vectors do not fit into --store-mebibytes-max "
                    + "\(storeMebibytesMax): \(error)")
        }
        logger.info(
            "loaded",
            metadata: [
                "bundle": "\(bundle)", "model": "\(model.kind)", "version": "\(model.version)",
                "items": "\(model.items.count)", "users": "\(model.userOrdinals.count)",
                "dimensions": "\(model.dimensions)",
                "seconds": "\(String(format: "%.3f", loaded.seconds))",
            ])
        let server = try SidecartServer(model: model, configuration: configuration) {
            kill(getpid(), SIGTERM)
        }
        if server.connectionsMax < connectionsMax {
            logger.warning(
                "the limit of open files leaves room for fewer connections; raise it (ulimit -n)",
                metadata: [
                    "connections_max": "\(connectionsMax)", "room": "\(server.connectionsMax)",
                ])
        }
        logger.info(
            "ready",
            metadata: [
                "socket": "\(socket)", "threads": "\(threads)", "pid": "\(getpid())",
            ])
        let signal = stop.wait()
        logger.info("draining", metadata: ["signal": "\(signal == SIGINT ? "SIGINT" : "SIGTERM")"])
        server.drain()
        logger.info("stopped", metadata: ["calls": "\(server.statistics.calls)"])
    }

    private func makeLogger() -> Logger {
        let format = logFormat
        var logger = Logger(label: "sidecart") { label -> any LogHandler in
            switch format {
            case .json: JSONLogHandler(label: label)
            case .text: StreamLogHandler.standardError(label: label)
            }
        }
        logger.logLevel = logLevel
        return logger
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

extension ContinuousClock {
    /// What the work gives, and how long it took in seconds.
    func measuring<Value>(_ work: () throws -> Value) rethrows -> (value: Value, seconds: Double) {
        let start = now
        let value = try work()
        return (value, (now - start).seconds)
    }
}
