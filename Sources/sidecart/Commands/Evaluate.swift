import ArgumentParser
import Evaluation
import Foundation
import Interactions
import Models
import Training

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train models on a part of the data and measure how well they rank the rest.",
        discussion: """
            Protocols, and what to give for each:
              leave-one-out      PREFIX of .train.rating (or .train.pairs.tsv), .test.rating and .test.negative
              given              a folder with train.txt and test.txt, or both files: user item item ...
              next-basket        PREFIX of _history.json, _future.json and _keyset_0.json and so on
              temporal           event files: the newest fifth is held out
              k-fold             event files: each user's items are dealt into --folds parts
              basket-completion  event files: one item of each of the newest fifth of baskets is hidden
            All items are ranked, but for leave-one-out's given negatives.

            Examples:
              sidecart evaluate ml-1m --factors 192
              sidecart evaluate ml-1m --models all --trials 8 --report report.html
              sidecart evaluate ml-1m --models ials,ease,ials+ease
              sidecart evaluate gowalla --protocol given --models popularity,ials --set ials.dimensions=128
              sidecart evaluate events.csv --protocol basket-completion --models all --json
            """)

    @Argument(
        help: ArgumentHelp(
            "Files, a folder or a prefix, as the protocol has it.", valueName: "data"))
    var inputs: [String]

    @Option(name: [.customLong("protocol")], help: "What is held out and what is ranked.")
    var kind = PlanKind.leaveOneOut

    @Option(help: ArgumentHelp("How many parts k-fold makes.", valueName: "n"))
    var folds = 5

    @Option(
        help: ArgumentHelp(
            "all, or names with commas, + between the parts of a blend; left out, --model.",
            valueName: "name,…"))
    var models: String?

    @Option(
        help: ArgumentHelp(
            "Settings tried on validation data for each model; 1 for none.", valueName: "n"))
    var trials = 1

    @Option(
        help: ArgumentHelp("Trainings with different seeds, to average.", valueName: "n"))
    var seeds = 1

    @Option(
        name: .short,
        help: ArgumentHelp("The lengths of the lists that count.", valueName: "n,…"),
        transform: Self.lengths)
    var k: [Int]?

    @Option(
        help: ArgumentHelp(
            "The figure models are compared by, such as ndcg@10.", valueName: "measure"),
        transform: Self.measure)
    var by: Measure?

    @Option(help: ArgumentHelp("Write a page with plots.", valueName: "file"))
    var report: String?

    @OptionGroup(title: "Models") var model: ModelOptions

    @OptionGroup(title: "Reading event files") var reading: ReadingOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard 2...100 ~= folds else {
            throw ValidationError("--folds is \(folds); it must be 2 to 100")
        }
        guard 1...10_000 ~= trials else {
            throw ValidationError("--trials is \(trials); it must be 1 to 10000")
        }
        guard 1...1_000 ~= seeds else {
            throw ValidationError("--seeds is \(seeds); it must be 1 to 1000")
        }
    }

    func run() throws {
        let chosen = try ModelChoice(names: models ?? model.model, settings: model.settings)
        var plan = try kind.makePlan(
            inputs, folds: folds, lengths: k, seed: model.seed, reading: reading,
            options: model.dataOptions)
        if let by {
            guard !by.kind.hasLength || plan.lengths.contains(by.k) else {
                let given = plan.lengths.map(String.init).joined(separator: ",")
                throw Failure("--by \(by): the lists' lengths are \(given); see -k")
            }
            plan.leading = by
        }
        let contest = Contest(plan: plan, trialsMax: trials, seedCount: seeds)
        let bar = ProgressBar("evaluating")
        var judged: [JudgedModel] = []
        var secondsPerEpoch: [String: Double] = [:]
        var refusals: [Refusal] = []
        for (place, entrant) in chosen.entrants.enumerated() {
            let epochs = EpochTimes()
            let context = TrainingContext(threads: model.threadCount, seed: model.seed) { step in
                epochs.record()
                bar.update(
                    (Double(place) + step.fraction) / Double(chosen.entrants.count),
                    detail: step.detail)
            }
            switch try contest.run(entrant.entry, set: entrant.values, context: context) {
            case .judged(let result):
                judged.append(result)
                if trials == 1 { secondsPerEpoch[result.name] = epochs.median }
            case .refused(let name, let reason):
                refusals.append(Refusal(model: name, reason: reason))
            }
        }
        bar.finish()
        let standings = Standings(
            judged, leading: plan.leading, seed: model.seed, threads: model.threadCount)
        guard !judged.isEmpty else {
            throw Failure(refusals.map(\.description).joined(separator: "\n"))
        }
        let summary = EvaluationSummary(
            plan: plan, standings: standings, refusals: refusals,
            secondsPerEpoch: secondsPerEpoch, seed: model.seed, seeds: seeds,
            threads: model.threadCount)
        if let report {
            let page = ReportPage(summary: summary).html
            do {
                try page.write(toFile: report, atomically: true, encoding: .utf8)
            } catch { throw Failure("\(report): \(error.localizedDescription)") }
        }
        if output.json {
            try Output.printJSON(summary)
        } else {
            try Output.print(summary.description)
        }
    }

    private static func lengths(_ text: String) throws -> [Int] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == parts.count, numbers.allSatisfy({ 1...10_000 ~= $0 }) else {
            throw ValidationError("'\(text)' is no list of lengths of 1 to 10000, such as 5,10,20")
        }
        return Set(numbers).sorted()
    }

    private static func measure(_ name: String) throws -> Measure {
        guard let measure = Measure(name: name) else {
            let kinds = Measure.Kind.allCases.map {
                $0.hasLength ? "\($0.rawValue)@k" : $0.rawValue
            }
            throw ValidationError("'\(name)' is none of \(kinds.joined(separator: ", "))")
        }
        return measure
    }
}
