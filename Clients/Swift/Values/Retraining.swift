/// How a server's retraining stands.
public struct Retraining: Sendable, Hashable, Codable {
    /// Such as `every=6h`.
    public var schedule = ""
    /// When the training that runs began, in milliseconds since 1970; 0 where none runs.
    public var startedAtMilliseconds = 0
    /// When the next one is due, in milliseconds since 1970; 0 while one runs.
    public var nextAtMilliseconds = 0
    /// What came of the last ones, the newest first.
    public var verdicts: [Verdict] = []

    /// Makes an empty one, as tests of a service need.
    public init() {}

    /// What came of one retraining. Two models were asked to complete the newest baskets, which
    /// neither had learned from.
    public struct Verdict: Sendable, Hashable, Codable {
        /// When it was known, in milliseconds since 1970.
        public var atMilliseconds = 0
        /// Whether the new model came to serve.
        public var isPromoted = false
        /// Why not; empty where it did.
        public var reason = ""
        /// Of the new bundle; empty where none was written.
        public var version = ""
        /// The new bundle's folder.
        public var path = ""
        /// The version of the model that it was compared with.
        public var against = ""
        /// What was measured, such as `mrr@10`; empty where nothing was.
        public var measure = ""
        /// Over how many baskets.
        public var queries = 0
        /// The figure of the new model.
        public var candidate = 0.0
        /// The figure of the model that served.
        public var running = 0.0
        /// Where the mean of the paired differences lies at the least, 95 %.
        public var low = 0.0
        /// Where it lies at the most.
        public var high = 0.0

        /// Makes an empty one, as tests of a service need.
        public init() {}
    }
}
