import Dispatch
import EventLoop
import Foundation
import Synchronization

/// SIGTERM and SIGINT, caught on whatever thread they come and waited for on one.
final class StopSignals: Sendable {
    private let thread: LoopThread
    private let caught: Caught

    private final class Caught: Sendable {
        let semaphore = DispatchSemaphore(value: 0)
        let signal = Atomic<Int32>(0)
    }

    /// Catches the signals from now on.
    init() throws {
        let caught = Caught()
        self.caught = caught
        thread = try LoopThread.start(name: "signals") { loop in
            for signal in [SIGTERM, SIGINT] {
                _ = try SignalWatcher(signal, on: loop) {
                    caught.signal.store(signal, ordering: .relaxed)
                    caught.semaphore.signal()
                }
            }
        }
    }

    /// Waits for the first of them and returns it.
    func wait() -> Int32 {
        caught.semaphore.wait()
        return caught.signal.load(ordering: .relaxed)
    }
}
