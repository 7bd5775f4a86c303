internal import Synchronization

/// How far a journal is, for threads other than its own.
final class JournalPosition: Sendable {
    private let value = Atomic<Int64>(-1)

    /// Counts all events ever recorded, as far as they are durable; nil until the journal is open.
    var watermark: Int64? {
        let watermark = value.load(ordering: .relaxed)
        return watermark < 0 ? nil : watermark
    }

    func advance(to watermark: Int64) { value.store(watermark, ordering: .relaxed) }
}
