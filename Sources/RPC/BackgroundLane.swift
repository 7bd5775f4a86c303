internal import Buffers
internal import EventLoop
internal import Wire

/// One call on its way to the background lane and back.
///
/// `@unchecked Sendable`: the loop fills it in before it queues it, the lane has it alone until it
/// is done, and the loop has it alone after that; the locks of queue and door order the three.
final class BackgroundJob: @unchecked Sendable {
    let token: ReplyToken
    let estimatedNanoseconds: Int64
    /// A copy of the request.
    let data = ByteBuffer()
    /// The answer in its call's form, and its code.
    let reply = ByteBuffer()
    fileprivate(set) var code = StatusCode.ok
    fileprivate(set) var metadata: ResponseMetadata?

    init(_ request: RequestEnvelope, token: ReplyToken, estimatedNanoseconds: Int64) {
        (self.token, self.estimatedNanoseconds) = (token, estimatedNanoseconds)
        request.append(to: data)
    }

    /// Goes back to its loop; if that has ended meanwhile nobody waits any more.
    fileprivate func goHome() {
        token.door.submit { [self] in
            if let metadata { token.setMetadata(metadata, on: $0) }
            token.send(reply, code: code, on: $0)
        }
    }
}

/// The calls that wait for a background lane or run there, and how long they are to take.
final class BackgroundQueue: Sendable {
    private struct State: Sendable {
        var waiting = FairQueue<BackgroundJob>()
        /// Of the calls that wait and the one that runs.
        var nanoseconds = Int64(0)
    }

    private let state = Locked(State())

    /// Estimated work that is queued or running.
    var backlogNanoseconds: Int64 { state.withLock { $0.nanoseconds } }

    func append(_ job: BackgroundJob) {
        state.withLock {
            $0.waiting.append(job, from: job.token.call.connection)
            $0.nanoseconds += job.estimatedNanoseconds
        }
    }

    fileprivate func popFirst() -> BackgroundJob? { state.withLock { $0.waiting.popFirst() } }

    fileprivate func finished(_ job: BackgroundJob) {
        state.withLock { $0.nanoseconds -= job.estimatedNanoseconds }
    }

    /// Drops those calls of a connection that have not begun, and returns their tokens.
    func drop(
        connection: Int, where isUnwanted: @Sendable (PendingCall) -> Bool = { _ in true }
    ) -> [ReplyToken] {
        state.withLock { state in
            let dropped = state.waiting.removeAll(from: connection) { isUnwanted($0.token.call) }
            for job in dropped { state.nanoseconds -= job.estimatedNanoseconds }
            return dropped.map(\.token)
        }
    }
}

/// A thread that runs the long calls of one loop, one after the other: connections in turn, and
/// each connection's calls in their order.
final class BackgroundLane: Sendable {
    let queue: BackgroundQueue
    private let thread: LoopThread
    private let worker: LoopBound<BackgroundWorker>

    private init(queue: BackgroundQueue, thread: LoopThread, worker: LoopBound<BackgroundWorker>) {
        (self.queue, self.thread, self.worker) = (queue, thread, worker)
    }

    static func start(
        index: Int, limits: RPCLimits,
        _ makeRouter: @escaping @Sendable (LaneSetup) throws -> Router
    ) throws -> BackgroundLane {
        let made = Locked<LoopBound<BackgroundWorker>?>(nil)
        let queue = BackgroundQueue()
        let thread = try LoopThread.start(name: "sidecart-long-\(index)") { loop in
            let worker = BackgroundWorker(queue: queue, limits: limits)
            try worker.start(index: index, door: loop.door, makeRouter)
            made.withLock { $0 = LoopBound(worker, to: loop) }
        }
        guard let worker = made.withLock({ $0 }) else {
            preconditionFailure("a background lane started without its worker")
        }
        return BackgroundLane(queue: queue, thread: thread, worker: worker)
    }

    /// Queues a call for which there is room.
    func submit(_ job: BackgroundJob) {
        queue.append(job)
        thread.door.submit { [worker] in worker.value(on: $0).runNext() }
    }

    /// Gives the system what the allocator keeps, after the call that runs.
    func trimMemory() { thread.door.submit { _ in ProcessSettings.trimMemory() } }

    /// Ends the thread after the call that it runs. Calls that still wait are dropped.
    func stop() {
        thread.door.submit { [worker] loop in
            worker.value(on: loop).isStopping = true
            loop.stop()
        }
        thread.join()
    }
}

/// What a background lane owns on its thread.
private final class BackgroundWorker {
    var isStopping = false
    private let queue: BackgroundQueue
    private let metadataCountMax: Int
    private let call: Call
    private var router = Router()
    private var hooks: [() -> Void] = []

    init(queue: BackgroundQueue, limits: RPCLimits) {
        self.queue = queue
        metadataCountMax = limits.metadataCountMax
        call = Call(lane: .background, limits: limits, background: queue)
    }

    func start(
        index: Int, door: LoopDoor, _ makeRouter: (LaneSetup) throws -> Router
    ) rethrows {
        router = try makeRouter(
            LaneSetup(.background, loopIndex: index, door: door) { [unowned self] in
                hooks.append($0)
            })
    }

    /// Runs the call whose turn it is, if its connection has not closed meanwhile.
    func runNext() {
        guard !isStopping, let job = queue.popFirst() else { return }
        run(job)
        queue.finished(job)
        job.goHome()
        for hook in hooks { hook() }
    }

    private func run(_ job: BackgroundJob) {
        guard
            let envelope = try? RequestEnvelope(
                job.data.bytes, metadataCountMax: metadataCountMax)
        else { preconditionFailure("the loop queued an envelope that is none") }
        let origin = job.token.call
        call.begin(
            envelope, form: origin.form, readAt: origin.readAt, caller: origin.caller,
            output: job.reply)
        defer { call.end() }
        let now = MonotonicClock.now()
        job.code =
            router.answer(call, now: now) { () throws(RPCError) in
                if call.deadline.hasPassed(at: now) {
                    throw RPCError(
                        .deadlineExceeded, "the deadline passed while the call waited for its turn")
                }
            }.code
        job.metadata = call.responseMetadata
    }
}
