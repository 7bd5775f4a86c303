import Histogram

/// How long calls took, in microseconds.
struct LatencySummary: Encodable, Sendable {
    let calls: Int
    let meanMicroseconds: Double
    let p50Microseconds: Double
    let p99Microseconds: Double
    let p999Microseconds: Double
    let maxMicroseconds: Double

    /// - Parameter nanoseconds: one entry a call; without any, all figures are 0.
    init(_ nanoseconds: Histogram<UInt64>) {
        calls = Int(nanoseconds.totalCount)
        let isEmpty = calls == 0
        func percentile(_ percent: Double) -> Double {
            isEmpty ? 0 : Double(nanoseconds.valueAtPercentile(percent)) / 1_000
        }
        meanMicroseconds = isEmpty ? 0 : nanoseconds.mean / 1_000
        p50Microseconds = percentile(50)
        p99Microseconds = percentile(99)
        p999Microseconds = percentile(99.9)
        maxMicroseconds = percentile(100)
    }
}

extension Histogram<UInt64> {
    /// An empty histogram of nanoseconds, exact to three digits.
    static var nanoseconds: Self { Self(numberOfSignificantValueDigits: .three) }
}
