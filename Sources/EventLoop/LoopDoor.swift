internal import CLibUV
internal import Glibc
internal import Synchronization

/// The one way into a loop for other threads: a queue of jobs and a wake-up.
package final class LoopDoor: Sendable {
    private struct State {
        var jobs: [@Sendable (EventLoop) -> Void] = []
        /// The async handle, while sending to it is allowed. libuv makes `uv_async_send` safe from
        /// any thread, but not after the handle closed.
        var wakeUp: UInt?
    }

    private let state = Locked(State())
    /// Threads that are about to send to the handle, which must last until they have.
    private let senders = Atomic<Int>(0)

    /// Runs `job` on the loop's thread, in the order submitted, soon.
    ///
    /// - Returns: false if the loop is closing; the job is then dropped.
    @discardableResult
    package func submit(_ job: @escaping @Sendable (EventLoop) -> Void) -> Bool {
        let (isOpen, wakeUp): (Bool, UInt?) = state.withLock { state in
            guard let wakeUp = state.wakeUp else { return (false, nil) }
            state.jobs.append(job)
            // Wake-ups coalesce: one is on its way already if the queue was not empty.
            guard state.jobs.count == 1 else { return (true, nil) }
            senders.add(1, ordering: .relaxed)
            return (true, wakeUp)
        }
        guard let wakeUp else { return isOpen }
        // Not under the lock, which the loop takes as soon as it is awake: a thread of low priority would
        // still hold it, and the loop would wait for that.
        uv_async_send(UnsafeMutablePointer(bitPattern: wakeUp))
        senders.subtract(1, ordering: .releasing)
        return true
    }

    func open(_ handle: WakeUp) {
        let address = UInt(bitPattern: handle.storage)
        state.withLock { $0.wakeUp = address }
    }

    /// Refuses jobs from now on and drops those that wait.
    func shut() {
        let dropped = state.withLock { state in
            state.wakeUp = nil
            return exchange(&state.jobs, with: [])
        }
        while senders.load(ordering: .acquiring) > 0 { sched_yield() }
        _ = dropped.count  // Released here, outside the lock: a job's captures may run any deinit.
    }

    fileprivate func takeJobs() -> [@Sendable (EventLoop) -> Void] {
        state.withLock { exchange(&$0.jobs, with: []) }
    }
}

/// The async handle behind a ``LoopDoor``.
final class WakeUp: Handle {
    init(loop: EventLoop) throws(EventLoopError) {
        let uv = loop.raw
        try super.init(loop: loop, type: UV_ASYNC) {
            uv_async_init(uv, $0.assumingMemoryBound(to: uv_async_t.self)) { handle in
                withOwner(WakeUp.self, handle?.pointee.data) { $0.drain() }
            }
        }
    }

    private func drain() {
        _ = loop.turnStart
        for job in loop.door.takeJobs() { job(loop) }
    }
}

/// A value that stays on one loop's thread, in a wrapper that may travel.
///
/// `@unchecked Sendable` because the value can only be taken out by a job running on that loop.
package struct LoopBound<Value>: @unchecked Sendable {
    private let value: Value
    private let loop: ObjectIdentifier

    package init(_ value: Value, to loop: EventLoop) {
        self.value = value
        self.loop = ObjectIdentifier(loop)
    }

    /// The value. Traps if `loop` is not the one it is bound to.
    package func value(on loop: EventLoop) -> Value {
        precondition(ObjectIdentifier(loop) == self.loop, "a value was taken to another loop")
        return value
    }
}
