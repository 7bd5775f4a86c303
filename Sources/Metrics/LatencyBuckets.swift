/// The buckets that latencies are counted in, the same everywhere: six a decade, at 1, 1.5, 2, 3, 5
/// and 7 times a power of ten, from 1 µs to 10 s, and one for what took longer.
///
/// A quantile that is estimated from them is off by a quarter at most. Decimal bounds cost one or two
/// comparisons more than powers of two, and let objectives such as "within 5 ms" be counted exactly.
///
/// Invariant: bucket `i` counts latencies in `(bounds[i - 1], bounds[i]]`, the last one those above all
/// bounds.
package struct LatencyBuckets: Sendable {
    /// Upper bounds in nanoseconds, ascending.
    package static let bounds: [Int] = {
        var bounds: [Int] = []
        var power = 1_000
        while power < 10_000_000_000 {
            bounds += [10, 15, 20, 30, 50, 70].map { $0 * power / 10 }
            power *= 10
        }
        return bounds + [power]
    }()

    /// How many buckets there are, the one above all bounds included.
    package static let count = bounds.count + 1

    /// The bounds, and one above all.
    private let ends: [Int]
    /// By the number of a latency's significant bits: the first bucket that may hold it.
    private let starts: [UInt8]

    package init() {
        let ends = Self.bounds + [.max]
        self.ends = ends
        starts = (0...64).map { bits in
            let least = bits == 0 ? 0 : bits == 64 ? Int.max : 1 << (bits - 1)
            return UInt8(ends.firstIndex { least <= $0 } ?? 0)
        }
    }

    /// The bucket of a latency in nanoseconds; a negative one, from a clock's slip, counts as 0.
    ///
    /// - Complexity: O(1), at most three comparisons.
    package func index(of nanoseconds: Int) -> Int {
        let latency = max(0, nanoseconds)
        var i = Int(starts[Int.bitWidth - latency.leadingZeroBitCount])
        while latency > ends[i] { i += 1 }
        return i
    }
}
