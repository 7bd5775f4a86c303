/// What a shop asks of a server, for code that is to be tried without one: it takes
/// `any SidecartService`, gets a ``SidecartClient`` in service, and a type of its tests' own there.
///
///     struct NoRecommendations: SidecartService { … }
///
/// A timeout of nil takes the client's own.
public protocol SidecartService: Sendable {
    /// See ``SidecartClient/score(_:for:timeout:)``.
    func score(
        _ items: [String], for context: Context, timeout: Duration?
    ) async throws(SidecartError) -> Scores
    /// See ``SidecartClient/recommend(for:_:timeout:)``.
    func recommend(
        for context: Context, _ options: SlateOptions, timeout: Duration?
    ) async throws(SidecartError) -> Slate
    /// See ``SidecartClient/related(to:by:count:timeout:)``.
    func related(
        to item: String, by relations: [Relation], count: Int, timeout: Duration?
    ) async throws(SidecartError) -> RelatedItems
    /// See ``SidecartClient/record(_:timeout:)``.
    @discardableResult
    func record(_ events: [Event], timeout: Duration?) async throws(SidecartError) -> RecordReceipt
    /// See ``SidecartClient/history(ofUser:count:timeout:)``.
    func history(ofUser user: String, count: Int, timeout: Duration?) async throws(SidecartError)
        -> [Event]
    /// See ``SidecartClient/forget(user:timeout:)``.
    @discardableResult
    func forget(user: String, timeout: Duration?) async throws(SidecartError) -> ForgetReceipt
}

extension SidecartClient: SidecartService {}
