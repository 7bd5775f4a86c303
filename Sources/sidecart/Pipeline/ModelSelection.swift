import Evaluation
import Interactions
import Models

/// Picks the model that does best in cross-validation on a shop's events.
struct ModelSelection {
    var folds: Int
    /// Settings tried for each model; 1 for its defaults alone.
    var trials: Int
    var threads: Int
    var seed: UInt64
    /// Hyperparameters that are set and not searched.
    var settings: [ModelSetting] = []

    struct Choice {
        let model: any Recommender
        /// Every candidate's figures: `MODEL.MEASURE` is the mean, with `.low` and `.high` its 95 %
        /// interval, and `MODEL.p` the test against the chosen one. The chosen one's means are
        /// there without the prefix too.
        let metrics: [String: Double]
        let summary: EvaluationSummary
    }

    func choose(for dataset: Dataset) throws -> Choice {
        let plan = try EventSplits(dataset: dataset, seed: seed).makeFoldPlan(folds: folds)
        let contest = Contest(plan: plan, trialsMax: trials)
        let entrants = try ModelChoice(names: "all", settings: settings).entrants
        let bar = ProgressBar("choosing")
        defer { bar.finish() }
        var judged: [JudgedModel] = []
        var refusals: [EvaluationSummary.Refusal] = []
        for (place, entrant) in entrants.enumerated() {
            let context = TrainingContext(threads: threads, seed: seed) { step in
                let own = Double(step.step) / Double(step.steps)
                bar.update(
                    (Double(place) + own) / Double(entrants.count),
                    detail: "\(step.model) \(step.step)/\(step.steps)")
            }
            switch try contest.run(entrant.entry, set: entrant.values, context: context) {
            case .judged(let result): judged.append(result)
            case .refused(let name, let reason):
                refusals.append(.init(model: name, reason: reason))
            }
        }
        let standings = Standings(judged, leading: plan.leading, seed: seed, threads: threads)
        guard let best = standings.rows.first?.model,
            let winner = entrants.first(where: { $0.entry.name == best.name })
        else {
            throw Failure(refusals.map(\.description).joined(separator: "\n"))
        }
        // Folds may have chosen differently; the final setting is chosen once, on the first fold.
        let values = try contest.search(
            winner.entry, set: winner.values, on: plan.splits[0],
            context: TrainingContext(threads: threads, seed: seed)
        ).values
        return Choice(
            model: try winner.entry.make(values), metrics: Self.metrics(standings),
            summary: EvaluationSummary(
                plan: plan, standings: standings, refusals: refusals, secondsPerEpoch: [:],
                seed: seed, seeds: 1, threads: threads))
    }

    private static func metrics(_ standings: Standings) -> [String: Double] {
        var metrics: [String: Double] = [:]
        for (place, row) in standings.rows.enumerated() {
            let name = row.model.name
            for (measure, figure) in row.figures {
                metrics["\(name).\(measure)"] = figure.mean
                metrics["\(name).\(measure).low"] = figure.interval.low
                metrics["\(name).\(measure).high"] = figure.interval.high
                if place == 0 { metrics["\(measure)"] = figure.mean }
            }
            metrics["\(name).coverage"] = row.model.use.coverage
            metrics["\(name).p"] = row.pAgainstLeader
        }
        return metrics
    }
}
