internal import EventLoop

/// What is served slowly: connections of processes that send more frames than their calls need, or
/// whose connections had to be ended for what they sent.
///
/// All of a loop's together get a slice of time each millisecond, and newcomers of such processes are
/// taken in one by one. Meanwhile nothing more is read of them, so that they wait in their own
/// sockets: neither their frames nor their coming and going take the time of others.
extension ServerLoop {
    private static let interval = Duration.milliseconds(1)
    /// Of each interval: so long may others have to wait for them.
    private static let sliceNanoseconds: Int64 = 20_000
    /// Ticks from one newcomer to the next. To end a connection takes longest: the system lets go of
    /// what its client has sent, and wakes it.
    private static let ticksPerNewcomer = 16

    /// Whether a process is served slowly now.
    func isSlow(_ process: PeerProcess) -> Bool { process.isSlow(at: clock.now) }

    /// Puts off what waits of a connection.
    func addSlow(_ connection: ServerConnection) {
        slow.append(connection)
        startTicks()
    }

    /// Puts off an accepted connection.
    func addSlow(_ newcomer: Guest) {
        slowNewcomers.append(newcomer)
        startTicks()
    }

    /// Takes in those who wait to be, at once.
    func adoptSlowNewcomers() {
        let newcomers = slowNewcomers
        slowNewcomers.removeAll()
        for guest in newcomers { take(guest) }
    }

    private func startTicks() {
        guard !slowTimer.isActive else { return }
        slowTimer.start(after: Self.interval, every: Self.interval) { [unowned self] in tick() }
    }

    private func tick() {
        clock.look()
        let end = clock.now + Self.sliceNanoseconds
        slowTicks &+= 1
        if !slowNewcomers.isEmpty {
            if !slowNewcomers.contains(where: { isSlow($0.process) }) {
                adoptSlowNewcomers()
            } else if slowTicks % Self.ticksPerNewcomer == 0 {
                take(slowNewcomers.removeFirst())
            }
        }
        while !slow.isEmpty, clock.now < end {
            let connection = slow.removeFirst()
            connection.isReady = false
            connection.resume(until: end)
            clock.look()
        }
        if slow.isEmpty, slowNewcomers.isEmpty { slowTimer.stop() }
    }
}
