internal import Synchronization

/// A number that one thread changes and any thread reads.
///
/// With a single writer a relaxed load and store are enough, and cost no locked instruction.
package final class Gauge: Sendable {
    private let storage = Atomic<Int>(0)

    package init() {}

    /// The newest value this thread can see.
    package var value: Int { storage.load(ordering: .relaxed) }

    /// Adds to the value. Only the owning thread may call this.
    package func add(_ amount: Int) {
        storage.store(storage.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}
