/// The best rows of a search, best first; made once and reused, so that a search allocates nothing.
package struct NearestResults: ~Copyable {
    package struct Neighbor {
        package let row: StoreRow
        /// Inner product with the query.
        package let score: Float
    }

    /// The largest `k` a search into these results may have.
    package let capacity: Int
    package private(set) var count = 0
    private let storage: UnsafeMutablePointer<Neighbor>

    package init(capacity: Int) {
        precondition(capacity > 0, "capacity \(capacity)")
        self.capacity = capacity
        storage = .allocate(capacity: capacity)
    }

    deinit { storage.deallocate() }

    /// The neighbor at a rank, from 0. Its row is valid until the reader's next `quiesce()`.
    package subscript(rank: Int) -> Neighbor {
        precondition(rank >= 0 && rank < count, "rank \(rank) of \(count)")
        return storage[rank]
    }

    mutating func clear() { count = 0 }

    /// What a row must not be below to enter the best `k`.
    @inline(__always)
    func threshold(_ k: Int) -> Float { count < k ? -.infinity : storage[0].score }

    /// While searching, `storage` is a heap with the worst of the best at its root.
    mutating func offer(_ neighbor: Neighbor, limit k: Int) {
        if count < k {
            storage[count] = neighbor
            count += 1
            siftUp(count - 1)
        } else if Self.precedes(neighbor, storage[0]) {
            storage[0] = neighbor
            siftDown(count)
        }
    }

    /// Turns the heap into the ranked list: heapsort, which moves the worst to the end first.
    mutating func sort() {
        var end = count - 1
        while end > 0 {
            (storage[0], storage[end]) = (storage[end], storage[0])
            siftDown(end)
            end -= 1
        }
    }

    /// The order of results: score, highest first; equal scores by the bytes of the id, lowest
    /// first.
    private static func precedes(_ a: Neighbor, _ b: Neighbor) -> Bool {
        if a.score != b.score { return a.score > b.score }
        return a.row.id.lexicographicallyPrecedes(b.row.id)
    }

    private func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.precedes(storage[parent], storage[child]) else { return }
            (storage[parent], storage[child]) = (storage[child], storage[parent])
            child = parent
        }
    }

    private func siftDown(_ end: Int) {
        var parent = 0
        while true {
            var worst = parent
            let left = 2 * parent + 1
            if left < end && Self.precedes(storage[worst], storage[left]) { worst = left }
            let right = left + 1
            if right < end && Self.precedes(storage[worst], storage[right]) { worst = right }
            guard worst != parent else { return }
            (storage[parent], storage[worst]) = (storage[worst], storage[parent])
            parent = worst
        }
    }
}
