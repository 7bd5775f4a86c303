/// When a call that may be made again is made again: while the server is away and there is time left.
struct Retry {
    private static let pauseMin = Duration.milliseconds(10)
    private static let pauseMax = Duration.milliseconds(500)

    private let deadline: ContinuousClock.Instant
    private var pause = Retry.pauseMin

    init(_ timeout: Duration) { deadline = .now + timeout }

    /// For the next try.
    var left: Duration { deadline - .now }

    /// How long to wait before the next try; nil where there is none.
    mutating func pause(after error: SidecartError) -> Duration? {
        guard error.code == .unavailable, left > pause else { return nil }
        defer { pause = min(pause * 2, Self.pauseMax) }
        return pause
    }
}
