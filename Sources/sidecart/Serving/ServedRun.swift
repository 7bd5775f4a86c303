import Histogram
import SidecartClient

/// One Recommend call of a ``ServedRun``.
struct ServedQuery: Sendable {
    /// The shopper; nil for one who is not known.
    var userID: String?
    /// Items in the basket now, 0 to 256.
    var basket: [String] = []
    /// How many items to return, 1 to 1,000.
    var count = 10
    /// Also return items that the shopper took before.
    var includesPurchased = false
    /// Leave titles, prices, categories and reasons out of the answer.
    var idsOnly = true
}

/// What a real server process answered, over its real socket, and what it took.
///
///     let run = try ServedRun(bundle: "bundle", queries: queries)
///     print(run.lists[0], run.latency.p99Microseconds, run.serverMicrosecondsPerCall)
struct ServedRun: Sendable {
    /// The ids of each query's slate, best first, in the order of the queries.
    let lists: [[String]]
    /// From before a request is written until its answer is decoded, one call at a time.
    let latency: LatencySummary
    /// Processor time of the server, user and system, per call.
    let serverMicrosecondsPerCall: Double

    /// Calls that are made first and not counted, so that no figure holds what only a fresh
    /// process pays.
    private static let warmUpCalls = 32

    /// Starts a server on the bundle, asks it all queries one after the other, and ends it.
    ///
    /// The process and its folder are gone when this returns or throws.
    ///
    /// - Parameters:
    ///   - bundle: the folder that `train` wrote.
    ///   - queries: asked in their order.
    ///   - timeout: how long to wait for one answer.
    ///   - progress: told how many queries are answered, after each.
    /// - Throws: ``Failure`` where the server does not start, or which query it refused and why.
    init(
        bundle: String, queries: [ServedQuery], timeout: Duration = .seconds(30),
        progress: (Int) -> Void = { _ in }
    ) throws(Failure) {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let server = try ServerProcess(serving: bundle, socket: folder.file("s"))
        defer { server.stop() }
        var configuration = SidecartConfiguration()
        configuration.timeout = timeout
        let connection = BlockingConnection(
            socketPath: folder.file("s"), configuration: configuration)
        defer { connection.close() }
        for position in queries.indices.prefix(Self.warmUpCalls) {
            _ = try Self.ask(connection, queries, position)
        }
        var lists: [[String]] = []
        lists.reserveCapacity(queries.count)
        var latencies = Histogram<UInt64>.nanoseconds
        let cpuBefore = server.cpu
        for position in queries.indices {
            let start = ContinuousClock.now
            let slate = try Self.ask(connection, queries, position)
            latencies.record(UInt64(max(1, (ContinuousClock.now - start).seconds * 1e9)))
            lists.append(slate.items.map(\.itemID))
            progress(position + 1)
        }
        serverMicrosecondsPerCall =
            (server.cpu - cpuBefore).seconds * 1e6 / Double(max(1, queries.count))
        latency = LatencySummary(latencies)
        self.lists = lists
    }

    private static func ask(
        _ connection: BlockingConnection, _ queries: [ServedQuery], _ position: Int
    ) throws(Failure) -> Slate {
        let query = queries[position]
        var options = SlateOptions(count: query.count)
        options.includesPurchased = query.includesPurchased
        options.idsOnly = query.idsOnly
        do {
            return try connection.recommend(
                for: Context(userID: query.userID ?? "", basket: query.basket), options)
        } catch {
            throw Failure("query \(position + 1) of \(queries.count): \(error)")
        }
    }
}
