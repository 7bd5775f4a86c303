import Evaluation
import Foundation
import Interactions
import Measures
import Models
import Testing

private let folder = ProcessInfo.processInfo.environment["SIDECART_OBP"]

/// The sample files of the Open Bandit Dataset, which come with its Python package.
///
/// `SIDECART_OBP` names the folder that has `bts/all/all.csv`, `random/all/all.csv` and so on: each
/// campaign's log of Thompson sampling and of a uniform policy, 10,000 lines each.
@Suite(.enabled(if: folder != nil, "SIDECART_OBP names no folder"))
struct OpenBanditTests {
    private func read(_ policy: String, _ campaign: String) throws -> ImpressionLog {
        var reader = ImpressionLogReader()
        try reader.read(from: "\(try #require(folder))/\(policy)/\(campaign)/\(campaign).csv")
        return try reader.finish().log
    }

    /// Figures of the uniform policy by the log of Thompson sampling, as NumPy computes them.
    private static let campaigns:
        [(name: String, items: Int, ips: Double, snips: Double, ess: Double)] =
            [
                ("all", 80, 0.0023596395168460037, 0.0023337138931618065, 340.3783411326392),
                ("men", 34, 0.003008626327256482, 0.003189423162277403, 655.7098495873269),
                ("women", 46, 0.00743757754192316, 0.0023730461434477677, 2.077822692483687),
            ]

    @Test(arguments: campaigns)
    func `the uniform policy is judged by the log of another one as by its own`(
        name: String, items: Int, ips: Double, snips: Double, ess: Double
    ) throws {
        let own = try read("random", name)
        #expect(own.isOpenBandit && own.count == 10_000 && own.items.count == items)
        let replay = Replay(plan: ReplayPlan(judging: own))
        let logged = replay.judgeLogged().value
        #expect(logged.ips.value == own.rewards.reduce(0, +) / 10_000)
        #expect(abs(replay.judgeUniform().value.ips.value - logged.ips.value) < 1e-12)

        let other = Replay(plan: ReplayPlan(judging: try read("bts", name))).judgeUniform()
        let found = try #require(other.value.snips)
        #expect(abs(other.value.ips.value - ips) < 1e-12)
        #expect(abs(found.value - snips) < 1e-12)
        #expect(abs(other.value.effectiveSampleSize - ess) < 1e-6)
        #expect(found.low...found.high ~= logged.ips.value, "\(found), \(logged.ips)")
        // A propensity of a millionth is among those of women.
        #expect(other.warnings.isEmpty == (name != "women"), "\(other.warnings)")
    }

    @Test(arguments: campaigns.map(\.name))
    func `popularity learns from the older half and is judged by the newer`(name: String) throws {
        let plan = try ReplayPlan(halving: read("random", name))
        guard
            case .judged(let policy) = try Replay(plan: plan).judge(
                ModelRegistry.entry(Popularity.name),
                context: TrainingContext(threads: 1, seed: 1))
        else {
            Issue.record("popularity is refused")
            return
        }
        // Three items of all, each at one place of three.
        let expected = 5_000.0 / Double(plan.log.items.count)
        #expect(abs(Double(policy.value.matched) / expected - 1) < 0.5)
        #expect(policy.value.isMeanWeightPlausible)
    }
}
