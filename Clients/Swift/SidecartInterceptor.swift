/// Stands around the calls of a client: to count and time them, log them, or make each a span of a
/// trace. With swift-distributed-tracing and swift-metrics, for example:
///
///     struct Observed: SidecartInterceptor {
///         func intercept<Reply: Sendable>(
///             _ method: String, _ call: @Sendable () async throws(SidecartError) -> Reply
///         ) async throws(SidecartError) -> Reply {
///             let span = startSpan(method, ofKind: .client)
///             let start = ContinuousClock.now
///             defer {
///                 Timer(label: "sidecart_call", dimensions: [("method", method)]).record(.now - start)
///                 span.end()
///             }
///             return try await call()
///         }
///     }
///
/// A client without one pays nothing for it.
public protocol SidecartInterceptor: Sendable {
    /// Makes a call and hands on what comes of it.
    ///
    /// - Parameters:
    ///   - method: such as `sidecart.v1.Scoring/Recommend`.
    ///   - call: makes the call, with all its attempts, as often as it is called.
    func intercept<Reply: Sendable>(
        _ method: String, _ call: @Sendable () async throws(SidecartError) -> Reply
    ) async throws(SidecartError) -> Reply
}
