package import Evaluation
internal import Foundation
package import Interactions
package import Models

/// Picks the model that does best on a shop's events: at completing held-out baskets where there
/// are baskets of two and more items, else in cross-validation of users' items.
package struct ModelSelection: Sendable {
    /// Of the cross-validation.
    package var folds: Int
    /// Settings tried for each model; 1 for its defaults alone.
    package var trials: Int
    package var threads: Int
    package var seed: UInt64
    /// Hyperparameters that are set and not searched.
    package var settings: [ModelSetting]
    /// Which events count, and what is learned from them.
    package var dataOptions: TrainingDataOptions
    /// How long choosing, and training what was chosen, may take together.
    package var budget: Duration

    package init(
        folds: Int = 3, trials: Int = 1, threads: Int, seed: UInt64,
        settings: [ModelSetting] = [], dataOptions: TrainingDataOptions = TrainingDataOptions(),
        budget: Duration = .seconds(300)
    ) {
        self.dataOptions = dataOptions
        self.folds = folds
        self.trials = trials
        self.threads = threads
        self.seed = seed
        self.settings = settings
        self.budget = budget
    }

    package struct Choice: Sendable {
        package let model: any Recommender
        /// Every candidate's figures: `MODEL.MEASURE` is the mean, with `.low` and `.high` its 95 %
        /// interval, and `MODEL.p` the test against the chosen one. The chosen one's means are
        /// there without the prefix too.
        package let metrics: [String: Double]
        package let plan: EvaluationPlan
        /// Of all candidates, best first.
        package let standings: Standings
        /// Those that the data does not suit, or that the budget did not allow.
        package let refusals: [Refusal]
    }

    /// Judges every model, those first that train fast, and a blend of the best two that can be
    /// blended.
    ///
    /// A candidate may take two fifths of what is left of the budget, since it is trained once more
    /// if it wins; past that it is cancelled. None is started that would leave the best so far no
    /// time to be trained.
    ///
    /// - Throws: ``EvaluationError`` where the settings fit no model, no model the data, or none
    ///   the budget.
    package func choose(
        for dataset: Dataset, report: @escaping WorkProgress.Report
    ) throws(EvaluationError) -> Choice {
        let plan = try makePlan(for: dataset)
        report(.milestone("choosing", "by \(plan.leading) of \(plan.title): \(plan.summary)"))
        var heats = Heats(self, plan: plan, report: report)
        // The registry names the cheapest family first.
        var entrants = try ModelChoice(names: "all", settings: settings).entrants
        for (place, entrant) in entrants.enumerated() {
            try heats.judge(entrant, place: place, of: entrants.count + 1)
        }
        if let pair = Self.bestPair(heats.ranked) {
            let blend = try ModelChoice(
                names: "\(pair.0.name)+\(pair.1.name)", settings: settings, allowsOthers: true
            ).entrants[0]
            try heats.judge(blend, place: entrants.count, of: entrants.count + 1)
            entrants.append(blend)
        }
        let standings = Standings(
            heats.judged, leading: plan.leading, seed: seed, threads: threads)
        guard let leader = standings.rows.first?.model,
            let winner = entrants.first(where: { $0.entry.name == leader.name })
        else {
            throw EvaluationError(Refusal.lines(heats.refusals).joined(separator: "\n"))
        }
        // Folds may choose differently; the first one's setting stands.
        return Choice(
            model: try winner.entry.make(leader.settings[0]), metrics: Self.metrics(standings),
            plan: plan, standings: standings, refusals: heats.refusals)
    }

    private func makePlan(for dataset: Dataset) throws(EvaluationError) -> EvaluationPlan {
        let splits = EventSplits(dataset: dataset, options: dataOptions, seed: seed)
        // Baskets of which none can be asked about leave the users' items.
        if splits.suitableProtocol == .basketCompletion, let plan = try? splits.makeBasketPlan() {
            return plan
        }
        return try splits.makeFoldPlan(folds: folds)
    }

    /// - Parameter models: best first.
    private static func bestPair(_ models: [JudgedModel]) -> (JudgedModel, JudgedModel)? {
        for (place, model) in models.enumerated() {
            if let partner = models[(place + 1)...].first(where: model.canBlend) {
                return (model, partner)
            }
        }
        return nil
    }

    /// The blend with the weights that are best by the same plan.
    package func weigh(
        _ blend: ModelChoice.Entrant, for dataset: Dataset,
        report: @escaping WorkProgress.Report = { _ in }
    ) throws(EvaluationError) -> any Recommender {
        let plan = try makePlan(for: dataset)
        let context = TrainingContext(threads: threads, seed: seed) { step in
            report(WorkProgress("weighing", fraction: step.fraction, detail: step.detail))
        }
        let values = try Contest(plan: plan, trialsMax: trials).search(
            blend.entry, set: blend.values, on: plan.splits[0], context: context
        ).values
        return try blend.entry.make(values)
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
