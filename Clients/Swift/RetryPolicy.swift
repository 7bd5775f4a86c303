internal import EventLoop

/// How a client makes calls that only ask again when they failed as `unavailable`, the way gRPC's
/// clients do it: several attempts with growing pauses, for as long as most calls succeed.
///
/// Source: grpc/proposal A6-client-retries.md.
public struct SidecartRetryPolicy: Sendable, Hashable {
    /// Attempts of one call, the first among them; 1, the default, makes none again.
    public var attemptsMax = 1

    /// The pause before the second attempt. Each further pause is `pauseFactor` times as long, up to
    /// `pauseMax`, and is stretched or shortened by up to a fifth at random.
    public var pause = Duration.milliseconds(10)

    /// The longest pause, before the random part.
    public var pauseMax = Duration.milliseconds(200)

    /// How much longer each pause is than the one before; 1 and up.
    public var pauseFactor = 2.0

    /// The budget that all calls of a client share: each failed attempt takes a token, each call
    /// that succeeds gives `tokensPerSuccess` back, and while no more than half of the tokens are
    /// left no call is made again or hedged. So clients do not add to the load of a server that is
    /// down. 1 to 1,000.
    public var tokensMax = 10.0

    /// See `tokensMax`; above 0.
    public var tokensPerSuccess = 0.1

    /// The defaults, which make no call again.
    public init() {}

    func check() {
        precondition(attemptsMax >= 1, "\(attemptsMax) attempts")
        precondition(pause > .zero && pause <= pauseMax && pauseFactor >= 1, "pauses of retries")
        precondition(
            (1...1000).contains(tokensMax) && tokensPerSuccess > 0, "tokens of retries")
    }
}

/// The tokens of a client; see ``SidecartRetryPolicy/tokensMax``.
final class RetryBudget: Sendable {
    private let policy: SidecartRetryPolicy
    private let tokens: Locked<Double>

    init(_ policy: SidecartRetryPolicy) {
        self.policy = policy
        tokens = Locked(policy.tokensMax)
    }

    /// Whether calls may be made again now.
    var allowsMore: Bool { tokens.withLock { $0 > policy.tokensMax / 2 } }

    func succeeded() {
        tokens.withLock { $0 = min(policy.tokensMax, $0 + policy.tokensPerSuccess) }
    }

    func failed() { tokens.withLock { $0 = max(0, $0 - 1) } }

    /// How long to wait before the next attempt; nil where there is none.
    ///
    /// - Parameters:
    ///   - attempts: made so far, 1 and up.
    ///   - stretch: the random part.
    func pause(
        after attempts: Int, stretch: Double = .random(in: 0.8...1.2)
    ) -> Duration? {
        guard attempts < policy.attemptsMax, allowsMore else { return nil }
        var pause = policy.pause
        for _ in 1..<attempts where pause < policy.pauseMax { pause = pause * policy.pauseFactor }
        return min(pause, policy.pauseMax) * stretch
    }
}
