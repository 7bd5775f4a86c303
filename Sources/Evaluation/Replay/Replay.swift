internal import Interactions
package import Measures
internal import ModelParts
package import Models

/// Judges policies by a log of what another one showed.
package struct Replay: Sendable {
    package var plan: ReplayPlan
    /// Larger weights are cut to this; nil for none.
    package var weightMax: Double?
    /// Makes what ranks the queries.
    package var makeRanker: QueryRankerMaker

    package init(
        plan: ReplayPlan, weightMax: Double? = nil,
        makeRanker: @escaping QueryRankerMaker = EngineRanker.maker
    ) {
        precondition(weightMax.map { $0 > 0 } ?? true, "weights up to \(weightMax!)")
        self.plan = plan
        self.weightMax = weightMax
        self.makeRanker = makeRanker
    }

    /// The policy that made the log, whose value is the mean reward.
    package func judgeLogged() -> ReplayedPolicy {
        judged("logged", Array(repeating: 1, count: plan.log.count))
    }

    /// The policy that shows each of the log's items at each place with the same probability.
    package func judgeUniform() -> ReplayedPolicy {
        let probability = 1 / Double(plan.log.items.count)
        return judged("uniform", plan.log.propensities.map { probability / $0 })
    }

    /// Trains a model and judges the slates that the engine gives with it.
    ///
    /// A slate is the same each time, so that a model shows an item at a place with probability 1
    /// or 0.
    ///
    /// - Parameter values: hyperparameters that are set.
    /// - Returns: the policy, or why the model cannot be judged.
    /// - Throws: ``EvaluationError`` where `values` do not fit the model.
    /// - Precondition: the plan has something to train on.
    package func judge(
        _ entry: ModelEntry, set values: [String: Double] = [:], context: TrainingContext
    ) throws(EvaluationError) -> ReplayResult {
        let model = try entry.make(values)
        do {
            return .judged(try judge(model, named: entry.name, context))
        } catch {
            return .refused(Refusal(model: entry.name, reason: error.description))
        }
    }

    private func judge(
        _ model: any Recommender, named name: String, _ context: TrainingContext
    ) throws(EvaluationError) -> ReplayedPolicy {
        guard model.answersBaskets else { throw .knowsOnlyItsUsers }
        let split = plan.split!
        let clock = ContinuousClock()
        let started = clock.now
        let parts: ModelParts
        do {
            parts = try model.train(on: split.training, with: context)
        } catch { throw EvaluationError(error.description) }
        let trained = clock.now
        let task = split.tasks[0]
        let slates = slates(of: try makeRanker(parts, split, task, context.threads))
        let depth = plan.log.positionMax
        let log = plan.log
        let weights = (0..<log.count).map { i in
            let place = Int(plan.queries[Int(log.requests[i])]) * depth + Int(log.positions[i]) - 1
            let item = plan.itemNumbers[Int(log.shown[i])]
            return item >= 0 && slates[place] == item ? 1 / log.propensities[i] : 0
        }
        var policy = judged(name, weights)
        policy.hyperparameters = model.hyperparameters
        policy.trainingTime = trained - started
        policy.rankingTime = clock.now - trained
        return policy
    }

    /// Q x the log's last place, row-major; -1 where a slate is shorter.
    private func slates(of ranker: any QueryRanker) -> [Int32] {
        let depth = plan.log.positionMax
        var slates = Array(repeating: Int32(-1), count: ranker.task.count * depth)
        slates.withUnsafeMutableBufferPointer { slates in
            // Each query has places of its own.
            nonisolated(unsafe) let first = slates.baseAddress!
            ranker.forEachAnswer(depth: depth) { query, answer in
                guard case .list(let items, _, _) = answer else {
                    preconditionFailure("query \(query) ranks given candidates")
                }
                for (place, item) in items.prefix(depth).enumerated() {
                    first[query * depth + place] = item
                }
            }
        }
        return slates
    }

    private func judged(_ name: String, _ weights: [Double]) -> ReplayedPolicy {
        ReplayedPolicy(
            name: name,
            value: OffPolicyValue(
                weights: weights, rewards: plan.log.rewards, requests: plan.log.requests,
                requestCount: plan.log.requestCount, weightMax: weightMax))
    }
}

/// What came of one model.
package enum ReplayResult: Sendable {
    case judged(ReplayedPolicy)
    /// The data or the log does not fit the model.
    case refused(Refusal)
}

/// A policy and what it would have earned.
package struct ReplayedPolicy: Sendable {
    package let name: String
    package let value: OffPolicyValue
    /// As recorded by the model; empty where none was trained.
    package fileprivate(set) var hyperparameters: [String: Double] = [:]
    /// Nil where nothing was trained.
    package fileprivate(set) var trainingTime: Duration?
    package fileprivate(set) var rankingTime: Duration?

    fileprivate init(name: String, value: OffPolicyValue) {
        self.name = name
        self.value = value
    }

    /// Estimates from fewer requests, or fewer rewarded impressions, than these are called weak.
    private static let effectiveMin = 100.0
    private static let rewardedMin = 10
    private static let shareMax = 0.1

    /// Why the figures should not be trusted as they stand; empty where nothing speaks against them.
    package var warnings: [String] {
        guard value.snips != nil else {
            return ["none of its items was logged at its place, so the log tells nothing of it"]
        }
        var warnings: [String] = []
        if value.effectiveSampleSize < Self.effectiveMin {
            warnings.append(
                "the log tells as much of it as \(Self.plain(value.effectiveSampleSize)) requests would "
                    + "(effective sample size), of \(value.requests)")
        }
        if value.rewarded < Self.rewardedMin {
            let count = value.rewarded == 0 ? "none" : "only \(value.rewarded)"
            warnings.append(
                "\(count) of its \(value.matched) matched impressions "
                    + "\(value.rewarded > 1 ? "were" : "was") rewarded")
        }
        if value.largestShare > Self.shareMax {
            warnings.append(
                "one request has \(percent(value.largestShare)) of all weight; --weight-max limits it"
            )
        }
        if value.clipped > 0 {
            warnings.append(
                "\(value.clipped) of its \(value.matched) weights were cut, so ips is biased towards 0"
            )
        } else if !value.isMeanWeightPlausible {
            warnings.append(
                "its mean weight is \(Self.plain(value.meanWeight.value)) and not 1: "
                    + (value.meanWeight.value < 1
                        ? "the log never shows much of what it would, so ips is too low and snips is of "
                            + "the rest alone"
                        : "the propensities are smaller than those the log was drawn with, so ips is too "
                            + "high"))
        }
        return warnings
    }

    /// Three digits that count.
    private static func plain(_ number: Double) -> String {
        if number >= 100 || number == number.rounded() { return "\(Int(number.rounded()))" }
        let scale = number >= 10 ? 10.0 : 100.0
        return "\((number * scale).rounded() / scale)"
    }
}
