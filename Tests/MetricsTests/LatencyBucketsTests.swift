import Metrics
import Testing

@Suite struct LatencyBucketsTests {
    private let buckets = LatencyBuckets()

    /// By looking at one bound after the other.
    private func plainIndex(of nanoseconds: Int) -> Int {
        LatencyBuckets.bounds.firstIndex { nanoseconds <= $0 } ?? LatencyBuckets.bounds.count
    }

    @Test("The bounds go from 1 µs to 10 s, six a decade, each at most two thirds above the last")
    func bounds() {
        let bounds = LatencyBuckets.bounds
        #expect(bounds.first == 1_000 && bounds.last == 10_000_000_000 && bounds.count == 43)
        #expect(LatencyBuckets.count == 44)
        for (lower, upper) in zip(bounds, bounds.dropFirst()) {
            #expect(lower < upper && 3 * upper <= 5 * lower, "\(lower), \(upper)")
        }
    }

    @Test("A latency is counted in the bucket whose upper bound is the first one not below it")
    func edges() {
        for bound in LatencyBuckets.bounds {
            for latency in [bound - 1, bound, bound + 1] {
                #expect(buckets.index(of: latency) == plainIndex(of: latency), "\(latency)")
            }
        }
        for bits in 0..<63 {
            for latency in [(1 << bits) - 1, 1 << bits, (1 << bits) + 1] {
                #expect(buckets.index(of: latency) == plainIndex(of: latency), "\(latency)")
            }
        }
        #expect(buckets.index(of: .max) == 43 && buckets.index(of: .min) == 0)
    }

    @Test("So is any other", arguments: [UInt64.random(in: 0 ... .max)])
    func anyLatency(seed: UInt64) {
        var state = seed
        for _ in 0..<100_000 {
            // Marsaglia's xorshift; seeds of 0 would stay 0.
            state = state == 0 ? 1 : state
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            let latency = Int(state >> 1) >> Int(state & 63)
            if buckets.index(of: latency) != plainIndex(of: latency) {
                Issue.record("\(latency), seed \(seed)")
            }
        }
    }
}
