package import Evaluation
package import Interactions
package import Models

/// Picks the model that does best in cross-validation on a shop's events.
package struct ModelSelection: Sendable {
    package var folds: Int
    /// Settings tried for each model; 1 for its defaults alone.
    package var trials: Int
    package var threads: Int
    package var seed: UInt64
    /// Hyperparameters that are set and not searched.
    package var settings: [ModelSetting]
    /// Which events count, and what is learned from them.
    package var dataOptions = TrainingDataOptions()

    package init(
        folds: Int, trials: Int, threads: Int, seed: UInt64, settings: [ModelSetting] = [],
        dataOptions: TrainingDataOptions = TrainingDataOptions()
    ) {
        self.dataOptions = dataOptions
        self.folds = folds
        self.trials = trials
        self.threads = threads
        self.seed = seed
        self.settings = settings
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
        /// Those that the data does not suit.
        package let refusals: [Refusal]
    }

    /// Judges every model, and a blend of the best two that can be blended.
    ///
    /// - Throws: ``EvaluationError`` where the settings fit no model, or no model the data.
    package func choose(
        for dataset: Dataset, report: @escaping WorkProgress.Report
    ) throws(EvaluationError) -> Choice {
        let plan = try EventSplits(dataset: dataset, options: dataOptions, seed: seed)
            .makeFoldPlan(folds: folds)
        let contest = Contest(plan: plan, trialsMax: trials)
        var entrants = try ModelChoice(names: "all", settings: settings).entrants
        var judged: [JudgedModel] = []
        var refusals: [Refusal] = []
        func judge(
            _ entrant: ModelChoice.Entrant, place: Int, of count: Int
        ) throws(EvaluationError) {
            let context = TrainingContext(threads: threads, seed: seed) { step in
                report(
                    WorkProgress(
                        "choosing", fraction: (Double(place) + step.fraction) / Double(count),
                        detail: step.detail))
            }
            switch try contest.run(entrant.entry, set: entrant.values, context: context) {
            case .judged(let result): judged.append(result)
            case .refused(let name, let reason):
                refusals.append(Refusal(model: name, reason: reason))
            }
        }
        func standings() -> Standings {
            Standings(judged, leading: plan.leading, seed: seed, threads: threads)
        }
        for (place, entrant) in entrants.enumerated() {
            try judge(entrant, place: place, of: entrants.count + 1)
        }
        if let pair = Self.bestPair(standings().rows.map(\.model)) {
            let blend = try ModelChoice(
                names: "\(pair.0.name)+\(pair.1.name)", settings: settings, allowsOthers: true
            ).entrants[0]
            try judge(blend, place: entrants.count, of: entrants.count + 1)
            entrants.append(blend)
        }
        let final = standings()
        guard let leader = final.rows.first?.model,
            let winner = entrants.first(where: { $0.entry.name == leader.name })
        else {
            throw EvaluationError(refusals.map(\.description).joined(separator: "\n"))
        }
        return Choice(
            model: try setting(of: winner, contest), metrics: Self.metrics(final),
            plan: plan, standings: final, refusals: refusals)
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

    /// The blend with its weights found on the first fold of a cross-validation.
    package func weigh(
        _ blend: ModelChoice.Entrant, for dataset: Dataset
    ) throws(EvaluationError) -> any Recommender {
        let plan = try EventSplits(dataset: dataset, options: dataOptions, seed: seed)
            .makeFoldPlan(folds: folds)
        return try setting(of: blend, Contest(plan: plan, trialsMax: trials))
    }

    /// Folds may choose differently; the final setting is chosen once, on the first fold.
    private func setting(
        of entrant: ModelChoice.Entrant, _ contest: Contest
    ) throws(EvaluationError) -> any Recommender {
        let values = try contest.search(
            entrant.entry, set: entrant.values, on: contest.plan.splits[0],
            context: TrainingContext(threads: threads, seed: seed)
        ).values
        return try entrant.entry.make(values)
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
