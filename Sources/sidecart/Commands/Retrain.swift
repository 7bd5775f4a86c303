import ArgumentParser
import Bundles
import Evaluation
import EventLoop
import Foundation
import Interactions
import Models
import Training

/// `sidecart retrain`: what `serve --retrain` runs as its child, and anybody may run.
struct Retrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train anew, and write the bundle if it is no worse than another one.",
        discussion: """
            Of the baskets that came after the data of --against, the newer half is kept from a first training, and both models are asked by \
            the serving engine to complete those baskets. Unless the new one finds less beyond chance (the 95 % interval of the paired \
            differences of MRR@10 lies below 0), it is trained again on all events and written to --out. What was found is printed; the exit \
            code is 0 either way.

            Examples:
              sidecart retrain events.csv --against serving --out 2024-06-02
              sidecart retrain events.csv --catalog items.csv --model slim --against serving --out 2024-06-02 --json
            """)

    @Argument(
        help: ArgumentHelp(
            "As `train` takes them, such as events.csv; none with --events-db.", valueName: "events"
        ))
    var events: [String] = []

    @Option(help: ArgumentHelp("The bundle to be no worse than.", valueName: "folder"))
    var against: String

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The folder that becomes the new bundle.", valueName: "folder"))
    var out: String

    @OptionGroup(title: "Reading") var reading: ReadingOptions
    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(
        help: ArgumentHelp(
            "The bundle's version. Default: the time of training.", valueName: "name"))
    var modelVersion: String?

    @OptionGroup var output: OutputOptions

    @Flag(help: .hidden)
    var atLowPriority = false

    @Flag(help: .hidden)
    var endsWithParent = false

    func validate() throws { try reading.validateEvents(events) }

    func run() throws {
        if atLowPriority { ProcessSettings.lowerThreadPriority() }
        if endsWithParent { ServerProcess.endWithParent() }
        var job = try TrainingJob(
            model: model.model,
            selection: ModelSelection(
                folds: 3, trials: 1, threads: model.threadCount, seed: model.seed,
                settings: model.settings, dataOptions: model.dataOptions))
        (job.version, job.folding) = (modelVersion, reading.folding)
        try ModelBundle.checkDestination(out, replacing: false)
        let running = try ModelBundle.read(from: against)
        let (dataset, _) = try reading.read(events)
        var outcome = RetrainingOutcome(against: running.info.version)
        let newest: NewestBaskets
        do throws(EvaluationError) {
            newest = try NewestBaskets(
                of: dataset, since: running.info.data?.newestEvent.map(Int64.init))
        } catch {
            outcome.reason = "\(error)"
            return try report(outcome)
        }
        let bar = ProgressBar("training")
        let judged = try job.run(on: newest.past) { if !output.json { bar.update($0) } }.bundle
        let comparison = try BundleComparison(
            judged, against: running, on: newest, seed: model.seed, threads: model.threadCount)
        outcome.comparison = comparison
        if comparison.isWorse {
            outcome.reason = "it finds less than \(running.info.version)"
        } else {
            let whole = try job.run(on: dataset) { if !output.json { bar.update($0) } }.bundle
            try whole.write(to: out)
            (outcome.bundle, outcome.version) = (out, whole.info.version)
        }
        bar.finish()
        try report(outcome)
    }

    private func report(_ outcome: RetrainingOutcome) throws {
        if output.json {
            try Output.printJSON(outcome)
        } else {
            try Output.print(outcome.description)
        }
    }
}

/// What came of a retraining.
struct RetrainingOutcome: Codable, Equatable, Sendable, CustomStringConvertible {
    /// The version of the model that was to be no worse than.
    var against: String
    /// The folder and the version of what was written; nil where nothing was.
    var bundle: String?
    var version: String?
    /// nil where there was nothing to judge by.
    var comparison: BundleComparison?
    /// Why nothing was written; empty where something was.
    var reason = ""

    init(against: String) { self.against = against }

    var description: String {
        let judged =
            comparison.map {
                String(
                    format:
                        "%@ over the newest %d baskets: %.4f, %@ %.4f (difference %+.4f to %+.4f)",
                    BundleComparison.measure, $0.queries, $0.candidate, against, $0.running, $0.low,
                    $0.high)
            }
        let end = bundle.map { "\($0): version \(version ?? "")" } ?? "nothing written: \(reason)"
        return [judged, end].compactMap(\.self).joined(separator: "\n")
    }
}
