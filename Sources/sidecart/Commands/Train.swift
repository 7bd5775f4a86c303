import ArgumentParser
import Bundles
import Evaluation
import Foundation
import Interactions
import ModelParts
import Models

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn from a shop's events and write a bundle that `serve` can serve.",
        discussion: """
            Examples:
              sidecart train events.csv --out bundle
              sidecart train events.csv --out bundle --model auto
              sidecart train events.csv --out bundle --model ials+ease
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

    @Option(
        help: ArgumentHelp(
            "Parts of the cross-validation that chooses models and weighs blends.", valueName: "n"))
    var folds = 3

    @Option(
        help: ArgumentHelp(
            "Settings that --model auto tries of each model; 1 for none.", valueName: "n"))
    var trials = 1

    @Option(help: ArgumentHelp("How many neighbors an item keeps.", valueName: "n"))
    var neighbors = CoPurchase().neighborsMax

    @Option(help: ArgumentHelp("The bundle's name; left out, the time.", valueName: "name"))
    var modelVersion: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard 2...100 ~= folds else {
            throw ValidationError("--folds is \(folds); it must be 2 to 100")
        }
        guard 1...10_000 ~= trials else {
            throw ValidationError("--trials is \(trials); it must be 1 to 10000")
        }
    }

    func run() throws {
        // What is wrong with the destination should not come out after minutes of training.
        if !replace, FileManager.default.fileExists(atPath: out) {
            throw Failure("\(out): exists already; give --replace to replace it")
        }
        try ModelBundle.checkDestination(out, replacing: replace)
        let (dataset, report) = try reading.read(events)
        if !output.json { Output.note(report.description) }
        let choice = try chooseModel(for: dataset)
        var pipeline = TrainingPipeline(
            model: choice.model, threads: model.threadCount, seed: model.seed,
            version: modelVersion)
        pipeline.dataOptions = model.dataOptions
        pipeline.neighbors.neighborsMax = neighbors
        pipeline.similar.neighborsMax = neighbors
        pipeline.metrics = choice.metrics
        let (bundle, timings) = try pipeline.train(dataset)
        try bundle.write(to: out, replacing: replace)
        let summary = Summary(
            bundle: out, version: bundle.info.version, kind: bundle.info.kind,
            items: bundle.items.count, users: bundle.users.count,
            dimensions: bundle.parts.embeddings?.items.columns ?? 0,
            readSeconds: report.seconds, trainSeconds: timings.model,
            neighborSeconds: timings.neighbors, peakMemoryBytes: PeakMemory.bytes, read: report)
        if output.json {
            try Output.printJSON(summary)
        } else {
            try Output.print(summary.description)
        }
    }

    private func chooseModel(for dataset: Dataset) throws -> (
        model: any Recommender, metrics: [String: Double]
    ) {
        let selection = ModelSelection(
            folds: folds, trials: trials, threads: model.threadCount, seed: model.seed,
            settings: model.settings, dataOptions: model.dataOptions)
        guard model.model == Self.automatic else {
            let chosen = try ModelChoice(names: model.model, settings: model.settings).entrants
            guard chosen.count == 1 else { throw Failure("--model takes one model, or auto") }
            let (entry, values) = chosen[0]
            guard entry.components.isEmpty else {
                return (try selection.weigh(chosen[0], for: dataset), [:])
            }
            return (try entry.make(values), [:])
        }
        let choice = try selection.choose(for: dataset)
        if !output.json { Output.note("\n\(choice.summary)\n") }
        return (choice.model, choice.metrics)
    }

    private static let automatic = "auto"

    private struct Summary: Encodable, CustomStringConvertible {
        let bundle: String
        let version: String
        let kind: String
        let items: Int
        let users: Int
        let dimensions: Int
        let readSeconds: Double
        let trainSeconds: Double
        let neighborSeconds: Double
        let peakMemoryBytes: Int
        let read: ReadReport

        var description: String {
            let times = String(
                format: "read in %.2f s, trained in %.2f s, neighbors in %.2f s", readSeconds,
                trainSeconds, neighborSeconds)
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
    @Option(
        help: ArgumentHelp(
            "\(ModelRegistry.names.joined(separator: ", ")); names with + between for their weighted sum; for train also auto.",
            valueName: "name"))
    var model = "ials"

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Sets a hyperparameter; may be repeated.", valueName: "[model.]name=value"),
        transform: Self.setting)
    var explicit: [ModelSetting] = []

    @Option(help: ArgumentHelp("Dimensions of the embeddings.", valueName: "n"))
    var factors: Int?

    @Option(help: ArgumentHelp("How often the data is gone through.", valueName: "n"))
    var epochs: Int?

    @Option(
        help: ArgumentHelp(
            "Holds some items out, and stops once so many epochs have not ranked them better; 0 for never.",
            valueName: "epochs"))
    var patience: Int?

    @Option(
        help: ArgumentHelp("The weight of what keeps parameters small.", valueName: "weight"))
    var regularization: Double?

    @Option(
        help: ArgumentHelp(
            "nu of ials: how far lambda grows with the length of a history, 0 to 1.",
            valueName: "power"))
    var regularizationExponent: Double?

    @Option(
        help: ArgumentHelp(
            "alpha0 of ials, the weight of what was not taken; left out, by how much was.",
            valueName: "weight"))
    var unobservedWeight: Double?

    @Option(
        help: ArgumentHelp(
            "What models learn from: users' histories, baskets, or both; left out, the data tells.",
            valueName: "users|baskets|both"))
    var rows: TrainingRows?

    @Option(help: ArgumentHelp("Same data, options and seed: same result.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Left out: one a processor.", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024 ~= threads) {
            throw ValidationError("--threads is \(threads); it must be 1 to 1024")
        }
    }

    /// Which events count, and what is learned from them.
    var dataOptions: TrainingDataOptions {
        var options = TrainingDataOptions()
        options.rows = rows
        return options
    }

    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    /// What was set, by the names that models have for it.
    var settings: [ModelSetting] {
        let named: [(flag: String, name: String, value: Double?)] = [
            ("factors", "dimensions", factors.map(Double.init)),
            ("epochs", "epochs", epochs.map(Double.init)),
            ("patience", "patience", patience.map(Double.init)),
            ("regularization", "regularization", regularization),
            ("regularization-exponent", "regularization_exponent", regularizationExponent),
            ("unobserved-weight", "unobserved_weight", unobservedWeight),
        ]
        return named.compactMap { option in
            option.value.map {
                ModelSetting(name: option.name, value: "\($0)", flag: "--\(option.flag)")
            }
        } + explicit
    }

    private static func setting(_ text: String) throws -> ModelSetting {
        guard let setting = ModelSetting(text) else {
            throw ValidationError("'\(text)' is not name=value or model.name=value")
        }
        return setting
    }
}

extension TrainingRows: ExpressibleByArgument {}

enum PeakMemory {
    /// The largest resident set of this process so far.
    static var bytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
