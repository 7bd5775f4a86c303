package import ModelParts
package import Models

/// Trains models by one plan and judges them all alike.
package struct Contest: Sendable {
    package var plan: EvaluationPlan
    /// How many settings of a model are tried on validation data; 1 for its defaults alone.
    package var trialsMax: Int
    /// How often each model is trained, with seeds from the context's on; figures are means over
    /// them.
    package var seedCount: Int
    /// Makes what ranks the queries.
    package var makeRanker: QueryRankerMaker

    package init(
        plan: EvaluationPlan, trialsMax: Int = 1, seedCount: Int = 1,
        makeRanker: @escaping QueryRankerMaker = EngineRanker.maker
    ) {
        precondition(trialsMax > 0 && seedCount > 0, "\(trialsMax) trials, \(seedCount) seeds")
        self.plan = plan
        self.trialsMax = trialsMax
        self.seedCount = seedCount
        self.makeRanker = makeRanker
    }

    /// Trains and judges one model on every split; a model that cannot be is part of the result
    /// too.
    ///
    /// - Parameter values: hyperparameters that are set and not searched.
    /// - Throws: ``EvaluationError`` where `values` do not fit the model.
    package func run(
        _ entry: ModelEntry, set values: [String: Double] = [:], context: TrainingContext
    ) throws(EvaluationError) -> ContestResult {
        _ = try entry.make(values)
        do {
            return .judged(try judge(entry, values, context))
        } catch {
            return .refused(model: entry.name, reason: error.description)
        }
    }

    private func judge(
        _ entry: ModelEntry, _ fixed: [String: Double], _ context: TrainingContext
    ) throws(EvaluationError) -> JudgedModel {
        guard try canAnswer(entry.make(fixed)) else { throw .knowsOnlyItsUsers }
        let clock = ContinuousClock()
        var judgement: Judgement?
        var (predicted, given) = ([Float](), [Float]())
        var result = JudgedModel(name: entry.name)
        for split in plan.splits {
            let started = clock.now
            let chosen = try search(
                entry, set: fixed, on: try split.makeValidation(), context: context)
            result.searchTime += clock.now - started
            result.trials += chosen.trials
            result.settings.append(chosen.values)
            let model = try entry.make(chosen.values)
            result.hyperparameters.append(model.hyperparameters)
            var repeats: [Judgement] = []
            for number in 0..<seedCount {
                var context = context
                context.seed &+= UInt64(number)
                let outcome = try fit(model, split, context, predicts: entry.predictsRatings)
                predicted += outcome.predicted
                given += outcome.given
                result.speaker = outcome.speaker
                result.trainingTime += outcome.trainingTime
                result.rankingTime += outcome.rankingTime
                repeats.append(outcome.judgement)
            }
            let mean = Judgement.mean(of: repeats)
            judgement = judgement?.appending(mean) ?? mean
        }
        let runs = plan.splits.count * seedCount
        result.trainingTime /= runs
        result.rankingTime /= runs
        result.judgement = judgement
        let training = plan.splits[0].training
        if let scale = training.ratingScale, !given.isEmpty {
            result.ratings = RatingErrors(predicted: predicted, given: given, scale: scale)
        }
        result.use = CatalogUse(
            recommended: judgement!.recommended, popularity: training.popularity,
            takers: max(training.interactions.rows, training.baskets?.rows ?? 0))
        return result
    }

    /// Whether a model can be asked what the plan asks.
    private func canAnswer(_ model: any Recommender) -> Bool {
        model.answersBaskets || !plan.asksWithBaskets
    }

    /// Trains a model on a split and ranks the queries of all its tasks.
    private func fit(
        _ model: any Recommender, _ split: EvaluationSplit, _ context: TrainingContext,
        predicts: Bool = false
    ) throws(EvaluationError) -> (
        judgement: Judgement, speaker: RankerFeature?, predicted: [Float], given: [Float],
        trainingTime: Duration, rankingTime: Duration
    ) {
        let clock = ContinuousClock()
        let started = clock.now
        let parts: ModelParts
        do {
            parts = try model.train(on: split.training, with: context)
        } catch { throw EvaluationError(error.description) }
        let trained = clock.now
        var judgement: Judgement?
        var (predicted, given) = ([Float](), [Float]())
        for task in split.tasks {
            let ranker = try makeRanker(parts, split, task, context.threads)
            let one = Judgement(of: ranker, at: plan.lengths)
            judgement = judgement?.appending(one) ?? one
        }
        if predicts, split.training.ratingScale != nil, let ratings = split.ratings {
            let scorer = try BatchScorer(parts: parts, task: ratings, threads: context.threads)
            predicted = scorer.relevantScores()
            given = ratings.relevant.values
        }
        return (
            judgement!, parts.soleSpeaker, predicted, given, trained - started, clock.now - trained
        )
    }

    /// Tries one hyperparameter after the other and keeps what ranks a split best: coordinate
    /// search.
    ///
    /// - Parameters:
    ///   - values: hyperparameters that are set and not searched.
    ///   - validation: data that judges nothing else.
    /// - Returns: what to set, and how many settings were tried; nothing is tried where there is no
    ///   choice.
    /// - Throws: ``EvaluationError`` where the model cannot learn from the data as it is when
    ///   nothing is searched.
    package func search(
        _ entry: ModelEntry, set values: [String: Double],
        on validation: @autoclosure () throws(EvaluationError) -> EvaluationSplit,
        context: TrainingContext
    ) throws(EvaluationError) -> (values: [String: Double], trials: Int) {
        guard entry.components.isEmpty else {
            return try searchBlend(entry, set: values, on: try validation(), context: context)
        }
        let free = entry.axes.filter { values[$0.name] == nil && !$0.values.isEmpty }
        guard trialsMax > 1, !free.isEmpty else { return (values, 0) }
        let split = try validation()
        func figure(_ values: [String: Double]) throws(EvaluationError) -> Double {
            try fit(try entry.make(values), split, context).judgement.mean(plan.leading)
        }
        var best = values
        var bestFigure = try figure(best)
        var trials = 1
        for axis in free {
            var axisBest = best
            for value in axis.values where value != axis.standard && trials < trialsMax {
                var values = best
                values[axis.name] = value
                trials += 1
                // A setting that the data does not bear is only a bad setting.
                guard let found = try? figure(values), found > bestFigure else { continue }
                (axisBest, bestFigure) = (values, found)
            }
            best = axisBest
        }
        return (best, trials)
    }

    /// Searches the components one by one, and then their weights.
    private func searchBlend(
        _ entry: ModelEntry, set values: [String: Double], on split: EvaluationSplit,
        context: TrainingContext
    ) throws(EvaluationError) -> (values: [String: Double], trials: Int) {
        var values = values
        var trials = 0
        for component in entry.components {
            // One that cannot be asked alone has its say where the blend knows the user.
            guard try canAnswer(component.make(values.inside(component.name))) else { continue }
            let found = try search(
                component, set: values.inside(component.name), on: split, context: context)
            for (name, value) in found.values { values["\(component.name).\(name)"] = value }
            trials += found.trials
        }
        guard let blend = try entry.make(values) as? Blend else { return (values, trials) }
        let parts: [ModelParts]
        do {
            parts = try blend.trainComponents(on: split.training, with: context)
        } catch { throw EvaluationError(error.description) }
        let search = BlendWeightSearch(
            leading: plan.leading, lengths: plan.lengths, threads: context.threads,
            makeRanker: makeRanker, isCancelled: context.isCancelled)
        let found = try search.run(
            blend, parts: parts, on: split,
            fixed: values.inside(Blend.weightPrefix))
        for component in found.blend.components {
            values["\(Blend.weightPrefix).\(component.name)"] = component.weight
        }
        return (values, trials + found.trials)
    }
}

