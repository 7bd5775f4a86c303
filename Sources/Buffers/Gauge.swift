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

/// Numbers that one thread changes and any thread reads, side by side: a ``Gauge`` each, without an
/// object each.
///
/// They begin and end on cache lines of their own, so that threads which write to different ones do
/// not slow each other down.
package final class Gauges: @unchecked Sendable {
    // Safe to share: the numbers are atomic, and the pointer never changes.
    private let numbers: UnsafeMutablePointer<Atomic<Int>>
    package let count: Int

    /// So many zeros.
    package init(count: Int) {
        let lineBytes = 64
        let bytes =
            (count * MemoryLayout<Atomic<Int>>.stride + lineBytes - 1) / lineBytes * lineBytes
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: lineBytes)
        numbers = memory.bindMemory(to: Atomic<Int>.self, capacity: count)
        for i in 0..<count { (numbers + i).initialize(to: Atomic(0)) }
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(numbers).deallocate() }

    /// The newest value of a number that this thread can see.
    package func value(_ place: Int) -> Int {
        precondition(0 <= place && place < count, "number \(place) of \(count)")
        return numbers[place].load(ordering: .relaxed)
    }

    /// Adds to a number. Only the owning thread may call this.
    package func add(_ amount: Int, at place: Int) {
        precondition(0 <= place && place < count, "number \(place) of \(count)")
        numbers[place].store(
            numbers[place].load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}
