internal import CLibUV

/// A thread that runs one loop from start to orderly end.
package final class LoopThread: Sendable {
    /// The way into the thread's loop.
    package let door: LoopDoor
    private let thread: Locked<UInt?>

    private init(door: LoopDoor, thread: uv_thread_t) {
        self.door = door
        self.thread = Locked(UInt(thread))
    }

    /// Starts a thread, makes a loop on it, runs `setUp` there and then the loop, until
    /// `EventLoop.stop()`.
    ///
    /// - Parameters:
    ///   - name: shown by `ps` and `perf`; at most 15 bytes are kept.
    ///   - setUp: makes the handles the loop starts with. What it throws is thrown here.
    /// - Returns: once `setUp` is done.
    package static func start(
        name: String, setUp: @escaping @Sendable (EventLoop) throws -> Void
    ) throws -> LoopThread {
        let start = Start(name: name, setUp: setUp)
        var thread = uv_thread_t()
        let data = Unmanaged.passRetained(start)
        let result = uv_thread_create(
            &thread, { Unmanaged<Start>.fromOpaque($0!).takeRetainedValue().main() },
            data.toOpaque())
        guard result == 0 else {
            data.release()
            throw EventLoopError(code: result, operation: "start thread \(name)")
        }
        do {
            return LoopThread(door: try start.wait(), thread: thread)
        } catch {
            uv_thread_join(&thread)
            throw error
        }
    }

    /// Waits until the thread has ended. May be called more than once, but not on the thread
    /// itself.
    package func join() {
        thread.withLock { handle in
            guard let joinable = handle else { return }
            var thread = uv_thread_t(joinable)
            uv_thread_join(&thread)
            handle = nil
        }
    }
}

/// What the starting thread and the started one share until the loop runs.
///
/// `@unchecked Sendable`: `outcome` is written before the semaphore is posted and read after it was
/// waited for.
private final class Start: @unchecked Sendable {
    private let name: String
    private let setUp: @Sendable (EventLoop) throws -> Void
    private let done: UnsafeMutablePointer<uv_sem_t>
    private var outcome: Result<LoopDoor, any Error>?

    init(name: String, setUp: @escaping @Sendable (EventLoop) throws -> Void) {
        self.name = name
        self.setUp = setUp
        done = .allocate(capacity: 1)
        precondition(uv_sem_init(done, 0) == 0, "no memory for a semaphore")
    }

    deinit {
        uv_sem_destroy(done)
        done.deallocate()
    }

    func wait() throws -> LoopDoor {
        uv_sem_wait(done)
        guard let outcome else { preconditionFailure("a loop thread started without an outcome") }
        return try outcome.get()
    }

    func main() {
        sc_set_thread_name(name)
        let loop: EventLoop
        do {
            loop = try EventLoop()
        } catch {
            outcome = .failure(error)
            uv_sem_post(done)
            return
        }
        do {
            try setUp(loop)
            outcome = .success(loop.door)
            uv_sem_post(done)
            loop.run()
        } catch {
            loop.close()
            outcome = .failure(error)
            uv_sem_post(done)
        }
        loop.close()
    }
}
