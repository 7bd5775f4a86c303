package import Buffers
internal import CLibUV

/// One libuv loop. It belongs to one thread, and so does everything made on it.
///
/// A *turn* is one round of: timers, then whatever the sockets brought. At its end, before the loop
/// waits again, the turn-end hooks run; that is where output is flushed and where nothing borrowed
/// from elsewhere is held any longer.
///
/// The end of a loop is a sequence: ``stop()`` makes ``run()`` return, ``close()`` closes all
/// handles that are left, runs until libuv has let go of them and frees the loop.
package final class EventLoop {
    /// Bytes one read may bring: about what a Unix socket buffers, so that one call usually takes
    /// everything.
    static let readBufferBytes = 256 * 1024

    let raw: UnsafeMutablePointer<uv_loop_t>
    /// Shared by all pipes of the loop: a read callback has used it up before the next one runs.
    let readBuffer: UnsafeMutableRawBufferPointer
    /// Where the pipes of this loop, and their users, keep bytes that have to wait.
    package let buffers = BufferPool()
    /// How other threads reach this loop.
    package let door = LoopDoor()
    private var turnEnd: TurnEnd?
    private var turnStartTurn = -1
    private var turnStartTime: Int64 = 0
    private var spin: Spin?
    private var wakeUp: WakeUp?
    private var isClosed = false

    /// Makes a loop for the calling thread.
    package init() throws(EventLoopError) {
        raw = .allocate(capacity: 1)
        let result = uv_loop_init(raw)
        guard result == 0 else {
            raw.deallocate()
            readBuffer = .init(start: nil, count: 0)
            isClosed = true
            throw EventLoopError(code: result, operation: "make an event loop")
        }
        readBuffer = .allocate(byteCount: Self.readBufferBytes, alignment: 64)
        do {
            turnEnd = try TurnEnd(loop: self)
            spin = try Spin(loop: self)
            let wakeUp = try WakeUp(loop: self)
            self.wakeUp = wakeUp
            door.open(wakeUp)
        } catch {
            close()
            throw error
        }
    }

    deinit { precondition(isClosed, "an EventLoop must be closed before it is dropped") }

    /// Runs until ``stop()``. Never call this from a callback.
    package func run() {
        uv_run(raw, UV_RUN_DEFAULT)
    }

    /// Makes ``run()`` return at the end of this turn.
    package func stop() { uv_stop(raw) }

    /// Closes every handle, runs until all close callbacks have run, and frees the loop.
    ///
    /// Jobs that were submitted but have not run are dropped.
    package func close() {
        guard !isClosed else { return }
        door.shut()
        turnEnd?.hooks.removeAll()
        uv_walk(
            raw,
            { handle, _ in
                guard let handle, uv_is_closing(handle) == 0 else { return }
                withOwner(Handle.self, handle.pointee.data) { $0.close() }
            }, nil)
        uv_run(raw, UV_RUN_DEFAULT)
        let result = uv_loop_close(raw)
        precondition(result == 0, "a handle outlived its loop")
        isClosed = true
        raw.deallocate()
        readBuffer.deallocate()
        (turnEnd, spin, wakeUp) = (nil, nil, nil)
    }

    /// Runs `hook` at the end of every turn, after the hooks added before it.
    ///
    /// The hook of a loop that waits does not run; submit an empty job to make a turn happen.
    package func atTurnEnd(_ hook: @escaping () -> Void) { turnEnd?.hooks.append(hook) }

    /// Turns ended since the loop was made; a turn's hooks still belong to it.
    package var turnCount: Int { turnEnd?.count ?? 0 }

    /// When this turn's first event was handled, on ``MonotonicClock``: what the loop handles in
    /// this turn was there by then, or came while it was at it.
    package var turnStart: Int64 {
        if turnStartTurn != turnCount {
            turnStartTurn = turnCount
            turnStartTime = MonotonicClock.now()
        }
        return turnStartTime
    }

    /// Makes the loop look for events without waiting at the end of this turn: there is work left
    /// over.
    package func skipNextWait() { spin?.start() }
}

/// Runs the turn-end hooks. libuv runs "prepare" handles last before it waits, after timers and
/// closed handles, so one place covers whatever happened in the turn.
private final class TurnEnd: Handle {
    var hooks: [() -> Void] = []
    var count = 0

    init(loop: EventLoop) throws(EventLoopError) {
        let uv = loop.raw
        try super.init(loop: loop, type: UV_PREPARE) {
            uv_prepare_init(uv, $0.assumingMemoryBound(to: uv_prepare_t.self))
        }
        uv_prepare_start(storage.assumingMemoryBound(to: uv_prepare_t.self)) { handle in
            withOwner(TurnEnd.self, handle?.pointee.data) { $0.run() }
        }
        unreference()
    }

    private func run() {
        for hook in hooks { hook() }
        count += 1
    }
}

/// An idle handle, whose only effect is that libuv does not wait while it is active.
private final class Spin: Handle {
    init(loop: EventLoop) throws(EventLoopError) {
        let uv = loop.raw
        try super.init(loop: loop, type: UV_IDLE) {
            uv_idle_init(uv, $0.assumingMemoryBound(to: uv_idle_t.self))
        }
        unreference()
    }

    func start() {
        guard !isClosing else { return }
        uv_idle_start(storage.assumingMemoryBound(to: uv_idle_t.self)) { uv_idle_stop($0) }
    }
}
