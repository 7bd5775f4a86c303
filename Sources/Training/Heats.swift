package import Evaluation
internal import Foundation
internal import Models

/// Judges one candidate after the other, as long as the budget lasts.
package struct Heats {
    package private(set) var judged: [JudgedModel] = []
    package private(set) var refusals: [Refusal] = []
    private let selection: ModelSelection
    private let contest: Contest
    private let report: WorkProgress.Report
    private let end: ContinuousClock.Instant

    package init(
        _ selection: ModelSelection, plan: EvaluationPlan, report: @escaping WorkProgress.Report
    ) {
        self.selection = selection
        contest = Contest(plan: plan, trialsMax: selection.trials)
        self.report = report
        end = .now + selection.budget
    }

    /// Best first.
    package var ranked: [JudgedModel] {
        let leading = contest.plan.leading
        return judged.map { (model: $0, mean: $0.judgement.mean(leading)) }
            .sorted { ($1.mean, $0.model.name) < ($0.mean, $1.model.name) }.map(\.model)
    }

    /// - Parameter place: among `count` candidates, from 0.
    package mutating func judge(
        _ entrant: ModelChoice.Entrant, place: Int, of count: Int
    ) throws(EvaluationError) {
        let name = entrant.entry.name
        let started = ContinuousClock.now
        // All of the data takes longer than the part that was trained on.
        let reserve = (ranked.first?.trainingTime ?? .zero) * 1.5
        let deadline = min(started + (end - started) * 0.4, end - reserve)
        guard started < deadline else {
            return refuse(name, "not tried, since the budget of \(budget) was used up")
        }
        let report = report
        let context = TrainingContext(
            threads: selection.threads, seed: selection.seed,
            report: { step in
                report(
                    WorkProgress(
                        "choosing", fraction: (Double(place) + step.fraction) / Double(count),
                        detail: step.detail))
            }, isCancelled: { ContinuousClock.now >= deadline })
        switch try contest.run(entrant.entry, set: entrant.values, context: context) {
        case .judged(let model):
            judged.append(model)
            let leading = contest.plan.leading
            let time = (ContinuousClock.now - started).seconds
            say(
                String(
                    format: "\(name) \(leading) %.4f, %.1f s", model.judgement.mean(leading), time))
        case .refused(_, let reason):
            let time = ContinuousClock.now - started
            guard started + time >= deadline else {
                refusals.append(Refusal(model: name, reason: reason))
                return
            }
            refuse(
                name,
                String(
                    format: "stopped after %.0f s, its share of the budget of \(budget)",
                    time.seconds))
        }
    }

    private var budget: String { String(format: "%g s", selection.budget.seconds) }

    /// Of one that the budget did not allow; those that the data does not suit wait for the end.
    private mutating func refuse(_ model: String, _ reason: String) {
        let refusal = Refusal(model: model, reason: reason)
        refusals.append(refusal)
        say("\(refusal)")
    }

    private func say(_ text: String) { report(.milestone("choosing", text)) }
}
