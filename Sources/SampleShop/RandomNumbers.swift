package import Interactions

extension SeededGenerator {
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

    func draw(_ random: inout SeededGenerator) -> Int {
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
