import Evaluation
import Foundation
import Measures

/// What a replay found, for JSON, for the terminal and for the page.
struct ReplaySummary: Encodable, CustomStringConvertible {
    struct Figure: Encodable {
        let value: Double
        /// The 95 % interval.
        let low: Double
        let high: Double

        init(_ estimate: OffPolicyValue.Estimate) {
            (value, low, high) = (estimate.value, estimate.low, estimate.high)
        }

        var interval: String { "\(ReplaySummary.four(low))–\(ReplaySummary.four(high))" }
    }

    struct Policy: Encodable {
        let name: String
        /// The reward of an impression, by inverse propensity scores and self-normalized.
        let ips: Figure
        /// nil where the log has nothing of what the policy shows.
        let snips: Figure?
        let meanWeight: Figure
        let effectiveSampleSize: Double
        let largestWeightShare: Double
        let matchedImpressions: Int
        let rewardedImpressions: Int
        let clippedImpressions: Int
        let warnings: [String]
        let hyperparameters: [String: Double]
        let trainSeconds: Double?
        let rankSeconds: Double?
        /// Where a real server was asked.
        let served: ServedCalls?

        init(_ policy: ReplayedPolicy, served: ServedCalls?) {
            let value = policy.value
            name = policy.name
            ips = Figure(value.ips)
            snips = value.snips.map(Figure.init)
            meanWeight = Figure(value.meanWeight)
            effectiveSampleSize = value.effectiveSampleSize
            largestWeightShare = value.largestShare
            matchedImpressions = value.matched
            rewardedImpressions = value.rewarded
            clippedImpressions = value.clipped
            warnings = policy.warnings
            hyperparameters = policy.hyperparameters
            trainSeconds = policy.trainingTime?.seconds
            rankSeconds = policy.rankingTime?.seconds
            self.served = served
        }
    }

    let title = "replay"
    let summary: String
    let notes: [String]
    let impressions: Int
    let requests: Int
    let weightMax: Double?
    let seed: UInt64
    let threads: Int
    let peakMemoryBytes: Int
    /// The one that made the log, then the others, best first by snips.
    let policies: [Policy]
    let refused: [Refusal]

    /// - Parameter policies: the one that made the log comes first.
    init(
        plan: ReplayPlan, policies: [ReplayedPolicy], refusals: [Refusal],
        calls: [String: ServedCalls], weightMax: Double?, seed: UInt64, threads: Int
    ) {
        summary = plan.summary
        notes = plan.notes
        impressions = plan.log.count
        requests = plan.log.requestCount
        self.weightMax = weightMax
        self.seed = seed
        self.threads = threads
        peakMemoryBytes = PeakMemory.bytes
        refused = refusals
        let all = policies.map { Policy($0, served: calls[$0.name]) }
        self.policies =
            all.prefix(1)
            + all.dropFirst().sorted {
                ($1.snips?.value ?? -.infinity, $0.name) < ($0.snips?.value ?? -.infinity, $1.name)
            }
    }

    var description: String {
        var table = Table([
            "policy", ">snips", ">95 % interval", ">ips", ">95 % interval", ">effective",
            ">matched", ">rewarded", ">mean weight", ">train s",
        ])
        for policy in policies {
            table.add([
                policy.name, policy.snips.map { Self.four($0.value) } ?? "",
                policy.snips?.interval ?? "", Self.four(policy.ips.value), policy.ips.interval,
                String(format: "%.1f", policy.effectiveSampleSize),
                policy.matchedImpressions.grouped, policy.rewardedImpressions.grouped,
                String(format: "%.3f", policy.meanWeight.value),
                policy.trainSeconds.map { String(format: "%.2f", $0) } ?? "",
            ])
        }
        var lines = ["\(title): \(summary)", table.render()]
        lines.append(
            "the reward of an impression as each policy would have earned it; effective: as many requests "
                + "of equal weight would tell as much")
        lines += warnings
        lines += Refusal.lines(refused).map { "left out: \($0)" }
        for policy in policies {
            if let served = policy.served { lines.append("\(policy.name), served: \(served)") }
        }
        return lines.joined(separator: "\n")
    }

    /// What speaks against the figures, policy by policy.
    var warnings: [String] {
        policies.flatMap { policy in policy.warnings.map { "warning: \(policy.name): \($0)" } }
    }

    static func four(_ value: Double) -> String { String(format: "%.4f", value) }
}
