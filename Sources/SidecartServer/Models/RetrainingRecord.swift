/// How a server's retraining stands, as it is told to those who ask.
package struct RetrainingRecord: Sendable {
    /// Such as `every=6h`.
    package var schedule: String
    /// When the training that runs began, in milliseconds since 1970; 0 where none runs.
    package var startedAt: Int64 = 0
    /// When the next one is due, in milliseconds since 1970; 0 while one runs, and where no time says it.
    package var nextAt: Int64 = 0
    /// What came of the last ones, the newest first.
    package var verdicts: [RetrainingVerdict] = []

    package init(schedule: String) { self.schedule = schedule }
}

/// What came of one retraining.
package struct RetrainingVerdict: Codable, Equatable, Sendable {
    /// When it was known, in milliseconds since 1970.
    package var at: Int64
    /// Whether the new model came to serve.
    package var promoted = false
    /// Why not; empty where it did.
    package var reason = ""
    /// Of the new bundle; empty where none was written.
    package var version = ""
    package var path = ""
    /// The version of the model that it was compared with.
    package var against: String
    /// What was measured, such as `mrr@10`, over how many baskets; empty and 0 where nothing was.
    package var measure = ""
    package var queries = 0
    package var candidate = 0.0
    package var running = 0.0
    /// Where the mean of the paired differences lies, 95 %.
    package var low = 0.0
    package var high = 0.0
    /// The journal's watermark when the training began; nil where there was none.
    package var watermark: Int64?

    package init(at: Int64, against: String) { (self.at, self.against) = (at, against) }
}
