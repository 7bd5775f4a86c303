/// Candidates in the order of their scores: a heap that gives only as many as are taken.
///
/// Of equal scores the better seller comes first, then the lower ordinal.
struct RankedOrder {
    /// A score and a tie breaker as one integer, smallest first: the score's bits turned round so
    /// that larger scores come first, and below them the tie breaker.
    private struct Key {
        let bits: UInt64

        /// - Parameter score: not NaN; -0 becomes 0.
        init(_ score: Float, _ tieBreaker: UInt32) {
            let pattern = (score + 0).bitPattern
            let descending = pattern >> 31 == 0 ? ~pattern & 0x7fff_ffff : pattern
            bits = UInt64(descending) << 32 | UInt64(tieBreaker)
        }

        var tieBreaker: UInt32 { UInt32(truncatingIfNeeded: bits) }

        var score: Float {
            let descending = UInt32(truncatingIfNeeded: bits >> 32)
            return Float(
                bitPattern: descending >> 31 == 0 ? ~descending & 0x7fff_ffff : descending)
        }
    }

    private var heap: [Key] = []

    var count: Int { heap.count }

    mutating func reserve(_ count: Int) { heap.reserveCapacity(count) }

    mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

    /// Adds one; ``arrange()`` must follow before any is taken.
    mutating func append(_ score: Float, tieBreaker: UInt32) {
        heap.append(Key(score, tieBreaker))
    }

    /// Complexity: O(count).
    mutating func arrange() {
        heap.withUnsafeMutableBufferPointer { heap in
            for start in (0..<heap.count / 2).reversed() {
                Self.siftDown(heap, start, count: heap.count)
            }
        }
    }

    /// The best that is left. Complexity: O(log count).
    mutating func takeBest() -> (score: Float, tieBreaker: UInt32)? {
        guard let best = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            heap.withUnsafeMutableBufferPointer { Self.siftDown($0, 0, count: $0.count) }
        }
        return (best.score, best.tieBreaker)
    }

    private static func siftDown(
        _ heap: UnsafeMutableBufferPointer<Key>, _ start: Int, count: Int
    ) {
        let moving = heap[start]
        var parent = start
        while true {
            var child = 2 * parent + 1
            guard child < count else { break }
            if child + 1 < count, heap[child + 1].bits < heap[child].bits { child += 1 }
            guard heap[child].bits < moving.bits else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = moving
    }
}
