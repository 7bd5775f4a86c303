/// One model that a server has in memory, is loading, or could not load.
public struct ServedModel: Sendable, Hashable, Codable {
    /// Where a model stands.
    public enum State: Int32, Sendable, Codable, CaseIterable {
        /// Something that this client does not know.
        case unknown = 0
        /// It is being read, checked and warmed up.
        case loading = 1
        /// It could serve at once.
        case ready = 2
        /// It answers.
        case serving = 3
        /// It answered before the one that does now.
        case previous = 4
        /// It could not be loaded; ``ServedModel/failure`` says why.
        case failed = 5
    }

    /// Counts what the server has loaded since it started, from 1.
    public var number = 0
    /// Where it stands.
    public var state = State.unknown
    /// The bundle's folder.
    public var path = ""
    /// Empty while it is not known.
    public var version = ""
    /// The algorithm, such as `ials`.
    public var kind = ""
    /// Items known.
    public var items = 0
    /// Users known.
    public var users = 0
    /// Of an embedding; 0 without any.
    public var dimensions = 0
    /// What it holds in memory, about.
    public var bytes = 0
    /// When it had been loaded, or had failed to be, in milliseconds since 1970.
    public var loadedAtMilliseconds = 0
    /// How long that took, or has taken so far.
    public var loadTime = Duration.zero
    /// When it came to serve last, in milliseconds since 1970; 0 for never.
    public var promotedAtMilliseconds = 0
    /// SHA-256 of the bundle's manifest, in hexadecimal.
    public var digest = ""
    /// Why it could not be loaded.
    public var failure = ""
    /// How it answers recent requests; nil where there were none when it was loaded.
    public var warmUp: WarmUp?

    /// Makes an empty one, as tests of a service need.
    public init() {}

    /// What the newest requests, answered by a model that was loaded and by the one that served then,
    /// tell of the two.
    public struct WarmUp: Sendable, Hashable, Codable {
        /// Score and Recommend requests that were answered.
        public var requests = 0
        /// Those that the loaded model refuses although the other one does not.
        public var refused = 0
        /// Why it refuses the first of those.
        public var refusal = ""
        /// How much of a slate, or of the ten best of the items scored, is on both; the mean, 0 to 1.
        public var shared: Float = 0
        /// Share of requests whose first item is the same.
        public var sameFirst: Float = 0
        /// Median time that an answer takes in the engine.
        public var microseconds: Float = 0
        /// The same of the model that served.
        public var servingMicroseconds: Float = 0

        /// Makes an empty one, as tests of a service need.
        public init() {}
    }
}

/// The models of a server.
public struct ModelList: Sendable, Hashable, Codable {
    /// The one that serves, the previous one, one that is ready, one that is being loaded, and the
    /// newest few that failed, the newest first.
    public var models: [ServedModel] = []
    /// Held by the models in memory, about.
    public var bytes = 0
    /// The cap on that.
    public var bytesMax = 0
    /// Where the server loads models from.
    public var folder = ""
    /// nil where the server does not retrain.
    public var retraining: Retraining?

    /// Makes an empty list, as tests of a service need.
    public init() {}
}
