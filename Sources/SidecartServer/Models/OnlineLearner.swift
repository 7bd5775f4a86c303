internal import CrossSell
internal import EventJournal
internal import EventLoop
internal import Glibc
internal import Interactions
internal import Synchronization

/// Puts recorded events to use at once: a server's ``OnlineLearning``, outside of any model. Every model
/// that is loaded counts the events that are in memory, and from then on each one that is recorded.
///
/// Events are taken in on the journal's thread before they are acknowledged, so whoever asks after the
/// acknowledgement, on any connection, is answered with them.
package final class OnlineLearner: Sendable {
    // Safe to share: it is reached under the lock only.
    private struct State: @unchecked Sendable { let learning: OnlineLearning }

    /// As it is now.
    package struct Figures: Sendable {
        package struct Model: Sendable {
            package var version: String
            package var pairs: Int
            package var droppedPairs: Int
            package var baskets: Int
        }

        package var events: Int
        package var eventsMax: Int
        package var expired: Int
        package var bytes: Int
        package var models: [Model]
    }

    /// Events of the past that a model counts with the lock held once: some milliseconds.
    private static let sliceEvents = 4_096

    package let bytesMax: Int
    private let state: Locked<State>
    private let waiting = Atomic<Int>(0)

    /// - Parameter bytesMax: see ``OnlineLearning``.
    package init(bytesMax: Int) {
        self.bytesMax = bytesMax
        state = Locked(State(learning: OnlineLearning(bytesMax: bytesMax)))
    }

    package var figures: Figures {
        state.withLock { state in
            let learning = state.learning
            return Figures(
                events: learning.events.count, eventsMax: learning.events.capacity,
                expired: learning.expired, bytes: learning.bytes,
                models: learning.generations.map {
                    Figures.Model(
                        version: $0.version, pairs: $0.pairCount, droppedPairs: $0.droppedPairs,
                        baskets: $0.basketCount)
                })
        }
    }

    /// Events that are durable and not taken in yet.
    package var lag: Int { waiting.load(ordering: .relaxed) }

    /// Counts what is in memory for a model, a slice at a time, so that recording hardly waits.
    func adopt(_ generation: Generation) -> LiveCounts {
        let counts = state.withLock { $0.learning.begin(generation) }
        while !state.withLock({ $0.learning.advance(counts, count: Self.sliceEvents) }) {}
        return counts
    }

    /// Takes in what the journal holds, as far as there is memory for it: all that is derived of events
    /// depends on those in memory alone, so what would have gone by the end need not come.
    ///
    /// - Returns: how many events are in memory then.
    func replay(_ journal: Journal) throws(JournalError) -> Int {
        let now = Int64(time(nil))
        try state.withLock { state throws(JournalError) in
            // A return takes no room, and may take back what the oldest of them bought.
            let first = try journal.sequence(
                beforeNewest: state.learning.events.capacity, of: state.learning.takenKinds,
                since: state.learning.since)
            try journal.replay(after: first) { event in
                state.learning.record(
                    user: event.user, item: event.item, kind: event.kind, value: event.value,
                    time: event.time, basket: event.basket, now: now)
            }
            state.learning.publish()
        }
        return state.withLock { $0.learning.events.count }
    }

    /// Takes in batches that are durable, in the journal's order.
    ///
    /// - Parameter batches: each with the positions of what was recorded before; ascending.
    func record(_ batches: [(batch: EventBatch, duplicates: [UInt32])]) {
        guard !batches.isEmpty else { return }
        let now = Int64(time(nil))
        waiting.store(batches.reduce(0) { $0 + $1.batch.count }, ordering: .relaxed)
        state.withLock { state in
            for (batch, duplicates) in batches { state.learning.record(batch, duplicates, now) }
            state.learning.publish()
        }
        waiting.store(0, ordering: .relaxed)
    }

    /// Takes out what the journal keeps no longer.
    func removeOld(_ retention: Retention) {
        let now = Int64(time(nil))
        state.withLock { state in
            state.learning.removeOld { retention.isOver($0.kind, $0.time, now: now) }
        }
    }

    /// Takes out a user's events and what they added.
    func forget(user id: [UInt8]) {
        _ = state.withLock { state in id.withUnsafeBytes { state.learning.forget(user: $0) } }
    }
}

extension OnlineLearning {
    fileprivate func record(_ batch: EventBatch, _ duplicates: [UInt32], _ now: Int64) {
        var left = duplicates[...]
        batch.bytes.withUnsafeBytes { bytes in
            func text(_ range: Range<Int>) -> UnsafeRawBufferPointer? {
                range.isEmpty ? nil : UnsafeRawBufferPointer(rebasing: bytes[range])
            }
            for (position, entry) in batch.entries.enumerated() {
                if left.first == UInt32(position) {
                    left.removeFirst()
                    continue
                }
                guard let item = text(entry.item) else { continue }
                record(
                    user: text(entry.user), item: item, kind: entry.kind, value: entry.value,
                    time: entry.time, basket: text(entry.basket), now: now)
            }
        }
    }
}
