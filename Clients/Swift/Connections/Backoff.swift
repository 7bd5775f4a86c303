/// When to try to connect again: the pause doubles with each failure, with a random part, up to a
/// maximum.
struct Backoff {
    private let delay: Duration
    private let delayMax: Duration
    private(set) var failures = 0
    private(set) var notBefore: ContinuousClock.Instant?

    init(_ configuration: SidecartConfiguration) {
        delay = configuration.reconnectDelay
        delayMax = configuration.reconnectDelayMax
    }

    mutating func succeeded() {
        failures = 0
        notBefore = nil
    }

    /// - Parameter stretch: the random part, 0.8 to 1.2.
    mutating func failed(
        at now: ContinuousClock.Instant, stretch: Double = .random(in: 0.8...1.2)
    ) {
        var pause = delay
        for _ in 0..<failures where pause < delayMax { pause = pause * 2 }
        failures += 1
        notBefore = now + min(pause, delayMax) * stretch
    }
}
