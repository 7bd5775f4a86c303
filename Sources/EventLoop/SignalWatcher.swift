internal import CLibUV
internal import Glibc

/// Runs an action on the loop whenever the process gets a signal.
package final class SignalWatcher: Handle {
    private let action: () -> Void

    /// Watches a signal such as `SIGTERM` from now until closed.
    package init(
        _ signal: Int32, on loop: EventLoop, _ action: @escaping () -> Void
    ) throws(EventLoopError) {
        self.action = action
        // Whoever started the process may have had it blocked, and a thread inherits that.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, signal)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        let uv = loop.raw
        try super.init(loop: loop, type: UV_SIGNAL) {
            uv_signal_init(uv, $0.assumingMemoryBound(to: uv_signal_t.self))
        }
        let result = uv_signal_start(
            storage.assumingMemoryBound(to: uv_signal_t.self),
            { handle, _ in
                withOwner(SignalWatcher.self, handle?.pointee.data) { $0.action() }
            }, signal)
        guard result == 0 else {
            close()
            throw EventLoopError(code: result, operation: "watch signal \(signal)")
        }
    }
}
