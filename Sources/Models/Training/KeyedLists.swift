internal import ModelParts

extension RankedKey {
    /// - Parameter score: not NaN; -0 becomes 0.
    @inline(__always)
    init(item: Int32, score: Float) {
        self.init(score: score, tieBreaker: UInt32(bitPattern: item))
    }

    @inline(__always)
    var item: Int32 { Int32(bitPattern: tieBreaker) }
}

extension [RankedKey] {
    /// Keeps the first `limit` in order, sorted. Expected complexity: O(count + limit log limit).
    mutating func keepFirst(_ limit: Int) {
        selectFirst(limit)
        sort()
    }

    /// Keeps the first `limit` in order, in no order, and gives back the memory of the others: lists
    /// stay until all of them are made. Source: Hoare 1961, "Algorithm 65: Find".
    mutating func selectFirst(_ limit: Int) {
        guard limit < count else { return }
        withUnsafeMutableBufferPointer { keys in
            var (low, high) = (0, keys.count - 1)
            while low < high {
                let pivot = Self.middle(keys[low], keys[(low + high) / 2], keys[high])
                var (i, j) = (low, high)
                while i <= j {
                    while keys[i] < pivot { i += 1 }
                    while pivot < keys[j] { j -= 1 }
                    if i <= j {
                        keys.swapAt(i, j)
                        i += 1
                        j -= 1
                    }
                }
                if limit - 1 <= j { high = j } else if limit - 1 >= i { low = i } else { break }
            }
        }
        self = Array(self[..<limit])
    }

    private static func middle(_ a: RankedKey, _ b: RankedKey, _ c: RankedKey) -> RankedKey {
        Swift.max(Swift.min(a, b), Swift.min(Swift.max(a, b), c))
    }
}

extension NeighborLists {
    /// Lists of scores alone, already in order; lifts and confidences are 0.
    init(keys rows: some RandomAccessCollection<[RankedKey]>) {
        let count = rows.reduce(0) { $0 + $1.count }
        let zeros = Array(repeating: Float(0), count: count)
        self.init(offsets: [0], items: [], scores: [], lifts: zeros, confidences: zeros)
        offsets.reserveCapacity(rows.count + 1)
        items.reserveCapacity(count)
        scores.reserveCapacity(count)
        for row in rows {
            for key in row {
                items.append(key.item)
                scores.append(key.score)
            }
            offsets.append(items.count)
        }
    }
}

extension NeighborLists {
    /// Turns lists of where each item's score comes from into lists of where each item's weight
    /// goes to.
    ///
    /// Lifts and confidences become 0. Complexity: O(entries x log of the longest list).
    func transposed(columnCount: Int, threads: Int) -> NeighborLists {
        var starts = Array(repeating: 0, count: columnCount + 1)
        for item in items { starts[Int(item) + 1] += 1 }
        for column in 0..<columnCount { starts[column + 1] += starts[column] }
        let keys = UnsafeMutableBufferPointer<RankedKey>.allocate(capacity: items.count)
        defer { keys.deallocate() }
        var next = starts
        for row in 0..<offsets.count - 1 {
            for entry in range(of: row) {
                let column = Int(items[entry])
                let key = RankedKey(item: Int32(row), score: scores[entry])
                keys.initializeElement(at: next[column], to: key)
                next[column] += 1
            }
        }
        nonisolated(unsafe) let sorted = keys
        parallelFor(count: columnCount, chunk: 64, threads: threads) { [starts] _, range in
            for column in range {
                var list = UnsafeMutableBufferPointer(
                    rebasing: sorted[starts[column]..<starts[column + 1]])
                list.sort()
            }
        }
        let zeros = Array(repeating: Float(0), count: keys.count)
        return NeighborLists(
            offsets: starts, items: keys.map(\.item), scores: keys.map(\.score), lifts: zeros,
            confidences: zeros)
    }
}
