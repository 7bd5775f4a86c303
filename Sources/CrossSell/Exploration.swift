internal import Interactions

/// How a slate tries other items now and then, so that what shoppers do with them can be learned from.
///
/// The last places of a slate are explored, each from a pool of its own: the item that is ranked for
/// the place, and some of those ranked past the slate's end. With probability `share` the place goes to
/// one of its pool, drawn evenly, else to the item that is ranked for it. Pools have no item in common,
/// so that draws are independent and the probability of an item at its place is known exactly: for the
/// ranked one of a pool of m it is 1 - share + share / m, for any other share / m.
package struct Exploration {
    /// 0 explores nothing; at most ``shareMax``.
    package var share: Float = 0
    /// How many of the last places are explored.
    package var places = 1
    /// The size of a place's pool; at least 2.
    package var pool = 10
    /// The same seed draws the same slate.
    package var seed: UInt64 = 0

    package static let shareMax: Float = 0.5
    package static let poolMax = 50

    package init() {}

    package var isActive: Bool { share > 0 }

    /// How many items past the slate's end are looked at.
    var extra: Int { isActive ? places * (pool - 1) : 0 }

    /// Draws the explored places of a ranking and cuts it to `k`.
    func draw(_ ranked: inout [RankedItem], k: Int) {
        guard isActive, ranked.count > k else {
            ranked.removeSubrange(min(k, ranked.count)...)
            return
        }
        var random = SeededGenerator(seed: seed)
        let first = k - min(places, k)
        for place in first..<k {
            // Every step-th of those past the end, from its own on.
            let (start, step) = (k + place - first, k - first)
            let left = max(0, ranked.count - start + step - 1) / step
            let size = Float(min(left, pool - 1) + 1)
            let explores = Float.random(in: 0..<1, using: &random) < share
            let drawn = Int.random(in: 0..<Int(size), using: &random)
            ranked[place].propensity = 1 - share + share / size
            guard explores, drawn > 0 else { continue }
            ranked[place] = ranked[start + (drawn - 1) * step]
            ranked[place].propensity = share / size
        }
        ranked.removeSubrange(k...)
    }
}
