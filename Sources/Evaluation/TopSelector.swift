internal import CKernels

/// Finds the best scores with memory of its own; for one thread at a time.
final class TopSelector: @unchecked Sendable {
    private let k: Int
    private var keys: [UInt64]

    init(k: Int) {
        self.k = k
        keys = Array(repeating: 0, count: 2 * k + Int(SC_RANK_ITEMS))
    }

    /// Writes the best items, at most k, and returns how many there are.
    func select(
        _ scores: UnsafeMutableBufferPointer<Float>, into best: UnsafeMutablePointer<Int32>
    ) -> Int {
        guard let base = scores.baseAddress else { return 0 }
        return sc_rank_top(base, scores.count, k, &keys, best)
    }
}
