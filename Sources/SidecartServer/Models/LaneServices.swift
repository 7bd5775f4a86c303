internal import CrossSell
internal import EmbeddingStore
internal import EventLoop

/// All that one lane answers from of one model: the engine, its scratch memory and the services
/// that ask it. Nothing of a model is kept anywhere else, so a lane changes the model by changing
/// this.
///
/// `@unchecked Sendable`: one thread uses it at a time. The thread that loads the model makes it and
/// lets it go; from when a lane takes it until it leaves it (``ServingLane``), it is the lane's.
final class LaneServices: @unchecked Sendable {
    let engine: Engine
    let scoring: ScoringService
    let profiles: ProfilesService
    let embeddings: EmbeddingsService

    /// - Throws: ``StoreError`` where the generation has no room for another engine.
    init(
        _ generation: Generation, live: LiveCounts?, limits: EngineLimits,
        ruleBook: RuleBook.Reader?,
        record: LaneRecord
    ) throws(StoreError) {
        engine = try Engine(
            generation, live: live, limits: limits, clock: { MonotonicClock.now() })
        scoring = ScoringService(engine: engine, ruleBook: ruleBook, record: record)
        profiles = ProfilesService(engine: engine)
        embeddings = EmbeddingsService(engine: engine)
    }
}
