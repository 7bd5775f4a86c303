internal import ModelParts

/// Candidates in the order of their scores: a heap that gives only as many as are taken.
///
/// Of equal scores the better seller comes first, then the lower ordinal.
struct RankedOrder {
    /// Before ``arrange()``: with a limit that is reached, a heap with the worst at its root; else
    /// in no order. After it: a heap with the best at its root.
    private var heap: [RankedKey] = []
    private var limit = Int.max

    var count: Int { heap.count }

    mutating func reserve(_ count: Int) { heap.reserveCapacity(count) }

    /// - Parameter limit: how many of the best are kept.
    mutating func removeAll(limit: Int = .max) {
        heap.removeAll(keepingCapacity: true)
        self.limit = limit
    }

    /// Adds one; ``arrange()`` must follow before any is taken.
    ///
    /// - Complexity: O(1) where it is not among the best `limit`, else O(log limit).
    mutating func append(_ score: Float, tieBreaker: UInt32) {
        let key = RankedKey(score: score, tieBreaker: tieBreaker)
        guard heap.count >= limit else {
            heap.append(key)
            if heap.count == limit { Self.arrange(&heap) { $0 > $1 } }
            return
        }
        guard key < heap[0] else { return }
        heap.withUnsafeMutableBufferPointer {
            $0[0] = key
            Self.siftDown($0, 0) { $0 > $1 }
        }
    }

    /// Complexity: O(count).
    mutating func arrange() {
        Self.arrange(&heap) { $0 < $1 }
        limit = .max
    }

    @inline(__always)
    private static func arrange(
        _ heap: inout [RankedKey], _ precedes: (RankedKey, RankedKey) -> Bool
    ) {
        heap.withUnsafeMutableBufferPointer { heap in
            for start in (0..<heap.count / 2).reversed() { siftDown(heap, start, precedes) }
        }
    }

    /// The best that is left. Complexity: O(log count).
    mutating func takeBest() -> (score: Float, tieBreaker: UInt32)? {
        guard let best = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            heap.withUnsafeMutableBufferPointer { Self.siftDown($0, 0) { $0 < $1 } }
        }
        return (best.score, best.tieBreaker)
    }

    /// Takes all that is left, in no order. Complexity: O(count).
    mutating func takeAll(_ body: (_ tieBreaker: UInt32) -> Void) {
        for key in heap { body(key.tieBreaker) }
        heap.removeAll(keepingCapacity: true)
    }

    @inline(__always)
    private static func siftDown(
        _ heap: UnsafeMutableBufferPointer<RankedKey>, _ start: Int,
        _ precedes: (RankedKey, RankedKey) -> Bool
    ) {
        let moving = heap[start]
        var parent = start
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, precedes(heap[child + 1], heap[child]) { child += 1 }
            guard precedes(heap[child], moving) else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = moving
    }
}
