import Synchronization

/// Counts bytes against a cap. Every allocation of a store is charged before it is made.
///
/// Stores share a cap by budgets within one budget: what is charged to one of those counts there
/// and in the budget around it.
///
/// Invariant: `0 <= used <= bytesMax`.
package final class MemoryBudget: Sendable {
    package let bytesMax: Int
    private let outer: MemoryBudget?
    private let charged = Atomic<Int>(0)

    package init(bytesMax: Int, within outer: MemoryBudget? = nil) {
        self.bytesMax = bytesMax
        self.outer = outer
    }

    deinit { outer?.release(used) }

    package var used: Int { charged.load(ordering: .relaxed) }

    /// Charges what somebody else allocates under the same cap, for as long as the budget lives. What
    /// is charged when it goes is given back to the budget around it.
    ///
    /// - Throws: ``StoreError``, `resourceExhausted`, where that would pass the cap.
    package func charge(_ bytes: Int, for purpose: String) throws(StoreError) {
        guard charge(bytes) else {
            throw StoreError(.resourceExhausted, "\(purpose): \(refusal(of: bytes).description)")
        }
    }

    /// Charges all of it, or nothing where that would pass a cap.
    func charge(_ bytes: Int) -> Bool {
        var current = used
        while bytes <= bytesMax - current {
            let (exchanged, original) = charged.weakCompareExchange(
                expected: current, desired: current + bytes, ordering: .relaxed)
            if exchanged {
                guard let outer, !outer.charge(bytes) else { return true }
                charged.subtract(bytes, ordering: .relaxed)
                return false
            }
            current = original
        }
        return false
    }

    func release(_ bytes: Int) {
        charged.subtract(bytes, ordering: .relaxed)
        outer?.release(bytes)
    }

    /// Why so many bytes were not to be had.
    func refusal(of bytes: Int) -> StoreError {
        if let outer, bytes <= bytesMax - used { return outer.refusal(of: bytes) }
        return StoreError(
            .resourceExhausted,
            "\(Self.mebibytes(bytes)) MiB more would pass the limit of \(Self.mebibytes(bytesMax)) MiB; \(Self.mebibytes(used)) MiB are in use"
        )
    }

    /// Such as `2` or `0.13`.
    private static func mebibytes(_ bytes: Int) -> String {
        let hundredths = (Double(bytes) / Double(1 << 20) * 100).rounded(.up) / 100
        return hundredths == hundredths.rounded() ? "\(Int(hundredths))" : "\(hundredths)"
    }
}
