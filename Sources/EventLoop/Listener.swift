internal import CLibUV
internal import Glibc

/// A socket that somebody can connect to.
package protocol ListeningSocket: AnyObject {
    var descriptor: Int32 { get }
    /// Whether those who have connected when the listening ends are still handed over.
    var handsOverAtEnd: Bool { get }
    /// Ends the listening, but for those who have connected before.
    func refuseNewcomers()
    /// Calls after the first one do nothing.
    func close()
}

/// Accepts connections from a socket and hands over their descriptors.
///
/// It polls and accepts by itself, rather than through `uv_listen`, because a descriptor that was
/// never tied to a loop can be given to any of them.
package final class Listener: Handle {
    /// Connections accepted before the loop's other events get their turn.
    private static let acceptedPerTurnMax = 64
    /// Wait after the process ran out of descriptors, when polling would only spin.
    private static let exhaustedPause = Duration.milliseconds(50)

    private let socket: any ListeningSocket
    private let accepted: (Int32) -> Void
    private let pause: Timer

    /// Accepts from now until closed.
    ///
    /// - Parameters:
    ///   - socket: must stay open until the listener has closed.
    ///   - accepted: gets each connection's descriptor (non-blocking, close-on-exec) and owns it.
    package init(
        _ socket: any ListeningSocket, on loop: EventLoop, accepted: @escaping (Int32) -> Void
    ) throws(EventLoopError) {
        self.socket = socket
        self.accepted = accepted
        pause = try Timer(on: loop)
        let uv = loop.raw
        let descriptor = socket.descriptor
        try super.init(loop: loop, type: UV_POLL) {
            uv_poll_init(uv, $0.assumingMemoryBound(to: uv_poll_t.self), descriptor)
        }
        poll()
    }

    private func poll() {
        guard !isClosing else { return }
        uv_poll_start(
            storage.assumingMemoryBound(to: uv_poll_t.self), Int32(UV_READABLE.rawValue)
        ) { handle, _, _ in
            withOwner(Listener.self, handle?.pointee.data) { $0.acceptWaiting() }
        }
    }

    private func acceptWaiting() {
        for _ in 0..<Self.acceptedPerTurnMax where !isClosing {
            switch acceptOne() {
            case .more: continue
            case .none: return
            case .exhausted:
                uv_poll_stop(storage.assumingMemoryBound(to: uv_poll_t.self))
                pause.start(after: Self.exhaustedPause) { [unowned self] in poll() }
                return
            }
        }
    }

    /// Ends: nobody can connect any more, and those who have are handed over now. Of an inherited
    /// socket they are left to whoever serves it next. Closes the socket.
    package func finish() {
        guard !isClosing else { return }
        socket.refuseNewcomers()
        if socket.handsOverAtEnd { while case .more = acceptOne() {} }
        close()
        socket.close()
    }

    private enum Outcome { case more, none, exhausted }

    private func acceptOne() -> Outcome {
        let descriptor = sc_accept(socket.descriptor)
        if descriptor >= 0 {
            accepted(descriptor)
            return .more
        }
        switch errno {
        case EINTR, ECONNABORTED: return .more
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
        default: return .none
        }
    }

    override func willClose() { pause.close() }
}
