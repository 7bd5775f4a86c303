extension SidecartClient {
    /// Records a batch of events: all of them, or none where one is refused. They are durable once
    /// this returns.
    ///
    /// Unless the configuration says otherwise, while nobody answers at the socket, or the connection
    /// breaks, the batch is sent again with the
    /// same event ids until the timeout is over, so that a server that is started again or changed
    /// loses and doubles nothing. Where this throws `unavailable` or `deadlineExceeded` the events may
    /// have been recorded; recording them again with the same ids is safe.
    ///
    /// - Parameters:
    ///   - events: 1 to 1,000; those without an id get a random one.
    ///   - timeout: over all tries; nil takes the configuration's.
    @discardableResult
    public func record(
        _ events: [Event], timeout: Duration? = nil
    ) async throws(SidecartError) -> RecordReceipt {
        let method = RecordMethod(events)
        var retry = Retry(timeout ?? configuration.timeout)
        while true {
            do throws(SidecartError) {
                return try await perform(method, timeout: retry.left)
            } catch {
                guard configuration.retriesRecording, let pause = retry.pause(after: error) else {
                    throw error
                }
                try await Self.sleep(for: pause)
            }
        }
    }

    /// Lists a user's newest events, newest first.
    ///
    /// - Parameters:
    ///   - user: one who has events; otherwise the error is `notFound`.
    ///   - count: 1 to 1,000; 0 leaves it to the server, which takes 10.
    ///   - timeout: nil takes the configuration's.
    public func history(
        ofUser user: String, count: Int = 0, timeout: Duration? = nil
    ) async throws(SidecartError) -> [Event] {
        try await perform(HistoryMethod(user: user, count: count), timeout: timeout).events
    }

    /// Removes a user and all her events for good.
    ///
    /// - Returns: what was removed, and what is left of her elsewhere.
    @discardableResult
    public func forget(
        user: String, timeout: Duration? = nil
    ) async throws(SidecartError) -> ForgetReceipt {
        try await perform(ForgetMethod(user: user), timeout: timeout)
    }

    /// Adds items to the catalog, or replaces what is given of them: all of them, or none where one is
    /// refused. Price and stock act on the next call, everything else on the next training.
    ///
    /// - Parameters:
    ///   - items: 1 to 1,000.
    ///   - timeout: nil takes the configuration's.
    @discardableResult
    public func putItems(
        _ items: [CatalogItem], timeout: Duration? = nil
    ) async throws(SidecartError) -> PutCounts {
        try await perform(PutItemsMethod(items: items), timeout: timeout)
    }

    /// Removes items from the catalog; their events stay.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public func removeItems(
        _ ids: [String], timeout: Duration? = nil
    ) async throws(SidecartError) -> Int {
        try await perform(RemoveItemsMethod(ids: ids), timeout: timeout).deleted
    }

    /// Reads what the catalog says of items.
    ///
    /// - Parameters:
    ///   - ids: 1 to 1,000.
    ///   - timeout: nil takes the configuration's.
    public func items(
        _ ids: [String], timeout: Duration? = nil
    ) async throws(SidecartError) -> FoundItems {
        try await perform(GetItemsMethod(ids: ids), timeout: timeout)
    }
}
