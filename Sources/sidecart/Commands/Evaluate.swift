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
            Without --protocol, event files are judged by basket-completion where they name baskets, \
            else by temporal where they have times, else by k-fold; published files by their own protocol.

            Protocols for event files:
              basket-completion  One item of each of the newest fifth of baskets is hidden, and must be found \
            from the rest of the basket and the shopper's history.
              temporal           The newest fifth of events is held out, and must be found from the user's \
            earlier ones.
              k-fold             Each user's items are dealt into --folds parts, and each is held out in turn.
            Protocols for published files:
              leave-one-out      PREFIX.train.rating (or .train.pairs.tsv), PREFIX.test.rating and \
            PREFIX.test.negative: each user's held-out item is ranked among the given negatives.
              given              FOLDER/train.txt and FOLDER/test.txt, or both files: user item item ...
              next-basket        PREFIX_history.json, PREFIX_future.json and PREFIX_keyset_0.json, _1 and so on.
            All items are ranked, except by leave-one-out.
            Protocol for logs of what a recommender showed:
              replay             What each model would have earned, from impressions of another one: IPS and \
            SNIPS with 95 % intervals. A CSV line is an impression: request, item, position, propensity and \
            reward, and perhaps user, basket (items between |) and time. Files of the Open Bandit Dataset are \
            known by their columns. Besides models, uniform may be named: each item alike.

            Protocol for learning while serving:
              online             The oldest 80 % of baskets are trained, and real servers meet the newest ones in \
            the order of time: each is asked for a hidden item of a basket, and then told it by Record. One server \
            learns from that at once and one does not; --retrain-days adds both, retrained again and again.

            Examples:
              sidecart evaluate events.csv --protocol online --retrain-days 7
              sidecart evaluate events.csv --catalog items.csv --protocol online --new-items 0.1
              sidecart evaluate events.csv --models all --report report.html
              sidecart evaluate events.csv --split random --models slim,ials --json
              sidecart evaluate events.csv --hide each -k 10 --by mrr@10 --models lambdamart,slim
              sidecart evaluate ml-1m --models ials,ease,ials+ease --trials 8
              sidecart evaluate gowalla --models popularity,ials --set ials.dimensions=128
              sidecart evaluate shown.csv.gz --protocol replay --events events.csv --models slim,lambdamart
              sidecart evaluate obd/random/all/all.csv --protocol replay --models uniform,popularity
            """)

    @Argument(
        help: ArgumentHelp(
            "Event files, the prefix or folder of a published data set, or for replay impression logs.",
            valueName: "data"))
    var inputs: [String] = []

    @Option(
        name: [.customLong("protocol")],
        help: "What is held out and what is ranked. Default: what the data suits.")
    var kind: PlanKind?

    @Option(
        help: ArgumentHelp(
            "How basket-completion chooses the baskets it holds out: the newest (time), or some drawn by the seed (random). Default: time where baskets have times, else random.",
            valueName: "time|random"))
    var split: BasketCompletion.Split?

    @Option(
        help: ArgumentHelp(
            "basket-completion hides only items that at least this many training baskets hold.",
            valueName: "n"))
    var itemBasketsMin = 5

    @Option(
        help: ArgumentHelp(
            "What basket-completion and online hide of a basket: one item, drawn by the seed (one), or each in turn (each), which takes as many times longer and tells smaller differences; a basket's figures are then the means over its items.",
            valueName: "one|each"))
    var hide = BasketCompletion.Hiding.one

    @Option(
        help: ArgumentHelp(
            "basket-completion asks about at most this many baskets, evenly spread; 0 for all of them.",
            valueName: "n"))
    var queriesMax = 4_000

    @Option(help: ArgumentHelp("How many parts k-fold makes.", valueName: "n"))
    var folds = 5

    @Option(
        help: ArgumentHelp(
            "The models to compare: names with commas between them, or all. A + between names adds up their scores, such as ials+ease. Default: the one that --model names.",
            valueName: "name,…"))
    var models: String?

    @Option(
        help: ArgumentHelp(
            "How many settings of each model are tried on validation data, such as 8; 1 takes its defaults.",
            valueName: "n"))
    var trials = 1

    @Option(
        help: ArgumentHelp(
            "How often each model is trained, each time with another seed; figures are means.",
            valueName: "n"))
    var seeds = 1

    @Option(
        name: .short,
        help: ArgumentHelp(
            "The lengths of lists that are measured. Default: 5,10,20; 10,20,50 for given; 10,20 for next-basket.",
            valueName: "n,…"),
        transform: Self.lengths)
    var k: [Int]?

    @Option(
        help: ArgumentHelp(
            "The measure by which models are compared, such as ndcg@10 or mrr@5. Default: the protocol's own.",
            valueName: "measure"),
        transform: Self.measure)
    var by: Measure?

    @Option(
        help: ArgumentHelp(
            "Also write the figures as a page with plots, such as report.html.", valueName: "file"))
    var report: String?

    @Flag(
        help: ArgumentHelp(
            "Ask a real server process the same queries over its socket, one at a time, and print what a call takes. Not for leave-one-out, whose candidates are given."
        ))
    var served = false

    @OptionGroup(title: "Replay") var replay: ReplayOptions

    @OptionGroup(title: "Online") var online: OnlineOptions

    @OptionGroup(title: "Models") var model: ModelOptions

    @OptionGroup(title: "Reading event files") var reading: ReadingOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        try reading.validateEvents(inputs)
        guard 2...100 ~= folds else {
            throw ValidationError("--folds is \(folds); it must be 2 to 100")
        }
        guard 1...10_000 ~= trials else {
            throw ValidationError("--trials is \(trials); it must be 1 to 10000")
        }
        guard 1...1_000 ~= seeds else {
            throw ValidationError("--seeds is \(seeds); it must be 1 to 1000")
        }
        guard 1...1_000_000 ~= itemBasketsMin else {
            throw ValidationError(
                "--item-baskets-min is \(itemBasketsMin); it must be 1 to 1000000")
        }
        guard queriesMax >= 0 else {
            throw ValidationError("--queries-max is \(queriesMax); it must be 0 or more")
        }
        try validateReplay()
    }

    /// Options that would do nothing are refused.
    private func validateReplay() throws {
        if kind != .online, let given = online.given {
            throw ValidationError("\(given) is for --protocol online alone")
        }
        if kind != .replay, let given = replay.given {
            throw ValidationError("\(given) is for --protocol replay alone")
        }
        guard let kind, kind == .replay || kind == .online else { return }
        let others: [(String, Bool)] = [
            ("-k", k != nil), ("--by", by != nil), ("--trials", trials != 1),
            ("--seeds", seeds != 1), ("--split", split != nil),
            ("--hide", kind == .replay && hide != .one),
            ("--models (it takes one, --model)", kind == .online && models != nil),
            ("--report", kind == .online && report != nil),
            ("--served (it always is)", kind == .online && served),
        ]
        if let other = others.first(where: \.1)?.0 {
            throw ValidationError("\(other) has no meaning for --protocol \(kind.rawValue)")
        }
    }

    func run() throws {
        if kind == .replay {
            let summary = try ReplayEvaluation(
                logs: inputs, options: replay, reading: reading, model: model, models: models,
                served: served
            ).run()
            try write(ReplayPage(summary: summary).html)
            try output.json ? Output.printJSON(summary) : Output.print(summary.description)
            return
        }
        if kind == .online {
            let summary = try OnlineEvaluation(
                inputs: inputs, options: online, reading: reading, model: model,
                itemBasketsMin: itemBasketsMin, hiding: hide,
                queriesMax: queriesMax == 0 ? nil : queriesMax
            ).run()
            try output.json ? Output.printJSON(summary) : Output.print(summary.description)
            return
        }
        let chosen = try ModelChoice(names: models ?? model.model, settings: model.settings)
        for entrant in chosen.entrants { _ = try entrant.entry.make(entrant.values) }
        let made = try PlanRequest(
            inputs: inputs, kind: kind, folds: folds,
            completion: BasketCompletion(
                split: split, itemBasketsMin: itemBasketsMin, hiding: hide,
                queriesMax: queriesMax == 0 ? nil : queriesMax),
            lengths: k, seed: model.seed, reading: reading,
            options: model.dataOptions
        ).makePlan()
        var plan = made.plan
        if let by {
            guard !by.kind.hasLength || plan.lengths.contains(by.k) else {
                let given = plan.lengths.map(String.init).joined(separator: ",")
                throw Failure("--by \(by): the lists' lengths are \(given); see -k")
            }
            plan.leading = by
        }
        var contest = Contest(plan: plan, trialsMax: trials, seedCount: seeds)
        let servedRecord = ServedRanker.Record()
        if served { contest.makeRanker = ServedRanker.maker(servedRecord) }
        var servedCalls: [String: ServedCalls] = [:]
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
                try servedRecord.check()
                servedCalls[result.name] = servedRecord.newest.map(ServedCalls.init)
                if trials == 1 { secondsPerEpoch[result.name] = epochs.median }
            case .refused(let name, let reason):
                refusals.append(Refusal(model: name, reason: reason))
            }
        }
        bar.finish()
        let standings = Standings(
            judged, leading: plan.leading, seed: model.seed, threads: model.threadCount)
        guard !judged.isEmpty else {
            throw Failure(Refusal.lines(refusals).joined(separator: "\n"))
        }
        let summary = EvaluationSummary(
            plan: plan, standings: standings, refusals: refusals,
            secondsPerEpoch: secondsPerEpoch, seed: model.seed, seeds: seeds,
            threads: model.threadCount, read: made.read)
        try write(ReportPage(summary: summary).html)
        if output.json {
            try Output.printJSON(summary)
        } else {
            try Output.print(summary.description)
            for row in standings.rows {
                guard let calls = servedCalls[row.model.name] else { continue }
                try Output.print("\(row.model.name), served: \(calls)")
            }
        }
    }

    /// Writes the page where one is asked for.
    private func write(_ page: @autoclosure () -> String) throws {
        guard let report else { return }
        do {
            try page().write(toFile: report, atomically: true, encoding: .utf8)
        } catch { throw Failure("\(report): \(error.localizedDescription)") }
    }

    private static func lengths(_ text: String) throws -> [Int] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == parts.count, numbers.allSatisfy({ 1...10_000 ~= $0 }) else {
            throw ValidationError(
                "'\(text)' is not a list of lengths from 1 to 10000, such as 5,10,20")
        }
        return Set(numbers).sorted()
    }

    private static func measure(_ name: String) throws -> Measure {
        guard let measure = Measure(name: name) else {
            let kinds = Measure.Kind.allCases.map {
                $0.hasLength ? "\($0.rawValue)@k" : $0.rawValue
            }
            throw ValidationError(
                "'\(name)' is not a measure; the measures are \(kinds.joined(separator: ", "))")
        }
        return measure
    }
}

extension BasketCompletion.Split: ExpressibleByArgument {}
extension BasketCompletion.Hiding: ExpressibleByArgument {}

/// What the calls of one model's queries took, asked one at a time.
struct ServedCalls: Encodable, CustomStringConvertible {
    /// From before a request is written until its answer is decoded.
    let latency: LatencySummary
    /// Processor time of the server, per call.
    let serverMicrosecondsPerCall: Double

    init(_ run: (latency: LatencySummary, serverMicroseconds: Double)) {
        latency = run.latency
        serverMicrosecondsPerCall = run.serverMicroseconds
    }

    var description: String {
        String(
            format: "%.0f µs a call (p50 %.0f, p99 %.0f), %.0f µs of server cpu",
            latency.meanMicroseconds, latency.p50Microseconds, latency.p99Microseconds,
            serverMicrosecondsPerCall)
    }
}
