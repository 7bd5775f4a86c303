import Synchronization

/// Counts bytes against a cap. Every allocation of the store is charged before it is made.
///
/// Invariant: `0 <= used <= bytesMax`.
final class MemoryBudget: Sendable {
    let bytesMax: Int
    private let charged = Atomic<Int>(0)

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    var used: Int { charged.load(ordering: .relaxed) }

    /// Charges all of it, or nothing where that would pass the cap.
    func charge(_ bytes: Int) -> Bool {
        var current = used
        while bytes <= bytesMax - current {
            let (exchanged, original) = charged.weakCompareExchange(
                expected: current, desired: current + bytes, ordering: .relaxed)
            if exchanged { return true }
            current = original
        }
        return false
    }

    func release(_ bytes: Int) { charged.subtract(bytes, ordering: .relaxed) }
}
