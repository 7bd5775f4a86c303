import Dispatch
import EventLoop
import Foundation
import SidecartServer

/// What a server is told from outside: signals, caught on whatever thread they come, and its
/// clients' wish that it end. One after the other, waited for on one thread.
final class StopRequests: Sendable {
    enum Request: Sendable {
        /// SIGTERM or SIGINT.
        case signal(Int32)
        case client(DrainRequest)
        /// SIGHUP, which ends nothing.
        case hangUp
    }

    private let waiting = Locked<[Request]>([])
    private let count = DispatchSemaphore(value: 0)
    private let thread = Locked<LoopThread?>(nil)

    /// Catches the signals from now on.
    init() throws {
        let started = try LoopThread.start(name: "signals") { [self] loop in
            for signal in [SIGTERM, SIGINT, SIGHUP] {
                _ = try SignalWatcher(signal, on: loop) { [unowned self] in
                    post(signal == SIGHUP ? .hangUp : .signal(signal))
                }
            }
        }
        thread.withLock { $0 = started }
    }

    func post(_ request: Request) {
        waiting.withLock { $0.append(request) }
        count.signal()
    }

    /// Waits for the next request.
    func next() -> Request {
        count.wait()
        return waiting.withLock { $0.removeFirst() }
    }
}
