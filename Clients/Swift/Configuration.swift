/// How a client behaves; every maximum it has is here.
public struct SidecartConfiguration: Sendable, Equatable {
    /// How long a call may take where it does not say itself, from the call to the decoded answer.
    public var timeout = Duration.seconds(1)

    /// Sockets that calls are spread over; 1 and up. One carries any number of calls at once; more
    /// help where large answers would hold up small ones.
    public var connections = 1

    /// Calls without an answer yet, over all connections. One more is refused with
    /// `resourceExhausted`.
    public var callsInFlightMax = 1024

    /// Bytes of requests without an answer yet, and of requests that the kernel has not taken,
    /// each. A call that would pass it is refused with `resourceExhausted`.
    public var queuedBytesMax = 16 << 20

    /// Bytes of one request or answer, as framed. 4 MiB is what the protocol allows.
    public var frameBytesMax = 4 << 20

    /// The pause after a first failed attempt to connect. Each further failure doubles it, up to
    /// `reconnectDelayMax`; each pause is stretched or shortened by up to a fifth at random, so
    /// that many clients of a server that came back do not all knock at once.
    public var reconnectDelay = Duration.milliseconds(20)

    /// The longest pause between two attempts to connect, before the random part. To find nobody at
    /// a socket costs some microseconds, so it may be short: with 80 ms a server that comes back is
    /// found within 100.
    public var reconnectDelayMax = Duration.milliseconds(80)

    /// How calls that only ask are made again after they failed as `unavailable`.
    public var retries = SidecartRetryPolicy()

    /// After so long without an answer, a call that only asks is made a second time, on the connection
    /// with the fewest calls, and the first answer is taken; nil never. Worth it where `connections`
    /// is 2 or more and the delay is above what most calls take.
    public var hedgingDelay: Duration?

    /// Whether a `record` call is sent again, with the same event ids, while the server is away and
    /// its timeout is not over.
    public var retriesRecording = true

    /// The defaults.
    public init() {}

    func check() {
        precondition(timeout > .zero, "timeout \(timeout)")
        precondition((1...64).contains(connections), "\(connections) connections, not 1...64")
        precondition(callsInFlightMax > 0 && queuedBytesMax > 0, "a limit that allows no call")
        precondition(
            (1024...4 << 20).contains(frameBytesMax),
            "frames of \(frameBytesMax), not 1 KiB...4 MiB")
        retries.check()
        precondition(hedgingDelay.map { $0 > .zero } ?? true, "a hedging delay")
        precondition(
            reconnectDelay > .zero && reconnectDelay <= reconnectDelayMax, "reconnect delays")
    }
}
