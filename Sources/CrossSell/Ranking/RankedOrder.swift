internal import ModelParts

/// Candidates in the order of their scores: it finds the best some by selection and gives, from a
/// heap, only as many as are taken.
///
/// Of equal scores the better seller comes first, then the lower ordinal.
package struct RankedOrder {
    /// In no order, until one is taken: then a heap with the best at its root.
    private var keys: [RankedKey] = []
    private var isHeap = false
    private var limit = Int.max
    /// At so many keys those that are not among the best `limit` are dropped.
    private var room = Int.max
    /// Once some were dropped: what comes behind this is not among the best `limit`.
    private var bar = RankedKey.last

    package init() {}

    package var count: Int { keys.count }

    package mutating func reserve(_ count: Int) { keys.reserveCapacity(count) }

    /// - Parameter limit: how many of the best are kept.
    package mutating func removeAll(limit: Int = .max) {
        keys.removeAll(keepingCapacity: true)
        isHeap = false
        bar = .last
        self.limit = limit
        room = limit < .max / 2 ? limit + max(limit, 64) : .max
    }

    /// Adds one; ``arrange()`` must follow before any is taken.
    ///
    /// - Complexity: O(1), amortized.
    package mutating func append(_ score: Float, tieBreaker: UInt32) {
        let key = RankedKey(score: score, tieBreaker: tieBreaker)
        guard key < bar else { return }
        keys.append(key)
        if keys.count == room { keepBest() }
    }

    /// Keeps no more than the best `limit`.
    ///
    /// - Complexity: O(count).
    package mutating func arrange() {
        if keys.count > limit { keepBest() }
        (limit, room, bar) = (.max, .max, .last)
        isHeap = false
    }

    private mutating func keepBest() {
        let (keep, worst) = (limit, limit - 1)
        keys.withUnsafeMutableBufferPointer { Self.select(keep, of: $0) }
        keys.removeLast(keys.count - keep)
        if keep > 0 { bar = keys[worst] }
    }

    /// Puts the `count` least keys first, the largest of them last.
    ///
    /// - Complexity: O(keys) as a rule, whatever their order: each round looks at the middle one of
    ///   three.
    /// - Source: Hoare 1961, "Algorithm 65: find".
    private static func select(_ count: Int, of keys: UnsafeMutableBufferPointer<RankedKey>) {
        guard count > 0 else { return }
        var (start, end) = (0, keys.count)
        while end - start > 1 {
            let place = split(keys, start, end)
            if place == count - 1 { return }
            if place >= count { end = place } else { start = place + 1 }
        }
    }

    /// Splits a range into keys before and behind one of them; returns the place of that one.
    @inline(__always)
    private static func split(
        _ keys: UnsafeMutableBufferPointer<RankedKey>, _ start: Int, _ end: Int
    ) -> Int {
        let (first, last, middle) = (start, end - 1, start + (end - start) / 2)
        let (a, b, c) = (keys[first], keys[middle], keys[last])
        let chosen =
            a < b
            ? (b < c ? middle : a < c ? last : first) : (a < c ? first : b < c ? last : middle)
        let pivot = keys[chosen]
        keys[chosen] = keys[last]
        var place = start
        for i in start..<last {
            // Swapped before it is known whether it stays, so that nothing has to be guessed.
            let key = keys[i]
            keys[i] = keys[place]
            keys[place] = key
            place += key < pivot ? 1 : 0
        }
        keys[last] = keys[place]
        keys[place] = pivot
        return place
    }

    private mutating func makeHeap() {
        isHeap = true
        keys.withUnsafeMutableBufferPointer { heap in
            for start in (0..<heap.count / 2).reversed() { Self.siftDown(heap, start) }
        }
    }

    /// The best that is left. Complexity: O(log count), and O(count) for the first one.
    package mutating func takeBest() -> (score: Float, tieBreaker: UInt32)? {
        if !isHeap { makeHeap() }
        guard let best = keys.first else { return nil }
        let last = keys.removeLast()
        if !keys.isEmpty {
            keys[0] = last
            keys.withUnsafeMutableBufferPointer { Self.siftDown($0, 0) }
        }
        return (best.score, best.tieBreaker)
    }

    /// Takes all that is left, in no order. Complexity: O(count).
    package mutating func takeAll(_ body: (_ tieBreaker: UInt32) -> Void) {
        for key in keys { body(key.tieBreaker) }
        keys.removeAll(keepingCapacity: true)
    }

    @inline(__always)
    private static func siftDown(
        _ heap: UnsafeMutableBufferPointer<RankedKey>, _ start: Int
    ) {
        let moving = heap[start]
        var parent = start
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < moving else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = moving
    }
}
