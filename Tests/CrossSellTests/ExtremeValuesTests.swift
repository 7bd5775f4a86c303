import Bundles
import CrossSell
import Interactions
import ModelParts
import TestFolders
import Testing

/// Bundles with values that no training gives: what the loader lets in, the engine can add up.
@Suite struct ExtremeValuesTests {
    @Test("No bundle that loads scores infinity or NaN", arguments: RankingTests.shapes)
    func finite(shop: RandomShop) throws {
        var random = SeededGenerator(seed: shop.seed + 900)
        var loaded = 0
        for round in 0..<200 where loaded < 20 {
            var bundle = shop.makeBundle()
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                Self.spoil(&bundle.parts, &random)
            }
            let folder = TemporaryFolder()
            do throws(BundleError) {
                try bundle.write(to: folder["b"])
            } catch { continue }
            loaded += 1
            let engine = try Engine(ModelBundle.read(from: folder["b"]).serve())
            for _ in 0..<10 {
                let ask = Ask.random(items: shop.items, users: shop.users, using: &random)
                let answer = engine.answer(ask)
                let isFinite = answer.items.allSatisfy { item in
                    item.score.isFinite
                        && item.reasons.allSatisfy {
                            $0.contribution.isFinite && $0.lift.isFinite && $0.confidence.isFinite
                        }
                }
                #expect(isFinite, "\(shop), round \(round), \(ask), \(answer)")
                let known = (0..<shop.items).map { RandomShop.item($0) }
                let (_, scores, unknown) = engine.scores(of: known, ask)
                #expect(unknown.isEmpty && scores.allSatisfy { $0.isFinite })
            }
        }
        #expect(loaded > 0, "\(shop)")
    }

    /// Sets one value of one part to one that is far from all others.
    private static func spoil(_ parts: inout ModelParts, _ random: inout SeededGenerator) {
        let large: Float = [1e6, 1e12, 1e18, 1e30, 3e38, 1e-30, 1e-38].randomElement(
            using: &random)!
        let value = Bool.random(using: &random) ? large : -large
        func set(_ values: inout [Float], _ random: inout SeededGenerator) {
            guard !values.isEmpty else { return }
            values[Int.random(in: 0..<values.count, using: &random)] = value
        }
        switch Int.random(in: 0..<9, using: &random) {
        case 0: set(&parts.popularity, &random)
        case 1: if parts.embeddings != nil { set(&parts.embeddings!.items.values, &random) }
        case 2:
            if parts.embeddings?.users != nil { set(&parts.embeddings!.users!.values, &random) }
        case 3: if parts.itemWeights != nil { set(&parts.itemWeights!.scores, &random) }
        case 4: if parts.userLists != nil { set(&parts.userLists!.scores, &random) }
        case 5:
            for relation in Relation.allCases where parts.neighbors[relation] != nil {
                set(&parts.neighbors[relation]!.scores, &random)
            }
        case 6: if parts.ranker != nil { set(&parts.ranker!.wide, &random) }
        case 7: if parts.ranker != nil { parts.ranker!.bias = value }
        default:
            guard let layers = parts.ranker?.layers, !layers.isEmpty else { return }
            set(&parts.ranker!.layers[layers.count - 1].weights.values, &random)
        }
    }
}
