import Interactions

/// Draws numbers `0..<count` with given chances, each in constant time.
///
/// Every number has a slot of equal width, filled up by one other number: its alias.
/// Source: Vose 1991, "A linear algorithm for generating random numbers with a given distribution".
struct AliasTable: Sendable {
    /// The share of its own slot that a number keeps.
    private var kept: [Float]
    private var aliases: [Int32]

    /// - Parameter weights: not negative; the chance of each number is its share of their sum. If
    ///   all are 0, all numbers are equally likely.
    /// - Complexity: O(count).
    init(weights: [Float]) {
        precondition(!weights.isEmpty, "no weights to draw by")
        let total = weights.reduce(0) { $0 + Double($1) }
        let scale = total > 0 ? Double(weights.count) / total : 0
        var shares = weights.map { total > 0 ? Double($0) * scale : 1 }
        kept = Array(repeating: 1, count: weights.count)
        aliases = weights.indices.map { Int32($0) }
        var small = shares.indices.filter { shares[$0] < 1 }
        var large = shares.indices.filter { shares[$0] >= 1 }
        while let low = small.popLast(), let high = large.last {
            kept[low] = Float(shares[low])
            aliases[low] = Int32(high)
            shares[high] -= 1 - shares[low]
            if shares[high] < 1 {
                large.removeLast()
                small.append(high)
            }
        }
    }

    var count: Int { kept.count }

    func draw(_ random: inout SeededGenerator) -> Int {
        let bits = random.next()
        // The upper half chooses the slot, the lower half the place within it.
        let slot = Int(((bits >> 32) &* UInt64(count)) >> 32)
        let place = Float(UInt32(truncatingIfNeeded: bits) >> 8) * 0x1p-24
        return place < kept[slot] ? slot : Int(aliases[slot])
    }
}
