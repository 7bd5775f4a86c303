internal import CSidecartProto
internal import CrossSell
internal import EventLoop
internal import RPC

/// What recent requests, answered by a model that was loaded and by the one that serves, tell of the
/// two.
package struct WarmUp: Sendable {
    /// Requests that were answered by the model that serves.
    package private(set) var requests = 0
    /// Those of them that the loaded model refuses.
    package private(set) var refused = 0
    /// Why it refuses the first of those; empty where there is none.
    package private(set) var refusal = ""
    /// How much of a slate, or of the ten best of the items scored, is on both; the mean, 0 to 1.
    package private(set) var shared: Float = 0
    /// Share of requests whose first item is the same.
    package private(set) var sameFirst: Float = 0
    /// Median time of an answer, without reading the request and writing the reply.
    package private(set) var microseconds: Float = 0
    /// The same of the model that serves.
    package private(set) var servingMicroseconds: Float = 0

    /// Has each lane of the loaded model answer the requests, so that no caller meets memory that was
    /// never touched, and then compares the answers of the two.
    ///
    /// - Returns: nil where there is no request that the model that serves answers.
    /// - Complexity: as many answers as requests x lanes; none of it on a loop.
    init?(
        of model: LoadedModel, beside serving: LoadedModel, _ requests: [RecentRequests.Request],
        arenaBytesMax: Int
    ) {
        let arena = MessageArena(capacity: arenaBytesMax)
        func answer(
            _ request: RecentRequests.Request, _ services: LaneServices
        ) throws(RPCError) -> (ids: [String], nanoseconds: Int64) {
            defer {
                arena.reset()
                services.engine.endTurn()
            }
            return try services.scoring.replay(request, arena)
        }
        for services in model.lanes + [model.spare, serving.spare] {
            for request in requests { _ = try? answer(request, services) }
        }
        var (times, servingTimes) = ([Int64](), [Int64]())
        var (sharedSum, sameFirstCount, compared) = (Float(0), 0, 0)
        for request in requests {
            guard let before = try? answer(request, serving.spare) else { continue }
            self.requests += 1
            do throws(RPCError) {
                let now = try answer(request, model.spare)
                times.append(now.nanoseconds)
                servingTimes.append(before.nanoseconds)
                guard !now.ids.isEmpty || !before.ids.isEmpty else { continue }
                compared += 1
                let both = Set(now.ids).intersection(before.ids).count
                sharedSum += Float(both) / Float(max(now.ids.count, before.ids.count))
                if now.ids.first == before.ids.first { sameFirstCount += 1 }
            } catch {
                if refused == 0 { refusal = error.description }
                refused += 1
            }
        }
        guard self.requests > 0 else { return nil }
        if compared > 0 {
            (shared, sameFirst) = (
                sharedSum / Float(compared), Float(sameFirstCount) / Float(compared)
            )
        }
        microseconds = Self.median(times)
        servingMicroseconds = Self.median(servingTimes)
    }

    private static func median(_ nanoseconds: [Int64]) -> Float {
        nanoseconds.isEmpty ? 0 : Float(nanoseconds.sorted()[nanoseconds.count / 2]) / 1_000
    }
}

extension ScoringService {
    /// Answers a request without replying.
    ///
    /// - Returns: the slate's ids, or those of the ten best of the scored items, best first; and how
    ///   long the engine took.
    /// - Throws: ``RPCError``, as a call would.
    fileprivate func replay(
        _ request: RecentRequests.Request, _ arena: MessageArena
    ) throws(RPCError) -> (ids: [String], nanoseconds: Int64) {
        // The query's ids are lent from the payload.
        let payload = UnsafeMutableRawBufferPointer.allocate(
            byteCount: request.payload.count, alignment: 1)
        defer { payload.deallocate() }
        payload.copyBytes(from: request.payload)
        var ids: [String] = []
        var nanoseconds: Int64 = 0
        try lendQuery { query throws(RPCError) in
            switch request.method {
            case .recommend:
                let request = try Self.decode(
                    payload, arena, sidecart__v1__recommend_request__init)
                try read(request.pointee, &query)
                let start = MonotonicClock.now()
                _ = engine.recommend(query)
                nanoseconds = MonotonicClock.now() - start
                ids = engine.slate.map { String(decoding: $0.id, as: UTF8.self) }
            case .score:
                let request = try Self.decode(payload, arena, sidecart__v1__score_request__init)
                try read(request.pointee, &query)
                let start = MonotonicClock.now()
                _ = engine.score(scoredItems, for: query)
                nanoseconds = MonotonicClock.now() - start
                ids = engine.scores.indices.filter { !engine.scores[$0].isNaN }
                    .sorted { (engine.scores[$1], $0) < (engine.scores[$0], $1) }.prefix(10)
                    .map { String(decoding: scoredItems[$0], as: UTF8.self) }
            }
            // Nothing may point to the payload when it goes.
            query.removeAll()
        }
        return (ids, nanoseconds)
    }

    private static func decode<Message>(
        _ payload: UnsafeMutableRawBufferPointer, _ arena: MessageArena,
        _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) throws(RPCError) -> UnsafeMutablePointer<Message> {
        do {
            return try MessageDecoder(arena: arena).decode(
                UnsafeRawBufferPointer(payload), initialize)
        } catch {
            // It answered INVALID_ARGUMENT when it came, and does so by any model.
            throw RPCError(.invalidArgument, "the request cannot be decoded: \(error)")
        }
    }
}
