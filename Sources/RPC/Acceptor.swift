internal import EventLoop

/// What an ``Acceptor`` is made from, on the thread of its loop.
///
/// `@unchecked Sendable`: the socket is made by the thread that starts the server, given away once,
/// and from then on used by loop 0 alone.
struct AcceptorSeed: @unchecked Sendable {
    let socket: UnixSocket
    let others: [Part]
    let admission: Admission
    let configuration: RPCServerConfiguration
}

/// Accepts a server's connections, hands them out to its loops in turn, and keeps an eye on the
/// path.
final class Acceptor {
    /// How often the path is looked at.
    private static let watchInterval = Duration.seconds(1)

    private var socket: UnixSocket
    private let others: [Part]
    private let admission: Admission
    private let configuration: RPCServerConfiguration
    private var listener: Listener?
    private var watch: Timer?
    private var standing = UnixSocket.Standing.own
    private var next = 0

    init(_ seed: AcceptorSeed) {
        (socket, others, admission) = (seed.socket, seed.others, seed.admission)
        configuration = seed.configuration
    }

    /// Starts to accept on `home`'s loop, and gives the socket its path where it has to be taken
    /// over.
    func start(on home: ServerLoop) throws {
        listener = try listen(socket, home)
        try socket.takePath()
        let watch = try Timer(on: home.loop)
        self.watch = watch
        watch.start(after: Self.watchInterval, every: Self.watchInterval) {
            [unowned self, unowned home] in lookAtPath(home)
        }
    }

    /// Stops listening, removes the socket, and hands over whoever has connected before.
    func finish() {
        watch?.close()
        listener?.finish()
        listener = nil
    }

    private func listen(_ socket: UnixSocket, _ home: ServerLoop) throws(EventLoopError) -> Listener
    {
        try Listener(socket, on: home.loop) { [unowned self, unowned home] in
            accept($0, home: home)
        }
    }

    // MARK: Connections

    private func accept(_ descriptor: Int32, home: ServerLoop) {
        guard let peer = try? PeerCredentials(of: descriptor) else {
            // The client is gone already.
            home.counters.connectionsRefused.add(1)
            return UnixSocket.close(descriptor)
        }
        switch admission.enter(peer) {
        case .failure(let reason):
            // Counted first: whoever sees the end of the connection finds it in the statistics.
            home.counters.connectionsRefused.add(1)
            UnixSocket.close(descriptor)
            home.report(.refusedConnection(RefusedConnection(peer: peer, reason: reason)))
        case .success((let account, let process)):
            let role = configuration.access.role(
                of: peer,
                supplementaryGroups: PeerCredentials.supplementaryGroups(of: descriptor))
            hand(
                Guest(
                    descriptor: descriptor, caller: Caller(peer: peer, role: role),
                    account: account, process: process, admission: admission), home)
        }
    }

    private func hand(_ guest: Guest, _ home: ServerLoop) {
        let turn = next
        next = (next + 1) % (others.count + 1)
        if turn == 0 {
            home.adopt(guest)
        } else {
            let part = others[turn - 1]
            part.thread.door.submit { part.server.value(on: $0).adopt(guest) }
        }
    }

    // MARK: The path

    /// Binds again where the path is gone, as cleaners of temporary folders bring about. A path that
    /// another socket has taken is left to it.
    private func lookAtPath(_ home: ServerLoop) {
        let (before, path) = (standing, socket.path)
        standing = socket.look()
        switch standing {
        case .moved:
            standing = .own
            home.report(.pathMoved(path, to: socket.path))
        case .own:
            if before != .own { home.report(.pathRestored(socket.path)) }
        case .taken:
            if before != .taken { home.report(.pathTaken(socket.path)) }
        case .gone:
            if before != .gone { home.report(.pathGone(socket.path)) }
            do {
                try bindAgain(home)
                standing = .own
                home.report(.pathRestored(socket.path))
            } catch {
                guard before != .gone, let error = error as? UnixSocketError else { return }
                home.report(.pathNotRestored(socket.path, error))
            }
        }
    }

    private func bindAgain(_ home: ServerLoop) throws {
        // The loop does not wait for a lock: it looks again soon.
        let fresh = try configuration.makeSocket(at: socket.path, lockTries: 1)
        let listener = try listen(fresh, home)
        // Those who connected while the path was there.
        self.listener?.finish()
        (self.listener, socket) = (listener, fresh)
    }
}
