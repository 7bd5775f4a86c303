internal import EventLoop
internal import Synchronization

/// What an ``Acceptor`` is made from, on the thread of its loop.
///
/// `@unchecked Sendable`: the socket is made by the thread that starts the server, given away once, and from then on
/// used by loop 0 alone.
struct AcceptorSeed: @unchecked Sendable {
    let socket: UnixSocket
    let others: [Part]
    let max: Int
}

/// Accepts a server's connections and hands them out to its loops in turn.
final class Acceptor {
    private let socket: UnixSocket
    private let others: [Part]
    private let admission: Admission
    private var listener: Listener?
    private var next = 0

    init(_ seed: AcceptorSeed) {
        (socket, others) = (seed.socket, seed.others)
        admission = Admission(max: seed.max)
    }

    /// Starts to accept on `home`'s loop.
    func start(on home: ServerLoop) throws(EventLoopError) {
        listener = try Listener(socket, on: home.loop) { [unowned self, unowned home] in
            accept($0, home: home)
        }
    }

    /// Stops listening and removes the socket.
    func close() {
        listener?.close()
        listener = nil
        socket.close()
    }

    private func accept(_ descriptor: Int32, home: ServerLoop) {
        guard admission.enter() else {
            // Counted first: whoever sees the end of the connection finds it in the statistics.
            home.counters.connectionsRefused.add(1)
            return UnixSocket.close(descriptor)
        }
        let guest = Guest(descriptor: descriptor, admission: admission)
        let turn = next
        next = (next + 1) % (others.count + 1)
        if turn == 0 {
            home.adopt(guest)
        } else {
            let part = others[turn - 1]
            part.thread.door.submit { part.server.value(on: $0).adopt(guest) }
        }
    }
}

/// Counts the connections of all loops against the limit.
final class Admission: Sendable {
    private let live = Atomic<Int>(0)
    private let max: Int

    init(max: Int) { self.max = max }

    /// Counts one more connection; false, and not counted, if there are too many.
    func enter() -> Bool {
        if live.add(1, ordering: .relaxed).newValue <= max { return true }
        leave()
        return false
    }

    func leave() { live.subtract(1, ordering: .relaxed) }
}

/// An accepted connection on its way to its loop, and its place in the count as long as it lives.
///
/// If nobody takes the descriptor, because the loop ended meanwhile, it is closed.
final class Guest: Sendable {
    private let descriptor: Atomic<Int32>
    private let admission: Admission

    init(descriptor: Int32, admission: Admission) {
        self.descriptor = Atomic(descriptor)
        self.admission = admission
    }

    deinit {
        let left = descriptor.load(ordering: .relaxed)
        if left >= 0 { UnixSocket.close(left) }
        admission.leave()
    }

    /// The descriptor, which the caller owns from now on.
    func takeDescriptor() -> Int32 { descriptor.exchange(-1, ordering: .relaxed) }
}
