import Foundation
import Histogram

/// Calls of one kind that are made one at a time, to see how long they wait beside others.
struct Probe {
    /// How its calls fared.
    struct Figures: Encodable {
        let latency: LatencySummary
        /// Answers that were refusals.
        let refused: Int
        /// Calls without an answer within ``Probe/answerTimeout``, which counts as their latency.
        let unanswered: Int
    }

    private static let answerTimeout = Duration.seconds(10)

    private let path: String
    private let pool: FramePool
    private var connection: FrameConnection
    private var nextFrame = 0
    private var stream: UInt32 = 1
    private var latencies = Histogram<UInt64>.nanoseconds
    private var refused = 0
    private var unanswered = 0

    init(path: String, pool: FramePool) throws(Failure) {
        self.path = path
        self.pool = pool
        connection = try FrameConnection(path: path, answerTimeout: Self.answerTimeout)
    }

    var figures: Figures {
        Figures(latency: LatencySummary(latencies), refused: refused, unanswered: unanswered)
    }

    /// Drops what was counted so far, such as while everything was still cold.
    mutating func forget() {
        latencies = .nanoseconds
        (refused, unanswered) = (0, 0)
    }

    /// Makes one call and waits for its answer.
    mutating func ask() throws(Failure) {
        pool.copy(nextFrame, stream: stream, to: &connection.output)
        nextFrame = (nextFrame + 1) % pool.count
        let start = LoadGenerator.now()
        var isAnswered = false
        while !isAnswered {
            let isInTime = try connection.exchange { answer in
                guard answer.stream == stream else { return }
                isAnswered = true
                if answer.isFailure { refused += 1 }
            }
            guard isInTime else { break }
        }
        latencies.record(max(1, LoadGenerator.now() - start))
        stream += 2
        guard !isAnswered else { return }
        unanswered += 1
        connection = try FrameConnection(path: path, answerTimeout: Self.answerTimeout)
        stream = 1
    }
}
