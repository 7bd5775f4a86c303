internal import Models

/// How far long work has come, for whoever shows it: a terminal, a log or a status call.
package struct WorkProgress: Sendable {
    /// What is being done, such as `training`.
    package var task: String
    /// Of all of it, 0 to 1; nil for a milestone, which is worth a line of its own wherever it is
    /// shown.
    package var fraction: Double?
    /// What else can be said, such as the epoch and the loss.
    package var detail: String

    package init(_ task: String, fraction: Double, detail: String = "") {
        self.task = task
        self.fraction = fraction
        self.detail = detail
    }

    package static func milestone(_ task: String, _ detail: String) -> WorkProgress {
        var progress = WorkProgress(task, fraction: 0, detail: detail)
        progress.fraction = nil
        return progress
    }

    /// Takes progress on whatever thread works.
    package typealias Report = @Sendable (WorkProgress) -> Void
}

extension TrainingProgress {
    /// The share of the steps that are done, 0 to 1.
    package var fraction: Double { Double(step) / Double(steps) }

    /// The model and its step, such as `ials 3/16`.
    package var detail: String { "\(model) \(step)/\(steps)" }
}

extension Duration {
    /// In seconds, with fractions.
    package var seconds: Double {
        let parts = components
        return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
    }
}
