import Bundles
import CrossSell
import Interactions
import Models
import Testing

@Suite struct ExplorationTests {
    private func ask(_ exploration: (inout Exploration) -> Void) -> Ask {
        var ask = Ask(basket: ["i1", "i2"], k: 6)
        (ask.includesOutOfStock, ask.wantsReasons) = (true, true)
        exploration(&ask.exploration)
        return ask
    }

    /// Items and propensities of a slate.
    private func draw(_ engine: Engine, _ ask: Ask) -> [(id: String, propensity: Float)] {
        ask.lend { query, _ in
            _ = engine.recommend(query)
            return engine.slate.map { (String(decoding: $0.id, as: UTF8.self), $0.propensity) }
        }
    }

    @Test(
        "Items get their places as often as their propensities say, and no place twice the same item"
    )
    func frequencies() throws {
        let engine = try Engine(RandomShop(seed: 61).makeBundle().serve())
        let plain = draw(engine, ask { _ in }).map(\.id)
        var counts: [String: Int] = [:]
        var told: [String: Float] = [:]
        let draws = 20_000
        for seed in 0..<UInt64(draws) {
            let slate = draw(
                engine,
                ask { ($0.share, $0.places, $0.pool, $0.seed) = (0.3, 2, 4, seed) })
            #expect(slate.map(\.id).prefix(4) == plain.prefix(4))
            #expect(slate.prefix(4).allSatisfy { $0.propensity == 1 })
            #expect(Set(slate.map(\.id)).count == 6)
            for (place, item) in slate.enumerated().dropFirst(4) {
                let key = "\(place) \(item.id)"
                counts[key, default: 0] += 1
                #expect(told[key] == nil || told[key] == item.propensity)
                told[key] = item.propensity
            }
        }
        // Two pools of four.
        #expect(told.count == 8)
        #expect(abs(told.values.reduce(0, +) - 2) < 1e-5)
        for (key, propensity) in told {
            let expected = Double(propensity) * Double(draws)
            let deviation = (expected * (1 - Double(propensity))).squareRoot()
            // Five standard deviations: less than one run in 100,000 of eight such checks fails.
            #expect(abs(Double(counts[key]!) - expected) < 5 * deviation, "\(key)")
        }
    }

    @Test("The same seed draws the same slate, rules hold, and reasons are those of what was drawn")
    func rules() throws {
        let engine = try Engine(RandomShop(seed: 62).makeBundle().serve())
        for seed in 0..<200 as Range<UInt64> {
            var asked = ask { ($0.share, $0.places, $0.pool, $0.seed) = (0.5, 6, 5, seed) }
            asked.perCategoryMax = 2
            asked.exclusions = ["i5", "i6"]
            let answer = engine.answer(asked)
            #expect(engine.answer(asked) == answer)
            #expect(answer.items.count == 6 && !answer.ids.contains("i5"))
            asked.exploration = Exploration()
            asked.k = 40
            let all = engine.answer(asked)
            for item in answer.items { #expect(all.items.contains { $0.id == item.id }) }
        }
    }

    @Test("Where nothing is left to draw from, the slate is the ranked one")
    func short() throws {
        let engine = try Engine(RandomShop(seed: 63, items: 8).makeBundle().serve())
        var asked = ask { ($0.share, $0.places, $0.pool) = (0.5, 3, 10) }
        asked.k = 8
        let slate = draw(engine, asked)
        asked.exploration = Exploration()
        #expect(slate.map(\.id) == draw(engine, asked).map(\.id))
        #expect(slate.allSatisfy { $0.propensity == 1 })
    }
}
