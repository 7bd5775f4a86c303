package import CrossSell
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
            /// Items whose vectors are to be solved anew.
            package var waitingItems: Int
        }

        package var events = 0
        package var eventsMax = 0
        /// Users who have some of them, and items that were in any event.
        package var users = 0
        package var items = 0
        package var expired = 0
        package var passedOver = 0
        package var bytes = 0
        package var models: [Model] = []

        init(_ learning: OnlineLearning) {
            (events, eventsMax) = (learning.events.count, learning.events.capacity)
            (users, items) = (learning.events.userCount, learning.itemCount)
            (expired, passedOver) = (learning.expired, learning.passedOver)
            bytes = learning.bytes
            models = learning.generations.map {
                Model(
                    version: $0.version, pairs: $0.pairCount, droppedPairs: $0.droppedPairs,
                    baskets: $0.basketCount, waitingItems: $0.waitingItems)
            }
        }
    }

    /// Events of the past that a model counts with the lock held once: some milliseconds.
    private static let sliceEvents = 4_096
    /// Items whose vectors are solved anew with the lock held once.
    private static let sliceItems = 8

    package let bytesMax: Int
    private let state: Locked<State>
    private let published: Locked<Figures>
    private let waiting = Atomic<Int>(0)

    /// - Parameters:
    ///   - bytesMax: see ``OnlineLearning``.
    ///   - journal: of the events, whether or not it is there yet.
    /// - Throws: where the system has not so much memory to give.
    package init(bytesMax: Int, journal: String) throws(LiveEvents.MemoryRefused) {
        self.bytesMax = bytesMax
        let learning = try OnlineLearning(
            bytesMax: bytesMax, seed: Journal.stateSeed(journal) ?? .random(in: 0 ... .max))
        published = Locked(Figures(learning))
        state = Locked(State(learning: learning))
    }

    /// As of the last change; nobody waits for one that is under way.
    package var figures: Figures { published.withLock { $0 } }

    /// Events that are durable and not taken in yet.
    package var lag: Int { waiting.load(ordering: .relaxed) }

    /// Counts what is in memory for a model, a slice at a time, so that recording hardly waits.
    func adopt(_ generation: Generation) -> LiveCounts {
        let counts = state.withLock { $0.learning.begin(generation) }
        while !state.withLock({ $0.learning.advance(counts, count: Self.sliceEvents) }) {}
        state.withLock { publish($0) }
        while advanceItems() {}
        return counts
    }

    /// Takes in what the journal holds, as far as there is memory for it: all that is derived of events
    /// depends on those in memory alone, so what would have gone by the end need not come. Where a server
    /// before this one kept its state, that is taken in, and the events after it.
    ///
    /// - Returns: how many events are in memory then, and how many were read from the journal.
    func replay(
        _ journal: Journal, _ retention: Retention
    ) throws(JournalError) -> (events: Int, replayed: Int) {
        let now = Int64(time(nil))
        var replayed = 0
        try state.withLock { state throws(JournalError) in
            let learning = state.learning
            let capacity = learning.events.capacity
            learning.beginReplay()
            var after: Int64?
            // With as many events after it, none of it would be left.
            if let kept = journal.keptSequence, journal.watermark - kept < capacity {
                after = try journal.readState(seed: learning.events.seed) { portion in
                    learning.takeIn(portion) { retention.isOver($0.kind, $0.time, now: now) }
                }
            }
            if after == nil {
                // A return takes no room, and may take back what the oldest of them bought.
                after = try journal.sequence(
                    beforeNewest: capacity, of: learning.takenKinds, since: learning.since)
            }
            try journal.replay(after: after ?? 0) { event in
                replayed += 1
                learning.record(
                    user: event.user, item: event.item, kind: event.kind, value: event.value,
                    time: event.time, basket: event.basket, now: now)
            }
            learning.publish()
            publish(state)
        }
        return (figures.events, replayed)
    }

    /// Keeps the state for the next start; all that is in the journal is to be taken in.
    ///
    /// - Complexity: O(events in memory): a tenth of a second for a million.
    func keepState(in journal: Journal) throws(JournalError) {
        try state.withLock { state throws(JournalError) in
            try journal.keepState(
                seed: state.learning.events.seed, state.learning.forEachStatePortion)
        }
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
            publish(state)
        }
        waiting.store(0, ordering: .relaxed)
    }

    /// Solves a few items' vectors anew, of those that events were recorded for: some milliseconds.
    ///
    /// - Returns: whether others wait for it.
    func advanceItems() -> Bool {
        state.withLock { state in
            guard state.learning.hasWaitingItems else { return false }
            let isMore = state.learning.advanceItems(count: Self.sliceItems)
            publish(state)
            return isMore
        }
    }

    /// Takes note of items that were added to models.
    func learn(added ids: [String]) {
        state.withLock { state in
            state.learning.learn(added: ids)
            publish(state)
        }
    }

    /// Takes out what the journal keeps no longer.
    func removeOld(_ retention: Retention) {
        let now = Int64(time(nil))
        state.withLock { state in
            state.learning.removeOld { retention.isOver($0.kind, $0.time, now: now) }
            publish(state)
        }
    }

    /// Takes out a user's events and what they added, to items' vectors too.
    func forget(user id: [UInt8]) {
        state.withLock { state in
            _ = id.withUnsafeBytes { state.learning.forget(user: $0) }
            publish(state)
        }
        while advanceItems() {}
    }

    private func publish(_ state: State) {
        let figures = Figures(state.learning)
        published.withLock { $0 = figures }
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
