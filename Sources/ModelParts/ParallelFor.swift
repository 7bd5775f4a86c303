internal import Glibc
internal import Synchronization

/// Runs `body` over `0..<count` in chunks, on the calling thread and on `threads - 1` threads made
/// for it, and returns when all is done.
///
/// Threads take the next chunk when they are free, so which one runs a chunk varies from run to
/// run. Results do not, as long as a chunk's work depends on its range alone and writes only what
/// belongs to it.
///
/// - Parameters:
///   - chunk: items handed out at a time; chunks always start at its multiples.
///   - threads: at least 1. Where the system refuses a thread, the others do its share.
///   - body: takes the thread's number, `0..<threads`, for scratch memory, and a range.
package func parallelFor(
    count: Int, chunk: Int, threads: Int,
    _ body: @escaping @Sendable (_ worker: Int, _ range: Range<Int>) -> Void
) {
    precondition(chunk > 0 && threads > 0, "chunk \(chunk), threads \(threads)")
    let loop = ChunkedLoop(count: count, chunk: chunk, body: body)
    let chunks = (count + chunk - 1) / chunk
    let helpers = (1..<max(1, min(threads, chunks))).compactMap { loop.start(worker: $0) }
    loop.run(worker: 0)
    for helper in helpers { pthread_join(helper, nil) }
}

private final class ChunkedLoop: Sendable {
    private let count: Int
    private let chunk: Int
    private let body: @Sendable (Int, Range<Int>) -> Void
    private let next = Atomic<Int>(0)

    init(count: Int, chunk: Int, body: @escaping @Sendable (Int, Range<Int>) -> Void) {
        self.count = count
        self.chunk = chunk
        self.body = body
    }

    func run(worker: Int) {
        while true {
            let start = next.add(chunk, ordering: .relaxed).oldValue
            guard start < count else { return }
            body(worker, start..<min(start + chunk, count))
        }
    }

    /// The thread that helps as `worker`, or nil where the system has none to give.
    func start(worker: Int) -> pthread_t? {
        final class Share {
            let loop: ChunkedLoop
            let worker: Int
            init(loop: ChunkedLoop, worker: Int) {
                self.loop = loop
                self.worker = worker
            }
        }
        var thread = pthread_t()
        let share = Unmanaged.passRetained(Share(loop: self, worker: worker))
        let status = pthread_create(
            &thread, nil,
            { context in
                let share = Unmanaged<Share>.fromOpaque(context!).takeRetainedValue()
                share.loop.run(worker: share.worker)
                return nil
            }, share.toOpaque())
        guard status == 0 else {
            share.release()
            return nil
        }
        return thread
    }
}
