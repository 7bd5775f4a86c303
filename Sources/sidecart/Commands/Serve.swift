import ArgumentParser
import Bundles
import CrossSell
import EmbeddingStore
import EventLoop
import Foundation
import Logging
import RPC
import SidecartServer

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a bundle on a Unix socket until told to stop.",
        discussion: """
            Says "ready" on standard error, at log level info, once it accepts calls. SIGTERM and SIGINT drain: calls in flight are \
            finished, those that still come are told that the server is unavailable, the socket is removed, and the exit code is 0; a \
            second one ends it at once. SIGHUP reads --rules again. Where systemd hands over a socket, --socket is left out; it is told READY and STOPPING.

            Examples:
              sidecart serve --bundle bundle --socket /run/sidecart/sidecart.sock
              sidecart serve --bundle bundle --socket /tmp/s.sock --threads 4 --log-format json
              sidecart serve --bundle bundle --socket /run/shop/s.sock --socket-mode 660 --socket-group shop --allow write=uid:feed
              sidecart serve --bundle newer --socket /run/sidecart/sidecart.sock --take-over
            """)

    @Option(help: ArgumentHelp("What `train` wrote.", valueName: "folder"))
    var bundle: String

    @Option(
        help: ArgumentHelp(
            "Where to listen; a stale socket is taken over, a live one only with --take-over.",
            valueName: "path"))
    var socket: String?

    @Flag(
        help:
            "Take the socket from the server that has it once this one is ready, without a failed call, and have that one end."
    )
    var takeOver = false

    @Option(
        help: ArgumentHelp(
            "Rule sets that calls may name: a JSON object of objects with the fields of RecommendRequest.",
            valueName: "file"))
    var rules: String?

    @Option(help: ArgumentHelp("Event loops, one thread each.", valueName: "n"))
    var threads = 1

    @Option(help: ArgumentHelp("Cap on the memory of all vectors, in MiB.", valueName: "n"))
    var storeMebibytesMax = 4096

    @Option(
        help: ArgumentHelp(
            "How long a drain waits for calls in flight, in seconds.", valueName: "n"))
    var drainSeconds = 10

    @OptionGroup(title: "Access") var access: AccessOptions
    @OptionGroup(title: "Limits on peers") var peers: PeerLimitOptions

    @Option(help: ArgumentHelp("text or json.", valueName: "format"))
    var logFormat = LogFormat.text

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel = Logger.Level.info

    @Flag(help: .hidden)
    var endsWithParent = false

    func validate() throws {
        guard 1...256 ~= threads else {
            throw ValidationError("--threads is \(threads); it must be 1 to 256")
        }
        guard 1...1_048_576 ~= storeMebibytesMax else {
            throw ValidationError(
                "--store-mebibytes-max is \(storeMebibytesMax); it must be 1 to 1048576")
        }
        guard 0...86_400 ~= drainSeconds else {
            throw ValidationError("--drain-seconds is \(drainSeconds); it must be 0 to 86400")
        }
    }

    func run() throws {
        ProcessSettings.ignoreBrokenPipes()
        ProcessSettings.returnFreedMemory()
        if endsWithParent { ServerProcess.endWithParent() }
        let log = ServerLog(format: logFormat, level: logLevel)
        do {
            try serve(log)
        } catch  where logFormat == .json {
            log.error(String(describing: error))
            log.flush()
            throw ExitCode.failure
        }
    }

    private func serve(_ log: ServerLog) throws {
        let requests = try StopRequests()
        let serving = try listening(log)
        var configuration = SidecartServer.Configuration(serving)
        do throws(RuleBookError) {
            configuration.ruleBook = try rules.map { path throws(RuleBookError) in
                try RuleBook(path: path, limits: configuration.engineLimits)
            }
        } catch {
            throw Failure("\(error)")
        }
        let model = try load(log)
        configuration.storeBytesMax = storeMebibytesMax << 20
        configuration.drainGrace = .seconds(drainSeconds)
        let predecessor = takeOver ? Predecessor(at: serving.path) : nil
        let server = try SidecartServer(model: model, configuration: configuration) {
            requests.post(.client($0))
        }
        if server.connectionsMax < peers.connectionsMax {
            log.warning(
                "the limit of open files leaves room for fewer connections; raise it (ulimit -n)",
                [
                    "connections_max": .stringConvertible(peers.connectionsMax),
                    "room": .stringConvertible(server.connectionsMax),
                ])
        }
        log.info(
            "ready",
            [
                "socket": "\(server.path)", "threads": .stringConvertible(threads),
                "pid": .stringConvertible(getpid()),
            ])
        ServiceManager.notify("READY=1\nSTATUS=serving \(model.kind) \(model.version)")
        predecessor?.letGo(log)
        let request = nextEnd(requests, configuration.ruleBook, log)
        end(server, request, requests, log)
    }

    /// Waits until the server is to end. SIGHUP has its rule sets read again.
    private func nextEnd(
        _ requests: StopRequests, _ ruleBook: RuleBook?, _ log: ServerLog
    ) -> StopRequests.Request {
        while true {
            let request = requests.next()
            guard case .hangUp = request else { return request }
            guard let ruleBook else {
                log.info("SIGHUP: there is nothing to reload; serving on")
                continue
            }
            do throws(RuleBookError) {
                try ruleBook.reload()
                log.info("SIGHUP: the rule sets were read again")
            } catch {
                log.error(
                    "SIGHUP: the rule sets cannot be read; those from before stay",
                    ["reason": "\(error)"])
            }
        }
    }

    /// Ends the server as it was asked to, or at once when it is asked again.
    private func end(
        _ server: SidecartServer, _ request: StopRequests.Request, _ requests: StopRequests,
        _ log: ServerLog
    ) {
        var handsOver = false
        let cause: Logger.Metadata
        switch request {
        case .client(let drain):
            handsOver = drain.handsOver
            cause = [
                "asked_by_pid": .stringConvertible(drain.peer.processID),
                "asked_by_uid": .stringConvertible(drain.peer.userID),
                "hands_over": .stringConvertible(drain.handsOver),
            ]
        case .signal(let signal):
            cause = ["signal": "\(signal == SIGINT ? "SIGINT" : "SIGTERM")"]
        case .hangUp: return
        }
        ServiceManager.notify("STOPPING=1")
        Thread.detachNewThread {
            while true {
                guard case .signal = requests.next() else { continue }
                log.info("a second signal ends the grace")
                return server.endGrace()
            }
        }
        server.drain(handsOver: handsOver) { log.info("draining", cause) }
        log.info("stopped", ["calls": .stringConvertible(server.statistics.calls)])
        log.flush()
    }

    private func load(_ log: ServerLog) throws -> Generation {
        let loaded = try ContinuousClock().measuring { try ModelBundle.read(from: bundle) }
        let model: Generation
        do throws(StoreError) {
            model = try Generation(
                loaded.value, storeBytesMax: storeMebibytesMax << 20, readersMax: 2 * threads)
        } catch {
            throw Failure(
                "\(bundle): its vectors do not fit into --store-mebibytes-max "
                    + "\(storeMebibytesMax): \(error)")
        }
        log.info(
            "loaded",
            [
                "bundle": "\(bundle)", "model": "\(model.kind)", "version": "\(model.version)",
                "items": .stringConvertible(model.items.count),
                "users": .stringConvertible(model.userOrdinals.count),
                "dimensions": .stringConvertible(model.dimensions),
                "seconds": .stringConvertible((loaded.seconds * 1000).rounded() / 1000),
            ])
        return model
    }

    /// Where to listen, and for whom.
    private func listening(_ log: ServerLog) throws -> RPCServerConfiguration {
        let inherited = try ServiceManager.inheritedSocket()
        guard socket != nil || inherited != nil else {
            throw Failure("--socket is missing, and no socket was handed over (LISTEN_FDS)")
        }
        guard socket == nil || inherited == nil, !takeOver || inherited == nil else {
            throw Failure(
                "a socket was handed over (LISTEN_FDS); leave out --socket and --take-over")
        }
        var serving = RPCServerConfiguration(
            path: socket ?? "", mode: access.mode, loopCount: threads, limits: peers.limits)
        serving.groupID = try access.groupID
        serving.access = try access.policy()
        serving.takesOver = takeOver
        serving.inheritedDescriptor = inherited
        serving.onEvent = { log.note($0) }
        return serving
    }
}

extension ContinuousClock {
    /// What the work gives, and how long it took in seconds.
    func measuring<Value>(_ work: () throws -> Value) rethrows -> (value: Value, seconds: Double) {
        let start = now
        let value = try work()
        return (value, (now - start).seconds)
    }
}
