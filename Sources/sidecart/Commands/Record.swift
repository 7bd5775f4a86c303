import ArgumentParser
import Foundation
import Interactions
import SidecartClient

struct Record: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have a server keep events: one by options, or those of files.",
        discussion: """
            A server started with --events-db acknowledges events once they are durable. Each event of a file gets an id made from \
            what the file says of it, so that recording a file again adds nothing.

            Examples:
              sidecart record --user 17850 --item 22423 --kind purchase --value 2
              sidecart record --user 17850 --item 22423 --kind purchase --slate-id 1234567890123456789 --price 24.95
              sidecart record --item 22423 --kind cart --basket session-9 --event-id 7f3c
              sidecart record events.csv.gz --columns user=CustomerID,item=StockCode,time=InvoiceDate
              zcat log.jsonl.gz | sidecart record - --format jsonl --json
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(
        help: ArgumentHelp(
            "Files of events in any form that train reads; - reads standard input.",
            valueName: "events"))
    var files: [String] = []

    @Option(help: ArgumentHelp("Who did it.", valueName: "id"))
    var user: String?

    @Option(help: ArgumentHelp("What she did it to.", valueName: "id"))
    var item: String?

    @Option(help: ArgumentHelp("The order or session.", valueName: "id"))
    var basket: String?

    @Option(help: ArgumentHelp("Quantity, rating or weight.", valueName: "number"))
    var value: Float?

    @Option(
        help: ArgumentHelp(
            "When, in seconds since 1970. Default: when the server gets it.", valueName: "seconds"))
    var time: Int64?

    @Option(
        help: ArgumentHelp(
            "The event's own id; one that the server knows already changes nothing. Default: a random one.",
            valueName: "id"))
    var eventID: String?

    @Option(
        help: ArgumentHelp(
            "The slate that led to it, as `recommend --json` tells its slateId; see `report`.",
            valueName: "number"))
    var slateID: UInt64?

    @Option(
        help: ArgumentHelp(
            "What one was sold for, for the revenue of the slate. Default: the catalog's price.",
            valueName: "number"))
    var price: Float?

    @Option(
        help: ArgumentHelp("Events in one call, 1 to 1000, for files.", valueName: "n"))
    var batch = 1_000

    @OptionGroup(title: "Reading (--kind also for one event)") var reading: ReadingOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard 1...1_000 ~= batch else {
            throw ValidationError("--batch is \(batch); it must be 1 to 1000")
        }
        let isOne =
            user != nil || item != nil || basket != nil || value != nil || time != nil
            || eventID != nil || slateID != nil || price != nil
        guard files.isEmpty != !isOne else {
            throw ValidationError(
                isOne
                    ? "give either files or one event by --item and its other options, not both"
                    : "give files of events, or one event by --item with --user or --basket")
        }
        if isOne, item == nil { throw ValidationError("--item is missing") }
        if isOne, user == nil, basket == nil {
            throw ValidationError("--user and --basket are missing; one of them is needed")
        }
    }

    func run() async throws {
        let totals = Totals()
        if files.isEmpty {
            var event = Event(
                Event.Kind(reading.kind), of: item ?? "", by: user ?? "",
                in: basket ?? "", value: value ?? 1, time: time ?? 0, id: eventID ?? "")
            (event.slateID, event.price) = (slateID ?? 0, price ?? 0)
            let one = event
            try await connection.ask { totals.add(try await $0.record([one])) }
        } else {
            let (dataset, report) = try reading.readWithReturns(files)
            if !output.json { Output.note(report.description) }
            let bar = ProgressBar("recording")
            defer { bar.finish() }
            try await connection.ask { client in
                try await RecordedFile(dataset).send(to: client, batch: batch, totals) {
                    bar.update($0, detail: "\(totals.sum.recorded.grouped) events")
                }
            }
        }
        let sum = totals.sum
        if output.json { return try Output.printJSON(sum) }
        let seconds = String(format: "%.3f", sum.seconds)
        try Output.print(
            "\(sum.recorded) recorded, \(sum.duplicates) known before, in \(seconds) s; watermark \(sum.watermark)"
        )
    }
}

extension Record {
    /// What was recorded so far.
    final class Totals: @unchecked Sendable {
        struct Sum: Encodable, Sendable {
            var recorded = 0
            var duplicates = 0
            var watermark: Int64 = 0
            var seconds = 0.0
        }

        private let start = ContinuousClock.now
        private let lock = NSLock()
        private var counted = Sum()

        func add(_ receipt: RecordReceipt) {
            lock.withLock {
                counted.recorded += receipt.recorded
                counted.duplicates += receipt.duplicates.count
                counted.watermark = max(counted.watermark, receipt.watermark)
            }
        }

        var sum: Sum {
            var sum = lock.withLock { counted }
            sum.seconds = (ContinuousClock.now - start).seconds
            return sum
        }
    }
}

extension Event.Kind {
    init(_ kind: EventKind) {
        self = Self(rawValue: Int32(kind.rawValue) + 1)!  // the same kinds in the same order
    }
}
