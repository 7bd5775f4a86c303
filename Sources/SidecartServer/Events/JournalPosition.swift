internal import Synchronization

/// How far a journal is, for threads other than its own.
final class JournalPosition: Sendable {
    private let value = Atomic<Int64>(-1)
    private let verdict = Atomic<UInt8>(JournalCheck.running.rawValue)

    /// What is known of its file.
    var check: JournalCheck {
        get { JournalCheck(rawValue: verdict.load(ordering: .relaxed)) ?? .running }
        set { verdict.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Counts all events ever recorded, as far as they are durable; nil until the journal is open.
    var watermark: Int64? {
        let watermark = value.load(ordering: .relaxed)
        return watermark < 0 ? nil : watermark
    }

    func advance(to watermark: Int64) { value.store(watermark, ordering: .relaxed) }
}

/// Whether a journal's file was found whole since the server started.
package enum JournalCheck: UInt8, Sendable {
    case running, passed
    /// Nothing more is recorded.
    case failed
}
