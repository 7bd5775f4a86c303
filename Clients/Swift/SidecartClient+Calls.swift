extension SidecartClient {
    /// Scores the items for a shopper.
    ///
    /// - Parameters:
    ///   - items: 1 to the server's limit.
    ///   - context: who asks, and with what in the basket.
    ///   - timeout: nil takes the configuration's.
    /// - Returns: one score an item, in the order of `items`; NaN for those the model does not
    ///   know.
    public func score(
        _ items: [String], for context: Context, timeout: Duration? = nil
    ) async throws(SidecartError) -> Scores {
        try await perform(ScoreMethod(context: context, items: items), timeout: timeout)
    }

    /// Finds, ranks, filters and explains items to offer to a shopper.
    ///
    /// - Parameters:
    ///   - context: who asks, and with what in the basket; all of it may be empty.
    ///   - options: how many items, and which not.
    ///   - timeout: nil takes the configuration's.
    public func recommend(
        for context: Context, _ options: SlateOptions = .init(), timeout: Duration? = nil
    ) async throws(SidecartError) -> Slate {
        try await perform(RecommendMethod(context: context, options: options), timeout: timeout)
    }

    /// Lists an item's neighbors, those of each relation strongest first.
    ///
    /// - Parameters:
    ///   - item: one that the model knows; otherwise the error is `notFound`.
    ///   - relations: which neighbors, in this order; none leaves it to the server, which takes
    ///     complements.
    ///   - count: how many of each, 1 to the server's limit; 0 leaves it to the server, which
    ///     takes 10.
    ///   - timeout: nil takes the configuration's.
    public func related(
        to item: String, by relations: [Relation], count: Int = 0, timeout: Duration? = nil
    ) async throws(SidecartError) -> RelatedItems {
        try await perform(
            RelatedMethod(item: item, relations: relations, count: count), timeout: timeout)
    }

    /// Says what the model knows of a shopper.
    ///
    /// - Parameters:
    ///   - user: one that the model knows; otherwise the error is `notFound`.
    ///   - count: how many of her items and categories, 1 to the server's limit; 0 leaves it to the
    ///     server, which takes 10.
    ///   - timeout: nil takes the configuration's.
    public func profile(
        ofUser user: String, count: Int = 0, timeout: Duration? = nil
    ) async throws(SidecartError) -> UserProfile {
        try await perform(UserProfileMethod(user: user, count: count), timeout: timeout)
    }

    /// Says what the model knows of an item.
    ///
    /// - Parameters:
    ///   - item: one that the model knows; otherwise the error is `notFound`.
    ///   - timeout: nil takes the configuration's.
    public func profile(
        ofItem item: String, timeout: Duration? = nil
    ) async throws(SidecartError) -> ItemProfile {
        try await perform(ItemProfileMethod(item: item), timeout: timeout)
    }

    /// Reads vectors.
    ///
    /// - Returns: those that exist, in the order of `ids`, and the positions of the others.
    public func embeddings(
        of ids: [String], in space: EmbeddingSpace, timeout: Duration? = nil
    ) async throws(SidecartError) -> FoundEmbeddings {
        try await perform(GetEmbeddingsMethod(space: space, ids: ids), timeout: timeout)
    }

    /// Adds or replaces vectors: all of them, or none where one is refused.
    @discardableResult
    public func putEmbeddings(
        _ embeddings: [Embedding], in space: EmbeddingSpace, timeout: Duration? = nil
    ) async throws(SidecartError) -> PutCounts {
        try await perform(
            PutEmbeddingsMethod(space: space, embeddings: embeddings), timeout: timeout)
    }

    /// Deletes vectors.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public func deleteEmbeddings(
        of ids: [String], in space: EmbeddingSpace, timeout: Duration? = nil
    ) async throws(SidecartError) -> Int {
        try await perform(DeleteEmbeddingsMethod(space: space, ids: ids), timeout: timeout).deleted
    }

    /// Finds the vectors with the largest inner product with a given one; exact, best first.
    ///
    /// - Parameters:
    ///   - vector: finite, as many numbers as the model has dimensions.
    ///   - space: where to look.
    ///   - count: 1 to the server's limit; 0 leaves it to the server, which takes 10.
    ///   - timeout: nil takes the configuration's.
    public func nearest(
        to vector: [Float], in space: EmbeddingSpace, count: Int = 0, timeout: Duration? = nil
    ) async throws(SidecartError) -> [Neighbor] {
        try await perform(
            NearestMethod(space: space, vector: vector, count: count), timeout: timeout
        ).neighbors
    }

    /// Lists the models that the server has in memory, and what it failed to load lately.
    public func models(timeout: Duration? = nil) async throws(SidecartError) -> ModelList {
        try await perform(ListModelsMethod(), timeout: timeout)
    }

    /// Has the server load a bundle in the background, and returns at once: its ``ServedModel/number``
    /// in the answer of ``models(timeout:)`` says what came of it. Needs the role admin.
    ///
    /// - Parameters:
    ///   - path: the bundle's folder, absolute or below the server's folder of models.
    ///   - promotes: has it serve as soon as it is ready.
    ///   - timeout: nil takes the configuration's.
    /// - Throws: `failedPrecondition` while another one is being loaded, `invalidArgument` for a path
    ///   outside the server's folder of models.
    @discardableResult
    public func loadModel(
        at path: String, promotes: Bool = false, timeout: Duration? = nil
    ) async throws(SidecartError) -> ServedModel {
        try await perform(LoadModelMethod(path: path, promotes: promotes), timeout: timeout).model
    }

    /// Has a model serve that is ready, or the previous one: every call sent after this has returned is
    /// answered by it. Needs the role admin.
    ///
    /// - Parameters:
    ///   - version: empty takes the one that is ready.
    ///   - timeout: nil takes the configuration's.
    /// - Returns: what serves now.
    /// - Throws: `notFound` where no model in memory has the version, `failedPrecondition` where none is
    ///   ready.
    @discardableResult
    public func promoteModel(
        version: String = "", timeout: Duration? = nil
    ) async throws(SidecartError) -> ServedModel {
        try await perform(PromoteModelMethod(version: version), timeout: timeout).model
    }

    /// Has the previous model serve again, and the one that serves become the previous one. Needs the
    /// role admin.
    ///
    /// - Returns: what serves now.
    /// - Throws: `failedPrecondition` where there is none in memory.
    @discardableResult
    public func rollBackModel(timeout: Duration? = nil) async throws(SidecartError) -> ServedModel {
        try await perform(RollbackModelMethod(), timeout: timeout).model
    }

    /// Asks what is running.
    public func status(timeout: Duration? = nil) async throws(SidecartError) -> ServerStatus {
        try await perform(StatusMethod(), timeout: timeout)
    }

    /// Asks for all counters, gauges and histograms, as Prometheus reads them.
    ///
    /// - Parameters:
    ///   - format: how they are written.
    ///   - timeout: nil takes the configuration's.
    public func metrics(
        _ format: MetricsFormat = .prometheus, timeout: Duration? = nil
    ) async throws(SidecartError) -> String {
        try await perform(MetricsMethod(format: format), timeout: timeout).text
    }

    /// Asks what was shown since the server started, and what came of it.
    ///
    /// - Parameter timeout: nil takes the configuration's.
    public func outcomes(timeout: Duration? = nil) async throws(SidecartError) -> Outcomes {
        try await perform(OutcomesMethod(), timeout: timeout)
    }

    /// Tells the server to stop accepting, finish what is in flight and end. Needs the role admin.
    ///
    /// - Parameters:
    ///   - handsOver: a successor has taken the socket's path: calls that still come are answered
    ///     instead of refused, and clients are let go at once, so that they turn to it.
    ///   - timeout: nil takes the configuration's.
    public func drain(handsOver: Bool = false, timeout: Duration? = nil) async throws(SidecartError)
    {
        try await perform(DrainMethod(handsOver: handsOver), timeout: timeout)
    }

    /// Asks whether the server, or one service of it, takes calls.
    ///
    /// - Parameters:
    ///   - service: full name, such as `sidecart.v1.Scoring`; empty for the server as a whole. One
    ///     that the server
    ///     does not have is `notFound`.
    ///   - timeout: nil takes the configuration's.
    public func health(
        of service: String = "", timeout: Duration? = nil
    ) async throws(SidecartError) -> ServingStatus {
        try await perform(HealthMethod(checked: service), timeout: timeout).status
    }
}
