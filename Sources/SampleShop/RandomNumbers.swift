/// Pseudorandom numbers that are the same on every platform and in every version.
///
/// Source: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"
/// (SplitMix64).
package struct SplitMix64: Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Uniform in 0 ..< 1, a multiple of 2^-53.
    package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in `0..<count`. Source: Lemire 2019, without the rejection, whose bias is below
    /// `count / 2^64`.
    package mutating func index(below count: Int) -> Int {
        precondition(count > 0, "no number is below \(count)")
        return Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    package mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// 1 with probability `1 - more`, 2 with `more (1 - more)` and so on, at most `max`.
    package mutating func geometric(more: Double, max: Int) -> Int {
        var count = 1
        while count < max, chance(more) { count += 1 }
        return count
    }
}

/// Draws indices in proportion to weights, by bisecting their sums. Complexity: O(log count) a
/// draw.
struct WeightedChoice: Sendable {
    private let sums: [Double]

    init(_ weights: [Double]) {
        var sums: [Double] = []
        var sum = 0.0
        for weight in weights {
            precondition(weight >= 0, "a weight of \(weight)")
            sum += weight
            sums.append(sum)
        }
        precondition(sum > 0, "no weight is above 0")
        self.sums = sums
    }

    func draw(_ random: inout SplitMix64) -> Int {
        let target = random.unit() * sums[sums.count - 1]
        var low = 0
        var high = sums.count - 1
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > target { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
