import Foundation
import Histogram

/// Clients that record events without pause, each on a connection of its own; one thread drives them
/// all.
struct EventLoad {
    struct Result {
        var acknowledged = 0
        var latencies = Histogram<UInt64>.nanoseconds
        var seconds = 0.0
        var failure: String?

        var eventsPerSecond: Double { Double(acknowledged) / max(1e-9, seconds) }
    }

    private var clients: [FrameConnection]
    private var frames: EventFrames
    private let inFlight: Int
    private var streams: [UInt32]
    /// When the call of a stream was sent, by client.
    private var sentAt: [[UInt32: UInt64]]
    private var result = Result()

    /// - Parameters:
    ///   - clients: connections.
    ///   - inFlight: calls that each keeps under way.
    init(path: String, clients: Int, inFlight: Int, frames: EventFrames) throws(Failure) {
        var connections: [FrameConnection] = []
        for _ in 0..<clients { connections.append(try FrameConnection(path: path)) }
        (self.clients, self.frames, self.inFlight) = (connections, frames, inFlight)
        streams = Array(repeating: 1, count: clients)
        sentAt = Array(repeating: [:], count: clients)
    }

    /// Records for a time, and until all is answered.
    mutating func run(for duration: Duration) throws(Failure) -> Result {
        let end = LoadGenerator.now() + UInt64(duration.seconds * 1e9)
        return try run { $0 >= end }
    }

    /// Records until `isOver` says so of a time, and until all is answered.
    ///
    /// - Parameter rate: events a second at most; nil as many as are acknowledged.
    mutating func run(
        rate: Double? = nil, until isOver: (UInt64) -> Bool
    ) throws(Failure) -> Result {
        result = Result()
        let start = LoadGenerator.now()
        var (sent, waiting) = (0, 0)
        var now = start
        var goesOn = true
        repeat {
            let due = rate.map { Int($0 * Double(now - start) * 1e-9) } ?? .max
            goesOn = goesOn && !isOver(now)
            if goesOn {
                for client in clients.indices
                where sentAt[client].count < inFlight && sent < due {
                    while sentAt[client].count < inFlight, sent < due {
                        queue(client, now)
                        sent += frames.events
                        waiting += 1
                    }
                    try clients[client].send()
                }
            }
            waiting -= try takeAnswers()
            now = LoadGenerator.now()
        } while goesOn || waiting > 0
        result.seconds = Double(now - start) * 1e-9
        if let failure = result.failure { throw Failure("recording failed: \(failure)") }
        return result
    }

    private mutating func queue(_ client: Int, _ now: UInt64) {
        frames.append(stream: streams[client], to: &clients[client].output)
        sentAt[client][streams[client]] = now
        streams[client] += 2
    }

    /// Waits at most a millisecond for answers; returns how many came.
    private mutating func takeAnswers() throws(Failure) -> Int {
        var states = clients.map {
            pollfd(
                fd: $0.descriptor,
                events: Int16(POLLIN) | ($0.output.isEmpty ? 0 : Int16(POLLOUT)), revents: 0)
        }
        poll(&states, nfds_t(states.count), 1)
        var answered = 0
        for client in states.indices {
            if states[client].revents & Int16(POLLOUT) != 0 { try clients[client].send() }
            guard states[client].revents & ~Int16(POLLOUT) != 0 else { continue }
            let now = LoadGenerator.now()
            _ = try clients[client].exchange { answer in
                answered += 1
                if let sent = sentAt[client].removeValue(forKey: answer.stream) {
                    result.latencies.record(max(1, now - sent))
                }
                if answer.isFailure {
                    result.failure = answer.message
                } else {
                    result.acknowledged += frames.events
                }
            }
        }
        return answered
    }
}
