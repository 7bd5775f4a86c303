import ArgumentParser
import EventJournal
import EventLoop
import Interactions
import SidecartServer

/// Whether and how a server keeps events.
struct EventsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Keep events and catalog in this SQLite file, which is made where it is missing: the services Events and Catalog. An event is acknowledged once it is durable. One server at a time may have it; `sqlite3` and `train --events-db` may read it meanwhile.",
            valueName: "file"))
    var eventsDb: String?

    @Option(
        help: ArgumentHelp(
            "How long events are kept, by kind, such as view=30d,click=12w,purchase=2y; h, d, w, m (30 days) and y (365 days). Kinds that are not named are kept for good.",
            valueName: "kind=time,…"),
        transform: Self.retention)
    var retain = Retention()

    @Option(
        help: ArgumentHelp(
            "The largest size of the events' file, in MiB; past it events are refused. Default: what the disk holds.",
            valueName: "n"))
    var eventsMebibytesMax: Int?

    @Option(
        help: ArgumentHelp(
            "When the events' file is checked for damage: before the server is ready (first), or beside its work, when a file that turns out damaged takes no more events (later). Default: later for files past 64 MiB.",
            valueName: "first|later"))
    var eventsCheck: EventsCheck?

    @Option(
        help: ArgumentHelp(
            "Whether recorded events act on the next call (on), or only on the next training (off). Without --events-db there are none.",
            valueName: "on|off"))
    var online = OnlineMode.on

    @Option(
        help: ArgumentHelp(
            "Memory for the events that act on the next call, and what models count of them, in MiB: some 4,000 events a MiB. Past it the oldest go.",
            valueName: "n"))
    var onlineMebibytesMax = 256

    enum EventsCheck: String, ExpressibleByArgument, CaseIterable { case first, later }

    /// A file up to this is checked in some tenths of a second.
    private static let checkedAtOnceBytesMax = 64 << 20

    enum OnlineMode: String, ExpressibleByArgument, CaseIterable { case on, off }

    /// nil where recorded events wait for the next training.
    func makeLearner() throws(Failure) -> OnlineLearner? {
        guard let eventsDb, online == .on else { return nil }
        do {
            return try OnlineLearner(bytesMax: onlineMebibytesMax << 20, journal: eventsDb)
        } catch {
            throw Failure(
                "--online-mebibytes-max is \(onlineMebibytesMax): the system does not give \(error.bytes >> 20) MiB of memory for it"
            )
        }
    }

    func validate() throws {
        guard 1...1_048_576 ~= onlineMebibytesMax else {
            throw ValidationError(
                "--online-mebibytes-max is \(onlineMebibytesMax); it must be 1 to 1048576")
        }
        if eventsDb == nil,
            !retain.seconds.isEmpty || eventsMebibytesMax != nil || eventsCheck != nil
        {
            throw ValidationError(
                "--retain, --events-mebibytes-max and --events-check need --events-db")
        }
        if let eventsMebibytesMax, !(1...16_777_216 ~= eventsMebibytesMax) {
            throw ValidationError(
                "--events-mebibytes-max is \(eventsMebibytesMax); it must be 1 to 16777216")
        }
    }

    /// Opens the journal; nil where none is kept.
    ///
    /// - Parameter takesOver: another server may have it until it is let go.
    func open(
        _ log: ServerLog, for models: ServedModels, takesOver: Bool
    ) throws -> JournalWriter? {
        guard let eventsDb else { return nil }
        var settings = JournalWriter.Settings(
            path: eventsDb, catalog: models.settings.catalog)
        settings.models = models
        settings.retention = retain
        settings.waitsForPredecessor = takesOver
        settings.options.checkedAtOnceBytesMax =
            switch eventsCheck {
            case nil: Self.checkedAtOnceBytesMax
            case .first: .max
            case .later: 0
            }
        settings.options.bytesMax = eventsMebibytesMax.map { $0 << 20 }
        do {
            return try JournalWriter(settings) { log.note($0) }
        } catch let error as JournalError {
            throw Failure(error.message)
        }
    }

    private static func retention(_ text: String) throws -> Retention {
        var retention = Retention()
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let kind = EventKind(name: parts[0]) else {
                let names = EventKind.allCases.map(\.name).joined(separator: ", ")
                throw ValidationError(
                    "'\(pair)' is not KIND=TIME, such as view=30d; the kinds are \(names)")
            }
            let units: [Character: Int64] = [
                "h": 3_600, "d": 86_400, "w": 604_800, "m": 2_592_000, "y": 31_536_000,
            ]
            guard let unit = parts[1].last.flatMap({ units[$0] }),
                let count = Int64(parts[1].dropLast()), 1...1_000_000 ~= count
            else {
                throw ValidationError(
                    "'\(parts[1])' is no time such as 12h, 30d, 8w, 6m or 2y (1 to 1000000 of them)"
                )
            }
            retention.seconds[kind] = count * unit
        }
        return retention
    }
}

extension ServerLog {
    func note(_ event: JournalEvents) {
        switch event {
        case .opened(let path, let watermark, let milliseconds):
            info(
                "opened the journal of events",
                [
                    "file": "\(path)", "watermark": .stringConvertible(watermark),
                    "milliseconds": .stringConvertible(milliseconds),
                ])
        case .checked(let milliseconds):
            info(
                "the journal's file is whole",
                ["milliseconds": .stringConvertible(milliseconds)])
        case .learned(let events, let replayed, let milliseconds):
            info(
                "answering with recorded events",
                [
                    "events": .stringConvertible(events),
                    "replayed": .stringConvertible(replayed),
                    "milliseconds": .stringConvertible(milliseconds),
                ])
        case .failed(let error):
            self.error(
                "the journal has failed; nothing more is recorded until it was checked and the server started again",
                ["reason": "\(error)"])
        case .refused(let error):
            incident("the journal cannot be written", ["reason": "\(error)"])
        case .removedOld(let count):
            info("removed events that were too old", ["events": .stringConvertible(count)])
        }
    }
}
