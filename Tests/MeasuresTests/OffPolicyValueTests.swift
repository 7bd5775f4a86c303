import Foundation
import Measures
import Testing

@Suite struct OffPolicyValueTests {
    /// A request an impression, unless said otherwise.
    private func value(
        _ weights: [Double], _ rewards: [Double], requests: [Int32]? = nil, max: Double? = nil
    ) -> OffPolicyValue {
        let requests = requests ?? weights.indices.map { Int32($0) }
        return OffPolicyValue(
            weights: weights, rewards: rewards, requests: requests,
            requestCount: Int(requests.max()!) + 1, weightMax: max)
    }

    @Test func `figures of five impressions are those computed by hand`() throws {
        let found = value([4, 0, 2, 0, 2], [1, 1, 0, 0, 1])
        #expect(found.ips.value == 1.2)
        #expect(try #require(found.snips).value == 0.75)
        #expect(found.meanWeight.value == 1.6)
        #expect(found.effectiveSampleSize == 64 / 24.0)
        #expect(found.largestShare == 0.5)
        #expect(found.matched == 3 && found.rewarded == 2 && found.clipped == 0)
    }

    @Test func `weights above the greatest allowed are cut to it`() throws {
        let found = value([4, 0, 2, 0, 2], [1, 1, 0, 0, 1], max: 3)
        #expect(found.clipped == 1)
        #expect(found.ips.value == 1 && found.meanWeight.value == 1.4)
        #expect(try #require(found.snips).value == 5 / 7.0)
    }

    @Test func `the policy that made the log earns the mean reward`() throws {
        let rewards = (0..<400).map { $0 % 7 == 0 ? 1.0 : 0 }
        let found = value(Array(repeating: 1, count: 400), rewards)
        let mean = rewards.reduce(0, +) / 400
        #expect(abs(found.ips.value - mean) < 1e-15)
        #expect(found.snips == found.ips)
        #expect(found.effectiveSampleSize == 400)
        #expect(found.meanWeight.low == 1 && found.meanWeight.high == 1)
        #expect(found.isMeanWeightPlausible)
    }

    /// Of k rewards among n the likelihood is the binomial one.
    @Test(arguments: [(9, 200, 2.228139), (19, 60, 2.085963), (29, 3_000, 2.042272)])
    func `an interval of clicks is that of the binomial likelihood at Student's t`(
        clicks: Int, impressions: Int, t: Double
    ) {
        let rewards = (0..<impressions).map { $0 < clicks ? 1.0 : 0 }
        let found = value(Array(repeating: 1, count: impressions), rewards).ips
        let (k, n) = (Double(clicks), Double(impressions))
        for p in [found.low, found.high] {
            let statistic = 2 * (k * log(k / n / p) + (n - k) * log((1 - k / n) / (1 - p)))
            #expect(abs(statistic.squareRoot() - t) < 1e-3, "\(clicks) of \(impressions): \(p)")
        }
        #expect(found.low < found.value && found.value < found.high)
    }

    @Test func `rewards with the other sign mirror the intervals`() throws {
        let weights = (0..<300).map { Double($0 % 5) }
        let rewards = (0..<300).map { Double($0 * 37 % 11) }
        let (one, other) = (value(weights, rewards), value(weights, rewards.map(-)))
        let pairs = [(one.ips, other.ips), (try #require(one.snips), try #require(other.snips))]
        for (a, b) in pairs {
            #expect(abs(a.value + b.value) < 1e-12)
            #expect(abs(a.low + b.high) < 1e-6 && abs(a.high + b.low) < 1e-6)
        }
    }

    @Test func `impressions of one request tell no more than one does`() throws {
        let weights = (0..<100).map { Double($0 % 3) }
        let rewards = (0..<100).map { $0 % 4 == 0 ? 1.0 : 0 }
        let alone = value(weights, rewards)
        let twice = value(
            weights + weights, rewards + rewards, requests: (0..<200).map { $0 % 100 })
        let own = value(weights + weights, rewards + rewards)
        #expect(twice.effectiveSampleSize == alone.effectiveSampleSize)
        #expect(abs(twice.ips.low - alone.ips.low) < 1e-9)
        #expect(abs(try #require(twice.snips).high - #require(alone.snips).high) < 1e-9)
        #expect(own.ips.high - own.ips.low < 0.8 * (twice.ips.high - twice.ips.low))
    }

    @Test func `where nothing matched was rewarded the interval tells how much could have been`()
        throws
    {
        let found = value([2, 0, 2, 2], [0, 1, 0, 0])
        let bound = 1 - pow(0.025, 1.0 / 3)
        #expect(found.ips.value == 0 && found.ips.low == 0)
        #expect(abs(found.ips.high - bound) < 1e-12)
        let snips = try #require(found.snips)
        #expect(snips.value == 0 && snips.low == 0 && abs(snips.high - bound) < 1e-12)
    }

    @Test func `a policy that the log never shows has no self-normalized value`() {
        let found = value([0, 0, 0], [1, 0, 1])
        #expect(found.snips == nil && found.matched == 0 && found.effectiveSampleSize == 0)
        #expect(found.ips.value == 0 && found.ips.high == 1)
        #expect(!found.isMeanWeightPlausible)
    }

    /// One propensity of a millionth among thousands that are fair.
    @Test func `one impression with nearly all weight leaves next to nothing known`() throws {
        var weights = Array(repeating: 1.0, count: 5_000)
        weights[17] = 20_000
        let rewards = weights.indices.map { $0 % 200 == 17 ? 1.0 : 0 }
        let found = value(weights, rewards)
        #expect(found.effectiveSampleSize < 2 && found.largestShare > 0.79)
        let snips = try #require(found.snips)
        #expect(snips.low < 0.01 && snips.high > 0.95, "\(snips)")
    }
}
