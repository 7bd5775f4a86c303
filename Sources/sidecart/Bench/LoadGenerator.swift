import Foundation
import Histogram
import Wire

/// Keeps a number of calls in flight on one connection and times each.
///
/// One thread and frames made ahead: what it takes itself must be small against what it measures.
struct LoadGenerator {
    struct Result {
        /// Nanoseconds, by call.
        var latencies: [BenchCall: Histogram<UInt64>] = [:]
        var calls = 0
        var failedCalls = 0
        /// What the first failure says.
        var failure = ""
        var replyBytes = 0
        var seconds = 0.0
    }

    let connection: FrameConnection
    private let pool: FramePool
    /// Of the run under way, or of the last one: also where it was cut short.
    private(set) var result = Result()
    private var nextFrame: Int
    private var nextStream: UInt32 = 1
    /// By stream id halved, modulo their count: what is in flight.
    private var flights: [Flight] = []

    private struct Flight {
        var sentAt: UInt64 = 0
        var call = BenchCall.score
    }

    /// A power of two, so far above the calls in flight that a call which is answered late keeps its
    /// place.
    private static let flightsMax = 4_096

    /// - Parameter firstFrame: where in the pool to begin; it is walked around and around.
    init(path: String, pool: FramePool, firstFrame: Int = 0) throws(Failure) {
        precondition(pool.count > 0, "no frames to send")
        connection = try FrameConnection(path: path)
        self.pool = pool
        nextFrame = firstFrame % pool.count
    }

    /// Runs for a time with `inFlight` calls under way, and until all are answered.
    @discardableResult
    mutating func run(inFlight: Int, for duration: Duration) throws(Failure) -> Result {
        result = Result()
        precondition(inFlight <= Self.flightsMax / 2, "\(inFlight) calls in flight")
        flights = Array(repeating: Flight(), count: Self.flightsMax)
        let start = Self.now()
        let end = start + UInt64(duration.seconds * 1e9)
        for _ in 0..<inFlight { queue(at: start) }
        var waiting = inFlight
        while waiting > 0 {
            var answered = 0
            var now: UInt64 = 0
            _ = try connection.exchange { answer in
                if answered == 0 { now = Self.now() }
                answered += 1
                let flight = flights[Int(answer.stream >> 1) & (flights.count - 1)]
                result.latencies[flight.call, default: .nanoseconds]
                    .record(max(1, now - flight.sentAt))
                result.replyBytes += answer.bytes
                if answer.isFailure {
                    if result.failedCalls == 0 { result.failure = answer.message }
                    result.failedCalls += 1
                }
            }
            result.calls += answered
            waiting -= answered
            guard answered > 0, now < end else { continue }
            let sentAt = Self.now()
            for _ in 0..<answered { queue(at: sentAt) }
            waiting += answered
        }
        result.seconds = Double(Self.now() - start) * 1e-9
        return result
    }

    private mutating func queue(at now: UInt64) {
        flights[Int(nextStream >> 1) & (flights.count - 1)] = Flight(
            sentAt: now, call: pool.calls[nextFrame])
        pool.copy(nextFrame, stream: nextStream, to: &connection.output)
        nextStream += 2
        nextFrame = nextFrame + 1 == pool.count ? 0 : nextFrame + 1
    }

    /// Nanoseconds of a clock that only goes forward.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
