import Evaluation
import Foundation
import Interactions
import Models
import Training

/// One run of `evaluate --protocol replay`.
struct ReplayEvaluation {
    /// Paths of the logs.
    let logs: [String]
    let options: ReplayOptions
    let reading: ReadingOptions
    let model: ModelOptions
    /// As given on the command line: nil for what the log suits.
    let models: String?
    /// Whether a real server is asked instead of the engine.
    let served: Bool

    /// The name of the policy that shows each item alike.
    private static let uniform = "uniform"

    func run() throws -> ReplaySummary {
        // What is wrong with a name or a setting is said before anything is read.
        let chosen = try models.map { try split($0) }
        let log = try options.read(logs, reading)
        // Of the Open Bandit Dataset contexts tell models nothing, so that what sells is all they
        // can know.
        let (names, hasUniform) =
            try chosen
            ?? split(log.isOpenBandit ? "\(Self.uniform),\(Popularity.name)" : model.model)
        let choice =
            names.isEmpty ? nil : try ModelChoice(names: names, settings: model.settings)
        for entrant in choice?.entrants ?? [] { _ = try entrant.entry.make(entrant.values) }
        let plan = try makePlan(log, trains: choice != nil)
        let record = ServedRanker.Record()
        let replay = Replay(
            plan: plan, weightMax: options.weightMax,
            makeRanker: served ? ServedRanker.maker(record) : EngineRanker.maker)
        var policies = [replay.judgeLogged()]
        if hasUniform { policies.append(replay.judgeUniform()) }
        var refusals: [Refusal] = []
        var calls: [String: ServedCalls] = [:]
        let bar = ProgressBar("evaluating")
        defer { bar.finish() }
        let entrants = choice?.entrants ?? []
        for (place, entrant) in entrants.enumerated() {
            let context = TrainingContext(threads: model.threadCount, seed: model.seed) { step in
                bar.update(
                    (Double(place) + step.fraction) / Double(entrants.count), detail: step.detail)
            }
            switch try replay.judge(entrant.entry, set: entrant.values, context: context) {
            case .judged(let policy):
                try record.check()
                policies.append(policy)
                calls[policy.name] = record.newest.map(ServedCalls.init)
            case .refused(let refusal): refusals.append(refusal)
            }
        }
        guard policies.count > 1 else {
            throw Failure(Refusal.lines(refusals).joined(separator: "\n"))
        }
        return ReplaySummary(
            plan: plan, policies: policies, refusals: refusals, calls: calls,
            weightMax: options.weightMax, seed: model.seed, threads: model.threadCount)
    }

    /// The models among the names, and whether `uniform` is there too.
    private func split(_ names: String) throws -> (models: String, hasUniform: Bool) {
        let all = names.split(separator: ",").map(String.init)
        let models = all.filter { $0 != Self.uniform }.joined(separator: ",")
        if !models.isEmpty { _ = try ModelChoice(names: models, settings: model.settings) }
        return (models, all.contains(Self.uniform))
    }

    private func makePlan(_ log: ImpressionLog, trains: Bool) throws -> ReplayPlan {
        let plan: ReplayPlan
        if !trains {
            plan = ReplayPlan(judging: log)
        } else if options.events.isEmpty {
            plan = try ReplayPlan(
                halving: log, options: model.dataOptions,
                includesPurchased: options.includePurchased)
        } else {
            let (dataset, report) = try reading.read(options.events)
            Output.note(report.description)
            plan = try ReplayPlan(
                judging: log, trainedOn: dataset, options: model.dataOptions,
                includesPurchased: options.includePurchased)
        }
        for note in plan.notes { Output.note(note) }
        return plan
    }
}
