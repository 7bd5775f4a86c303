internal import EventJournal
internal import EventLoop
internal import Synchronization

/// Checks a journal's file while the server uses it, on a thread of its own at the lowest priority.
final class JournalChecker: Sendable {
    private final class Wish: Sendable { let isCanceled = Atomic(false) }

    private let thread: LoopThread
    private let wish = Wish()

    /// - Parameter onVerdict: called on that thread, with why the file is damaged or nil where it is whole; not
    ///   called after ``cancel()``.
    init(_ path: String, onVerdict: @escaping @Sendable (JournalError?) -> Void) throws {
        let wish = wish
        thread = try LoopThread.start(name: "sidecart-check") { loop in
            ProcessSettings.lowerThreadPriority()
            loop.door.submit { loop in
                var found: JournalError?
                do throws(JournalError) {
                    try Journal.check(path) { wish.isCanceled.load(ordering: .relaxed) }
                } catch {
                    found = error
                }
                if !wish.isCanceled.load(ordering: .relaxed) { onVerdict(found) }
                loop.stop()
            }
        }
    }

    /// Ends the check and its thread.
    func cancel() {
        wish.isCanceled.store(true, ordering: .relaxed)
        thread.join()
    }
}