/// What came of one model.
package enum ContestResult: Sendable {
    case judged(JudgedModel)
    /// The data or the protocol does not fit the model.
    case refused(model: String, reason: String)
}

/// A model that was left out, and why.
package struct Refusal: Encodable, CustomStringConvertible, Sendable {
    package let model: String
    package let reason: String

    package init(model: String, reason: String) {
        self.model = model
        self.reason = reason
    }

    /// The models that share a reason in one line each, in the order of their first.
    package static func lines(_ refusals: [Refusal]) -> [String] {
        var lines: [(reason: String, models: [String])] = []
        for refusal in refusals {
            if let place = lines.firstIndex(where: { $0.reason == refusal.reason }) {
                lines[place].models.append(refusal.model)
            } else {
                lines.append((refusal.reason, [refusal.model]))
            }
        }
        return lines.map { line in
            line.models.count == 1
                ? "\(Refusal(model: line.models[0], reason: line.reason))"
                : "\(line.models.joined(separator: ", ")): \(line.reason)"
        }
    }

    /// Models begin their reasons with their own name.
    package var description: String {
        reason.hasPrefix("\(model):") ? reason : "\(model): \(reason)"
    }
}

/// A model's figures under a plan.
package struct JudgedModel: Sendable {
    package let name: String
    /// The part that speaks for it; nil where a ranker does.
    package fileprivate(set) var speaker: RankerFeature?
    /// As recorded by the model, one for each split.
    package fileprivate(set) var hyperparameters: [[String: Double]] = []
    /// What was set of its hyperparameters, given or found, one for each split.
    package fileprivate(set) var settings: [[String: Double]] = []
    /// All splits' queries, one after the other; never nil once judged.
    package fileprivate(set) var judgement: Judgement!
    package fileprivate(set) var use: CatalogUse!
    /// For models that predict ratings, where the data has some.
    package fileprivate(set) var ratings: RatingErrors?
    /// Settings tried on validation data, over all splits.
    package fileprivate(set) var trials = 0
    package fileprivate(set) var searchTime = Duration.zero
    /// Of one training, the mean over splits and seeds.
    package fileprivate(set) var trainingTime = Duration.zero
    /// Of all queries of a split, the mean over splits and seeds.
    package fileprivate(set) var rankingTime = Duration.zero

    fileprivate init(name: String) { self.name = name }

    /// Whether ``ModelParts/blend(_:threads:)`` takes the two.
    package func canBlend(with other: JudgedModel) -> Bool {
        (try? ModelParts.checkBlend(of: [speaker, other.speaker])) != nil
    }
}

