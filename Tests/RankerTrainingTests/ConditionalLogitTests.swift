import Interactions
import ModelParts
import Models
import RankerTraining
import Testing

/// Weights of features by which each group's relevant candidate is as likely as can be.
@Suite struct ConditionalLogitTests {
    private static let weights: [Double] = [1.2, -0.7, 0]

    /// Groups of ten whose relevant candidate is drawn by known weights; the last feature is 0 but for
    /// its scale, which says nothing.
    private func groups(count: Int, seed: UInt64) -> RankingGroups {
        var random = SeededGenerator(seed: seed)
        var groups = RankingGroups(features: 4)
        for _ in 0..<count {
            var chances: [Double] = []
            for _ in 0..<10 {
                let features = [random.nextNormal(), 20 * random.nextNormal(), random.nextNormal()]
                for (column, value) in features.enumerated() {
                    groups.columns[column].append(Float(value))
                }
                groups.columns[3].append(7)
                chances.append(
                    exponential(
                        Self.weights[0] * features[0] + Self.weights[1] / 20 * features[1]))
            }
            var draw = Double.random(in: 0..<chances.reduce(0, +), using: &random)
            let chosen = chances.firstIndex { chance in
                draw -= chance
                return draw < 0
            }
            groups.relevant.append(groups.rows + (chosen ?? 9))
            groups.offsets.append(groups.rows + 10)
        }
        return groups
    }

    @Test("Weights that choices were drawn by are found again, whatever the features' units")
    func recovery() {
        let groups = groups(count: 20_000, seed: 3)
        let found = ConditionalLogit().fit(
            groups, columns: [0, 1, 2, 3], taught: Array(0..<groups.count), shouldStop: { false })
        // Twenty thousand choices among ten: deviations of about a hundredth.
        #expect(abs(found[0] - 1.2) < 0.04)
        #expect(abs(20 * found[1] + 0.7) < 0.04)
        #expect(abs(found[2]) < 0.04)
        #expect(found[3] == 0)
    }

    @Test("No weight near those found makes the choices likelier")
    func maximum() {
        let groups = groups(count: 300, seed: 4)
        let model = ConditionalLogit()
        let taught = Array(0..<groups.count)
        let found = model.fit(
            groups, columns: [0, 1, 2], taught: taught, shouldStop: { false })
        func likelihood(_ weights: [Float]) -> Double {
            // All features but the second have a deviation of about 1, that one of 20.
            let scales: [Double] = [1, 20, 1]
            var sum = 0.0
            for group in taught {
                let scores = groups.range(of: group).map { row in
                    (0..<3).reduce(0.0) {
                        $0 + Double(weights[$1]) * Double(groups.columns[$1][row])
                    }
                }
                let own = scores[groups.relevant[group] - groups.offsets[group]]
                sum += own - logarithm(scores.reduce(0.0) { $0 + exponential($1) })
            }
            return sum
                - zip(weights, scales).reduce(0) {
                    $0 + 0.5 * Double($1.0) * Double($1.0) * $1.1 * $1.1
                }
        }
        let best = likelihood(found)
        for place in 0..<3 {
            for step in [-0.02, 0.02] as [Float] {
                var other = found
                other[place] += place == 1 ? step / 20 : step
                #expect(likelihood(other) < best)
            }
        }
    }
}
