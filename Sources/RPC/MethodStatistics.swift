internal import Buffers
internal import Metrics
package import Wire

/// How the calls of one method were answered since the start; sums over a server's loops.
package struct MethodStatistics: Sendable {
    /// Such as `sidecart.v1.Scoring/Score`; `other` for calls of methods that there are not, for
    /// frames that were no calls, and for calls that were refused unread.
    package let method: String
    /// Calls answered, by the answer's code; those that occurred, ascending.
    package fileprivate(set) var answers: [(code: StatusCode, calls: Int)] = []
    /// Calls answered, by the buckets of `LatencyBuckets`, from when the call was read until its
    /// answer was ready to be sent. Frames that were no calls count nowhere.
    package fileprivate(set) var latencies: [Int]
    /// Of all latencies, in nanoseconds.
    package fileprivate(set) var latencySum = 0

    /// Sums over the loops, each with counters in the order of `methods`.
    static func sum(_ methods: [String], _ loops: [MethodCounters]) -> [MethodStatistics] {
        (methods + ["other"]).enumerated().map { place, method in
            loops.reduce(into: MethodStatistics(method: method)) { $1.add(place, to: &$0) }
        }
    }

    private init(method: String) {
        self.method = method
        latencies = Array(repeating: 0, count: LatencyBuckets.count)
    }

    fileprivate mutating func add(_ calls: Int, code: StatusCode) {
        guard calls > 0 else { return }
        let place = answers.firstIndex { $0.code.rawValue >= code.rawValue } ?? answers.count
        if place < answers.count, answers[place].code == code {
            answers[place].calls += calls
        } else {
            answers.insert((code, calls), at: place)
        }
    }
}

/// What one loop counts of each method, written by its thread alone. Recording a call takes no lock
/// and allocates nothing; it adds to three numbers of one block.
final class MethodCounters: Sendable {
    /// gRPC's codes, and what is none of them.
    private static let codes = 18
    private static let sumPlace = codes
    private static let bucketsPlace = codes + 1
    private static let stride = bucketsPlace + LatencyBuckets.count

    private let buckets = LatencyBuckets()
    private let numbers: Gauges

    /// - Parameter methods: how many there are; `other` comes after them.
    init(methods: Int) { numbers = Gauges(count: (methods + 1) * Self.stride) }

    /// Counts an answer.
    ///
    /// - Parameters:
    ///   - method: its place; the number of methods for `other`.
    ///   - nanoseconds: how long the caller waited for it.
    func record(_ method: Int, _ code: StatusCode, nanoseconds: Int64) {
        let start = method * Self.stride
        numbers.add(1, at: start + Self.place(of: code))
        numbers.add(Int(max(0, nanoseconds)), at: start + Self.sumPlace)
        numbers.add(1, at: start + Self.bucketsPlace + buckets.index(of: Int(nanoseconds)))
    }

    /// Counts the refusal of a frame that was no call, or is not to be one.
    func recordRefusal(_ code: StatusCode) {
        numbers.add(1, at: numbers.count - Self.stride + Self.place(of: code))
    }

    fileprivate func add(_ method: Int, to sum: inout MethodStatistics) {
        let start = method * Self.stride
        for code in 0..<Self.codes {
            sum.add(numbers.value(start + code), code: StatusCode(rawValue: Int32(code)))
        }
        sum.latencySum += numbers.value(start + Self.sumPlace)
        for i in sum.latencies.indices {
            sum.latencies[i] += numbers.value(start + Self.bucketsPlace + i)
        }
    }

    private static func place(of code: StatusCode) -> Int {
        0..<codes - 1 ~= Int(code.rawValue) ? Int(code.rawValue) : codes - 1
    }
}
