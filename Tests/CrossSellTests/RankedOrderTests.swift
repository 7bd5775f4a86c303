import CrossSell
import Interactions
import Testing

@Suite struct RankedOrderTests {
    @Test(
        "Of candidates in any order, with as many equal scores as there may be, the best come first and none twice",
        arguments: 0..<60)
    func best(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var order = RankedOrder()
        // Used again and again, as an engine does.
        for _ in 0..<6 {
            let count = Int.random(in: 0...3_000, using: &random)
            let limit = [1, 20, 320, 2_999, .max].randomElement(using: &random)!
            let distinct = [2, 50, 1 << 20].randomElement(using: &random)!
            var candidates = (0..<UInt32(count)).shuffled(using: &random).map { ordinal in
                (Float(Int.random(in: -distinct...distinct, using: &random)), ordinal)
            }
            switch Int.random(in: 0..<3, using: &random) {
            case 0: candidates.sort { $0.0 < $1.0 }
            case 1: candidates.sort { $0.0 > $1.0 }
            default: break
            }
            order.removeAll(limit: limit)
            for (score, ordinal) in candidates { order.append(score, tieBreaker: ordinal) }
            order.arrange()
            let wanted = candidates.sorted { ($1.0, $0.1) < ($0.0, $1.1) }.prefix(limit)
            #expect(order.count == wanted.count)
            if Bool.random(using: &random) {
                var found: Set<UInt32> = []
                order.takeAll { found.insert($0) }
                #expect(found == Set(wanted.map(\.1)), "seed \(seed)")
            } else {
                var found: [UInt32] = []
                while let best = order.takeBest() {
                    #expect(best.score == wanted[found.count].0)
                    found.append(best.tieBreaker)
                }
                #expect(found == wanted.map(\.1), "seed \(seed)")
            }
            #expect(order.count == 0)
        }
    }
}
