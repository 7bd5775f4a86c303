import Foundation
import Synchronization

/// A client on a thread of its own that keeps calls in flight until it is stopped.
///
/// `@unchecked Sendable`: `load` belongs to the thread until `ended` is signaled, and to whoever
/// waited for that afterwards.
final class BackgroundLoad: @unchecked Sendable {
    private var load: LoadGenerator
    /// The connection's, kept apart: to break it, nothing of `load` is looked at while the thread
    /// runs.
    private let descriptor: Int32
    private let ended = DispatchSemaphore(value: 0)
    private let isOver = Atomic(false)

    /// Connects and starts to call.
    ///
    /// - Parameters:
    ///   - firstFrame: where in the pool to begin, so that clients do not ask the same.
    ///   - isBurst: every call in flight is made once, and none after it.
    init(
        path: String, pool: FramePool, firstFrame: Int, inFlight: Int, isBurst: Bool
    ) throws(Failure) {
        load = try LoadGenerator(path: path, pool: pool, firstFrame: firstFrame)
        descriptor = load.connection.descriptor
        Thread.detachNewThread { [self] in
            // The connection breaks when it is stopped; what was answered until then counts.
            _ = try? load.run(inFlight: inFlight, for: isBurst ? .zero : .seconds(86_400))
            isOver.store(true, ordering: .releasing)
            ended.signal()
        }
    }

    /// All that a burst asked is answered.
    var hasEnded: Bool { isOver.load(ordering: .acquiring) }

    /// Breaks the connection, waits for the thread and returns what it counted.
    func stop() -> LoadGenerator.Result {
        shutdown(descriptor, Int32(SHUT_RDWR))
        ended.wait()
        return load.result
    }
}