/// Judged models side by side, best first.
package struct Standings: Sendable {
    package struct Row: Sendable {
        package let model: JudgedModel
        /// One for each measure of the plan, with its 95 % interval.
        package let figures: [Measure: Figure]
        /// The paired randomisation test of the leading measure against the leader; nil for the
        /// leader.
        package let pAgainstLeader: Double?
    }

    package struct Figure: Sendable, Equatable {
        package var mean: Double
        package var interval: Interval
    }

    package let leading: Measure
    package let measures: [Measure]
    package let rows: [Row]

    package init(_ models: [JudgedModel], leading: Measure, seed: UInt64, threads: Int) {
        self.leading = leading
        let ranked = models.map { (model: $0, mean: $0.judgement.mean(leading)) }
            .sorted { ($1.mean, $0.model.name) < ($0.mean, $1.model.name) }.map(\.model)
        measures = ranked.first?.judgement.measures ?? []
        let leader = ranked.first?.judgement.figures(leading) ?? []
        rows = ranked.enumerated().map { [measures] place, model in
            var figures: [Measure: Figure] = [:]
            for measure in measures {
                let own = model.judgement.figures(measure)
                guard
                    let interval = bootstrapInterval(of: own, seed: seed, threads: threads)
                else { continue }
                figures[measure] = Figure(mean: model.judgement.mean(measure), interval: interval)
            }
            let p =
                place == 0
                ? nil
                : randomizationTest(
                    leader, model.judgement.figures(leading), seed: seed, threads: threads)
            return Row(model: model, figures: figures, pAgainstLeader: p)
        }
    }
}
