import Foundation
import Interactions

/// Visitors who click with known probabilities, and a recommender that fills two places by lot.
///
/// A visitor has one of three items in the basket, and a mood that both of her clicks depend on. The
/// recommender draws the first place with skewed probabilities that depend on the basket, and the
/// second likewise among the items that are left.
struct SimulatedVisits {
    static let itemCount = 12
    static let basketCount = 3
    /// By basket, place and item.
    let clickRates: [[[Double]]]
    /// By basket and item, of the first place; 0 for the basket's own item.
    private let first: [[Double]]
    /// The same of the second place, whatever is at the first.
    private let second: [[Double]]

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        clickRates = (0..<Self.basketCount).map { _ in
            (0..<2).map { place in
                (0..<Self.itemCount).map { _ in
                    Double.random(in: 0.05...0.5, using: &generator) / Double(place + 1)
                }
            }
        }
        let first = (0..<Self.basketCount).map { basket in
            let scores = (0..<Self.itemCount).map { item in
                item == basket ? 0 : exp(0.8 * generator.nextNormal())
            }
            let sum = scores.reduce(0, +)
            return scores.map { $0 / sum }
        }
        self.first = first
        second = first.map { chances in
            chances.indices.map { item in
                chances.indices.filter { $0 != item }
                    .reduce(0) { $0 + chances[$1] * chances[item] / (1 - chances[$1]) }
            }
        }
    }

    /// The mean reward of an impression where each basket's visitors always see these two items.
    func value(ofSlates slates: [[Int]]) -> Double {
        var sum = 0.0
        for (basket, slate) in slates.enumerated() {
            for (place, item) in slate.enumerated() { sum += clickRates[basket][place][item] }
        }
        return sum / Double(2 * slates.count)
    }

    /// What is logged of so many visits; items are called `i0` and so on.
    func makeLog(requests: Int, seed: UInt64) -> ImpressionLog {
        var generator = SeededGenerator(seed: seed)
        var log = ImpressionLog()
        log.items = IdentifierTable((0..<Self.itemCount).map { "i\($0)" })
        for _ in 0..<requests {
            let basket = Int.random(in: 0..<Self.basketCount, using: &generator)
            let mood = Bool.random(using: &generator) ? 0.5 : 1.5
            let request = log.addRequest(basket: [Int32(basket)])
            let top = draw(first[basket], &generator)
            var left = first[basket]
            left[top] = 0
            let next = draw(left.map { $0 / (1 - first[basket][top]) }, &generator)
            for (place, item) in [top, next].enumerated() {
                let clicks =
                    Double.random(in: 0..<1, using: &generator)
                    < mood * clickRates[basket][place][item]
                log.append(
                    request: request, item: Int32(item), position: Int32(place + 1),
                    propensity: (place == 0 ? first : second)[basket][item],
                    reward: clicks ? 1 : 0)
            }
        }
        return log
    }

    private func draw(_ chances: [Double], _ generator: inout SeededGenerator) -> Int {
        var left = Double.random(in: 0..<1, using: &generator)
        for (item, chance) in chances.enumerated() {
            left -= chance
            if left < 0 { return item }
        }
        return chances.lastIndex { $0 > 0 }!
    }
}
