import ArgumentParser
import Dispatch
import EventLoop
import Foundation
import Logging
import RPC

enum LogFormat: String, CaseIterable, ExpressibleByArgument { case text, json }

/// The log of a server, on standard error.
///
/// A thread of its own writes it, so that nobody who logs waits for whoever reads it: where that
/// one does not keep up, lines are left out and counted. Of what peers bring about, so are those
/// beyond ``incidentsPerSecondMax``: no peer can fill a disk.
final class ServerLog: Sendable {
    static let incidentsPerSecondMax = 20
    private static let linesWaitingMax = 1_000

    private struct State {
        var waiting = 0
        var leftOut = 0
        var second = Int64(0)
        var incidents = 0
    }

    private let logger: Logger
    private let queue = DispatchQueue(label: "sidecart.log")
    private let state = Locked(State())

    init(format: LogFormat, level: Logger.Level) {
        var logger = Logger(label: "sidecart") { label -> any LogHandler in
            switch format {
            case .json: JSONLogHandler(label: label)
            case .text: StreamLogHandler.standardError(label: label)
            }
        }
        logger.logLevel = level
        self.logger = logger
    }

    func info(_ message: String, _ fields: Logger.Metadata = [:]) { log(.info, message, fields) }

    func warning(_ message: String, _ fields: Logger.Metadata = [:]) {
        log(.warning, message, fields)
    }

    func error(_ message: String, _ fields: Logger.Metadata = [:]) { log(.error, message, fields) }

    /// A warning about something that a peer may bring about as often as it likes.
    func incident(_ message: String, _ fields: Logger.Metadata) {
        let second = MonotonicClock.now() / 1_000_000_000
        let fits = state.withLock { state in
            if state.second != second { (state.second, state.incidents) = (second, 0) }
            state.incidents += 1
            guard state.incidents <= Self.incidentsPerSecondMax else {
                state.leftOut += 1
                return false
            }
            return true
        }
        if fits { log(.warning, message, fields) }
    }

    private func log(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) {
        let leftOut = state.withLock { state -> Int? in
            guard state.waiting < Self.linesWaitingMax else {
                state.leftOut += 1
                return nil
            }
            state.waiting += 1
            defer { state.leftOut = 0 }
            return state.leftOut
        }
        guard let leftOut else { return }
        queue.async { [self] in
            var fields = fields
            if leftOut > 0 { fields["lines_left_out"] = .stringConvertible(leftOut) }
            logger.log(level: level, "\(message)", metadata: fields)
            state.withLock { $0.waiting -= 1 }
        }
    }

    /// Waits until everything is written, but not for longer than a second.
    func flush() {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + 1)
    }
}

extension ServerLog {
    /// Writes down what happened to the server.
    func note(_ event: ServerEvent) {
        switch event {
        case .brokeOff(let breakOff):
            incident(
                "broke off a connection",
                fields(breakOff.peer, ["reason": "\(breakOff.reason.rawValue)"]))
        case .refusedConnection(let refused):
            incident("refused a connection", fields(refused.peer, ["reason": "\(refused.reason)"]))
        case .refusedFrame(let peer, let bytes, let shortage):
            incident(
                "refused a frame",
                fields(peer, ["reason": "\(shortage)", "held_bytes": .stringConvertible(bytes)]))
        case .pathGone(let path):
            warning("the socket's path is gone; binding again", ["socket": "\(path)"])
        case .pathTaken(let path):
            warning(
                "the socket's path leads to another one now; new clients do not come here",
                ["socket": "\(path)"])
        case .pathMoved(let path, let place):
            info("the socket was moved", ["from": "\(path)", "socket": "\(place)"])
        case .pathRestored(let path):
            info("the socket's path leads here again", ["socket": "\(path)"])
        case .pathNotRestored(let path, let error):
            self.error(
                "the socket's path cannot be bound again; trying on",
                ["socket": "\(path)", "reason": "\(error)"])
        }
    }

    private func fields(_ peer: PeerCredentials, _ more: Logger.Metadata) -> Logger.Metadata {
        more.merging([
            "pid": .stringConvertible(peer.processID), "uid": .stringConvertible(peer.userID),
        ]) { $1 }
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
