internal import EventLoop

/// The client's sockets, on the loop's thread.
final class Engine {
    private let connections: [ClientConnection]

    init(
        socketPath: String, configuration: SidecartConfiguration, firstStream: UInt32,
        loop: EventLoop
    ) throws(EventLoopError) {
        var connections: [ClientConnection] = []
        for _ in 0..<configuration.connections {
            connections.append(
                try ClientConnection(
                    socketPath: socketPath, configuration: configuration, loop: loop,
                    firstStream: firstStream))
        }
        self.connections = connections
        // One write for all calls that a turn brought.
        loop.atTurnEnd { [connections] in
            for connection in connections { connection.flush() }
        }
    }

    /// Hands the call to the connection with the fewest calls.
    func submit(_ call: PendingCall) {
        guard !call.isFinished else { return }
        guard let least = connections.min(by: { $0.callCount < $1.callCount }) else { return }
        least.submit(call)
    }

    /// Drops a call that nobody waits for any more.
    func forget(_ call: PendingCall) {
        for connection in connections { connection.forget(call) }
    }

    /// Ends all calls with `error`, and the loop.
    func close(_ error: SidecartError, _ loop: EventLoop) {
        for connection in connections { connection.close(error) }
        loop.stop()
    }
}
