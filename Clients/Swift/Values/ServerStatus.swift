/// What a server says of itself.
public struct ServerStatus: Sendable, Hashable, Codable {
    /// The server's version.
    public var version = ""
    /// The bundle that is serving; empty without one.
    public var modelVersion = ""
    /// Its algorithm, such as `ials`.
    public var modelKind = ""
    /// Items known.
    public var items = 0
    /// Users known.
    public var users = 0
    /// Of an embedding.
    public var dimensions = 0
    /// Event loops.
    public var threads = 0
    /// Open now.
    public var connections = 0
    /// Answered since the start.
    public var calls = 0
    /// Of those, with an error.
    public var failedCalls = 0
    /// Since the start.
    public var uptime = Duration.zero
    /// Used by the process since the start, user and system.
    public var cpuTime = Duration.zero
    /// Memory of the process in bytes.
    public var residentBytes = 0
    /// Held by the models in memory, about.
    public var storeBytes = 0
    /// The cap on that.
    public var storeBytesMax = 0
    /// Whether the server is finishing what is in flight before it ends.
    public var isDraining = false
    /// The server's process.
    public var processID = 0
    /// Connections that the server broke off since the start, as what came was neither ttrpc nor gRPC.
    public var brokenOffForeign = 0
    /// Those whose client did not read its replies.
    public var brokenOffUnread = 0
    /// Those whose client did not finish a frame.
    public var brokenOffUnfinished = 0
    /// Those that were left when the grace of a drain was over.
    public var brokenOffDrained = 0
    /// Calls answered by the threads for long ones.
    public var movedCalls = 0
    /// Connections broken off because they held the most memory when the buffers were full.
    public var brokenOffCrowded = 0
    /// Those that were idle.
    public var brokenOffIdle = 0
    /// Connections closed at once, as too many were open.
    public var refusedConnections = 0
    /// Frames that were not taken in because the buffers were full.
    public var refusedFrames = 0
    /// Calls whose caller's role did not allow the method.
    public var deniedCalls = 0
    /// What connections hold in partial frames, waiting calls and unsent replies.
    public var bufferBytes = 0
    /// The cap on that.
    public var bufferBytesMax = 0
    /// Connections of gRPC broken off because they broke the rules of HTTP/2.
    public var brokenOffMalformed = 0
    /// Those that sent more frames than calls need.
    public var brokenOffFlooded = 0
    /// Events that were ever recorded in the server's journal; 0 where it has none.
    public var journalWatermark = 0
    /// Whether the journal's file has been found whole since the server started.
    public var journalCheck = JournalCheck.none
    /// Recorded events in memory, which act on the next call; 0 where the server does not learn from them.
    public var onlineEvents = 0
    /// The most events that are kept there.
    public var onlineEventsMax = 0
    /// Users who have some of these events.
    public var onlineUsers = 0
    /// Items that were in any event since the server started.
    public var onlineItems = 0
    /// Memory of these events and of what models counted of them, about, in bytes.
    public var onlineBytes = 0
    /// The cap on ``onlineBytes``.
    public var onlineBytesMax = 0
    /// Events that are durable and not in memory yet; none of them is acknowledged.
    public var onlineLagEvents = 0

    /// Makes an empty status, as tests of a service need.
    public init() {}
}

/// What is known of a journal's file.
public enum JournalCheck: String, Sendable, Codable {
    /// There is none, or it is not open yet.
    case none
    case running
    case passed
    /// It is damaged; nothing more is recorded.
    case failed
}

/// How a server writes its metrics.
public enum MetricsFormat: Int32, Sendable, Codable {
    /// Version 0.0.4 of Prometheus' text format.
    case prometheus = 0
    /// OpenMetrics 1.0.0.
    case openMetrics = 1
}

/// Whether a server, or one service of it, takes calls.
public enum ServingStatus: Int32, Sendable, Codable {
    /// The server does not know, or said something that this client does not know.
    case unknown = 0
    /// It takes calls.
    case serving = 1
    /// It does not take calls now.
    case notServing = 2
}
