import ArgumentParser
import Bundles
import Foundation
import Interactions
import Models

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn from a shop's events and write a bundle that `serve` can serve.",
        discussion: """
            Examples:
              sidecart train events.csv --out bundle
              sidecart train 2024-*.csv.gz --catalog items.csv --out bundle --replace
              sidecart train online-retail.csv.gz --out bundle \\
                --columns user=CustomerID,item=StockCode,time=InvoiceDate,basket=InvoiceNo,\\
              value=Quantity,title=Description,price=UnitPrice \\
                --exclude-items-without-digit --fold-item-case --return-basket-prefix C
            """)

    @Argument(
        help: ArgumentHelp(
            "CSV, TSV or JSON Lines, plain or gzip; - for standard input.", valueName: "events"))
    var events: [String]

    @Option(name: [.short, .long], help: ArgumentHelp("The bundle's folder.", valueName: "folder"))
    var out: String

    @Flag(help: "Replace the bundle that is there.")
    var replace = false

    @OptionGroup(title: "Reading")
    var reading: ReadingOptions

    @OptionGroup(title: "Model")
    var model: ModelOptions

    @Option(help: ArgumentHelp("The bundle's name; left out, the time.", valueName: "name"))
    var modelVersion: String?

    @OptionGroup var output: OutputOptions

    func run() throws {
        // What is wrong with the destination should not come out after minutes of training.
        if !replace, FileManager.default.fileExists(atPath: out) {
            throw Failure("\(out): exists already; give --replace to replace it")
        }
        let (dataset, report) = try reading.read(events)
        if !output.json { Output.note(report.description) }
        let pipeline = try model.makePipeline(version: modelVersion)
        let (bundle, timings) = try pipeline.train(dataset)
        try bundle.write(to: out, replacing: replace)
        let summary = Summary(
            bundle: out, version: bundle.info.version, kind: bundle.info.kind,
            items: bundle.items.count, users: bundle.users.count,
            dimensions: bundle.parts.embeddings?.items.columns ?? 0,
            readSeconds: report.seconds, trainSeconds: timings.model,
            neighbourSeconds: timings.neighbours, peakMemoryBytes: PeakMemory.bytes, read: report)
        if output.json {
            try Output.printJSON(summary)
        } else {
            print(summary.description)
        }
    }

    private struct Summary: Encodable, CustomStringConvertible {
        let bundle: String
        let version: String
        let kind: String
        let items: Int
        let users: Int
        let dimensions: Int
        let readSeconds: Double
        let trainSeconds: Double
        let neighbourSeconds: Double
        let peakMemoryBytes: Int
        let read: ReadReport

        var description: String {
            let times = String(
                format: "read in %.2f s, trained in %.2f s, neighbours in %.2f s", readSeconds,
                trainSeconds, neighbourSeconds)
            let size = dimensions > 0 ? ", \(dimensions) dimensions" : ""
            return """
                \(bundle): \(kind) \(version), \(items.grouped) items, \(users.grouped) users\(size)
                \(times), peak memory \(peakMemoryBytes >> 20) MiB
                next: sidecart serve --bundle \(bundle) --socket /tmp/sidecart.sock
                """
        }
    }
}

/// What is trained and how.
struct ModelOptions: ParsableArguments {
    enum Kind: String, CaseIterable, ExpressibleByArgument { case ials, popularity }

    @Option(help: ArgumentHelp("ials or popularity.", valueName: "name"))
    var model = Kind.ials

    @Option(help: ArgumentHelp("Dimensions of the embeddings.", valueName: "n"))
    var factors = IALS().dimensions

    @Option(help: ArgumentHelp("How often both sides are solved.", valueName: "n"))
    var epochs = IALS().epochs

    @Option(help: ArgumentHelp("lambda, the weight of the squared norms.", valueName: "weight"))
    var regularization = IALS().foldIn.regularization

    @Option(
        help: ArgumentHelp(
            "nu: how far lambda grows with the length of a history, 0 to 1.", valueName: "power"))
    var regularizationExponent = IALS().foldIn.regularizationExponent

    @Option(
        help: ArgumentHelp("alpha0, the weight of what was not taken.", valueName: "weight"))
    var unobservedWeight = IALS().foldIn.unobservedWeight

    @Option(help: ArgumentHelp("How many neighbours an item keeps.", valueName: "n"))
    var neighbours = CoPurchase().neighboursMax

    @Option(help: ArgumentHelp("Same data, options and seed: same bundle.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Left out: one a processor.", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024 ~= threads) {
            throw ValidationError("--threads is \(threads); it must be 1 to 1024")
        }
    }

    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    var ials: IALS {
        var ials = IALS()
        ials.dimensions = factors
        ials.epochs = epochs
        ials.foldIn = FoldInParameters(
            unobservedWeight: unobservedWeight, regularization: regularization,
            regularizationExponent: regularizationExponent)
        return ials
    }

    func makePipeline(version: String?) throws -> TrainingPipeline {
        var pipeline = TrainingPipeline(
            ials: model == .ials ? ials : nil, threads: threadCount, seed: seed, version: version)
        pipeline.neighbours.neighboursMax = neighbours
        pipeline.similar.neighboursMax = neighbours
        return pipeline
    }
}

enum PeakMemory {
    /// The largest resident set of this process so far.
    static var bytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
