import ArgumentParser
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
            second one ends it at once. SIGHUP reads --rules again, and --bundle where another bundle has taken its place, which then serves without a failed or slow call. Where systemd hands over a socket, --socket is left out; it is told READY and STOPPING.

            Examples:
              sidecart serve --bundle bundle --socket /run/sidecart/sidecart.sock
              sidecart serve --bundle bundle --socket /tmp/s.sock --threads 4 --log-format json
              sidecart serve --bundle bundle --socket /run/shop/s.sock --socket-mode 660 --socket-group shop --allow write=uid:feed
              sidecart serve --bundle bundle --socket /tmp/s.sock --events-db events.db --retain view=30d,purchase=2y
              sidecart serve --bundle newer --socket /run/sidecart/sidecart.sock --take-over
              sidecart serve --bundle bundle --socket /run/sidecart/sidecart.sock --metrics-listen 127.0.0.1:9464
              sidecart serve --bundle bundle --socket /run/sidecart/sidecart.sock --metrics-file /var/lib/node_exporter/sidecart.prom
              sidecart serve --bundle models/first --socket /tmp/s.sock --retrain daily=03:30 --retrain-from 'events.csv --catalog items.csv'
              sidecart serve --bundle models/first --socket /tmp/s.sock --events-db events.db --retrain events=100000
            """)

    @Option(help: ArgumentHelp("What `train` wrote.", valueName: "folder"))
    var bundle: String

    @Option(
        help: ArgumentHelp(
            "Where to listen; a stale socket is taken over, a live one only with --take-over. @name is a name in the abstract namespace: no file, so only the server's own uid, root and those named by --allow may do anything.",
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

    @Option(
        help: ArgumentHelp(
            "The folder below which `sidecart models load` may name bundles. Default: the one that --bundle lies in.",
            valueName: "folder"))
    var modelsDir: String?

    @Option(
        help: ArgumentHelp(
            "Cap on the memory of all models together, in MiB: vectors, lists, histories and what each loop needs to search them.",
            valueName: "n"))
    var storeMebibytesMax = 4096

    @Option(
        help: ArgumentHelp(
            "Memory for what was shown, to which clicks and purchases are tied, in MiB: some 2,400 slates of 20 items each.",
            valueName: "n"))
    var slateMebibytesMax = 64

    @Option(
        help: ArgumentHelp(
            "How long a drain waits for calls in flight, in seconds.", valueName: "n"))
    var drainSeconds = 10

    @OptionGroup(title: "Retraining") var retraining: RetrainOptions
    @OptionGroup(title: "Events") var events: EventsOptions
    @OptionGroup(title: "Access") var access: AccessOptions
    @OptionGroup(title: "Limits on peers") var peers: PeerLimitOptions
    @OptionGroup(title: "Metrics") var metrics: MetricsOptions

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
        guard 1...65_536 ~= slateMebibytesMax else {
            throw ValidationError(
                "--slate-mebibytes-max is \(slateMebibytesMax); it must be 1 to 65536")
        }
        _ = try retraining.settings(journal: events.eventsDb)
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
        let source = MetricsSource()
        let endpoint = try metrics.start(access, waits: takeOver, source, log)
        defer { endpoint?.stop() }
        configuration.drainGrace = .seconds(drainSeconds)
        let servingFile = ServingFile(of: bundle, in: modelsDir, log)
        let models = try loadModels(servingFile, log)
        let journal = try events.open(log, for: models, takesOver: takeOver)
        let retrainer = try retraining.settings(journal: events.eventsDb).map {
            settings throws(Failure) in
            try Retrainer(settings, models: models, journal: journal, log: log)
        }
        let predecessor = takeOver ? Predecessor(at: serving.path) : nil
        let server = try SidecartServer(
            models: models, journal: journal, configuration: configuration
        ) {
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
        source.attach(server)
        defer { source.attach(nil) }
        endpoint?.update()
        log.info(
            "ready",
            [
                "socket": "\(server.path)", "threads": .stringConvertible(threads),
                "pid": .stringConvertible(getpid()),
            ])
        ServiceManager.notify("READY=1\nSTATUS=serving \(models.serving.words)")
        predecessor?.letGo(log)
        let request = nextEnd(requests, models, log)
        if case .client(let drain) = request, drain.handsOver { endpoint?.stop() }
        retrainer?.end()
        end(server, request, requests, log)
        models.finishTelling()
        log.info("stopped", ["calls": .stringConvertible(server.statistics.calls)])
        log.flush()
    }

    /// Waits until the server is to end. SIGHUP has its rule sets and its bundle read again.
    private func nextEnd(
        _ requests: StopRequests, _ models: ServedModels, _ log: ServerLog
    ) -> StopRequests.Request {
        while true {
            let request = requests.next()
            guard case .hangUp = request else { return request }
            log.info("SIGHUP: reloading")
            models.reload()
            guard let ruleBook = models.settings.ruleBook else { continue }
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
    }

    private func loadModels(_ file: ServingFile, _ log: ServerLog) throws -> ServedModels {
        var settings = ServedModels.Settings()
        settings.loopCount = threads
        settings.bytesMax = storeMebibytesMax << 20
        settings.slateBytesMax = slateMebibytesMax << 20
        settings.slatesPath = events.eventsDb.map { "\($0).slates" }
        settings.online = try events.makeLearner()
        settings.folder = modelsDir
        do {
            settings.ruleBook = try rules.map {
                try RuleBook(path: $0, limits: settings.engineLimits)
            }
            return try ServedModels(
                bundle: bundle, startingWith: file.remembered, settings: settings
            ) {
                log.note($0)
                file.note($0)
            }
        } catch let error as any CustomStringConvertible & Error {
            throw Failure("\(error)")
        }
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
        if socket.map(UnixSocket.isAbstract) ?? false { serving.access.denyEveryoneElse() }
        serving.takesOver = takeOver
        serving.inheritedDescriptor = inherited
        serving.onEvent = { log.note($0) }
        return serving
    }
}
