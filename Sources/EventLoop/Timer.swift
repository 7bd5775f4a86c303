internal import CLibUV

/// Runs an action once, or again and again, after a delay.
package final class Timer: Handle {
    private var action: (() -> Void)?

    /// A timer that is not started yet.
    package init(on loop: EventLoop) throws(EventLoopError) {
        let uv = loop.raw
        try super.init(loop: loop, type: UV_TIMER) {
            uv_timer_init(uv, $0.assumingMemoryBound(to: uv_timer_t.self))
        }
    }

    private var timer: UnsafeMutablePointer<uv_timer_t> {
        storage.assumingMemoryBound(to: uv_timer_t.self)
    }

    /// Starts the timer, replacing an earlier start.
    ///
    /// - Parameters:
    ///   - delay: rounded up to whole milliseconds, from now (not from the start of the turn).
    ///   - interval: time between further runs; nil runs the action once.
    package func start(
        after delay: Duration, every interval: Duration? = nil, _ action: @escaping () -> Void
    ) {
        guard !isClosing else { return }
        self.action = action
        uv_update_time(loop.raw)
        uv_timer_start(
            timer,
            { handle in
                withOwner(Timer.self, handle?.pointee.data) { $0.action?() }
            }, delay.wholeMilliseconds,
            max(1, interval?.wholeMilliseconds ?? 0) * (interval == nil ? 0 : 1))
    }

    package func stop() {
        guard !isClosing else { return }
        action = nil
        uv_timer_stop(timer)
    }

    package var isActive: Bool {
        uv_is_active(storage.assumingMemoryBound(to: uv_handle_t.self)) != 0
    }

    override func willClose() { action = nil }
}

extension Duration {
    /// Milliseconds, rounded up, not below zero.
    var wholeMilliseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (attosecondsAMillisecond, millisecondsASecond) = (
            Int64(1_000_000_000_000_000), Int64(1000)
        )
        let milliseconds = (attoseconds + attosecondsAMillisecond - 1) / attosecondsAMillisecond
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: millisecondsASecond)
        return overflow ? UInt64(Int64.max) : UInt64(whole + milliseconds)
    }
}
