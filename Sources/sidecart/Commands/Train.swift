import ArgumentParser
import Bundles
import Evaluation
import Foundation
import Interactions
import Models
import Training

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn from a shop's events and write a bundle that `serve` can serve.",
        discussion: """
            Examples:
              sidecart train events.csv --out bundle
              sidecart train events.csv --out bundle --model auto
              sidecart train events.csv --out bundle --model ials+ease
              sidecart train --events-db events.db --out bundle --replace
              sidecart train 2024-*.csv.gz --catalog items.csv --out bundle --replace
              sidecart train online-retail.csv.gz --out bundle \\
                --columns user=CustomerID,item=StockCode,time=InvoiceDate,basket=InvoiceNo,\\
              value=Quantity,title=Description,price=UnitPrice \\
                --exclude-items-without-digit --fold-item-case --return-basket-prefix C
            """)

    @Argument(
        help: ArgumentHelp(
            "CSV, TSV or JSON Lines files, plain or gzip, such as events.csv; - reads standard input.",
            valueName: "events"))
    var events: [String] = []

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The folder that becomes the bundle, such as bundle.", valueName: "folder"))
    var out: String

    @Flag(help: "Replace the bundle that is already in this folder.")
    var replace = false

    @OptionGroup(title: "Reading")
    var reading: ReadingOptions

    @OptionGroup(title: "Model")
    var model: ModelOptions

    @Option(
        help: ArgumentHelp(
            "How many parts users' items are dealt into, where there are no baskets to choose models or weigh blends by.",
            valueName: "n"))
    var folds = 3

    @Option(
        help: ArgumentHelp(
            "How many settings of each model --model auto tries; 1 takes the defaults alone.",
            valueName: "n"))
    var trials = 1

    @Option(
        help: ArgumentHelp(
            "How long --model auto may take to choose a model and train it. Models that train fast come first; when the time is up, the best so far is taken.",
            valueName: "seconds"))
    var budget = 300.0

    @Option(help: ArgumentHelp("How many neighbors each item keeps.", valueName: "n"))
    var neighbors = CoPurchase().neighborsMax

    @Option(
        help: ArgumentHelp(
            "The bundle's version, such as 2024-06-01. Default: the time of training.",
            valueName: "name"))
    var modelVersion: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        try reading.validateEvents(events)
        guard 2...100 ~= folds else {
            throw ValidationError("--folds is \(folds); it must be 2 to 100")
        }
        guard 1...10_000 ~= trials else {
            throw ValidationError("--trials is \(trials); it must be 1 to 10000")
        }
        guard 1...1_000_000 ~= budget else {
            throw ValidationError("--budget is \(budget); it must be 1 to 1000000 seconds")
        }
    }

    func run() throws {
        let clock = ContinuousClock()
        let started = clock.now
        // What is wrong with the model or the destination should not come out after minutes.
        var job = try TrainingJob(
            model: model.model,
            selection: ModelSelection(
                folds: folds, trials: trials, threads: model.threadCount, seed: model.seed,
                settings: model.settings, dataOptions: model.dataOptions,
                budget: .seconds(budget)))
        (job.neighborsMax, job.version) = (neighbors, modelVersion)
        job.folding = reading.folding
        if !replace, FileManager.default.fileExists(atPath: out) {
            throw Failure("\(out): exists already; give --replace to replace it")
        }
        try ModelBundle.checkDestination(out, replacing: replace)
        let reading = clock.now
        let (dataset, report) = try self.reading.read(events)
        let read = clock.now
        if !output.json { Output.note(report.description) }
        let bar = ProgressBar("training")
        let trained = try job.run(on: dataset) { bar.update($0) }
        bar.finish()
        if let choice = trained.choice, !output.json { Output.note("\n\(table(of: choice))\n") }
        let writing = clock.now
        try trained.bundle.write(to: out, replacing: replace)
        let written = clock.now
        let times = TrainingTimes(
            trained.timings, read: (read - reading).seconds, write: (written - writing).seconds,
            total: (written - started).seconds)
        let summary = TrainingSummary(trained.bundle, at: out, times: times, read: report)
        if output.json {
            try Output.printJSON(summary)
        } else {
            try Output.print(summary.description)
        }
    }

    private func table(of choice: ModelSelection.Choice) -> EvaluationSummary {
        EvaluationSummary(
            plan: choice.plan, standings: choice.standings, refusals: choice.refusals,
            secondsPerEpoch: [:], seed: model.seed, seeds: 1, threads: model.threadCount)
    }
}
