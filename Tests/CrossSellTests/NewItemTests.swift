import Bundles
import CrossSell
import Interactions
import ModelParts
import Testing

/// Items that nobody took yet: how many of them are on a slate, and what is said of them.
@Suite struct NewItemTests {
    private static let count = 60
    /// Every other item is new, and like the item before it.
    private static func isNew(_ item: Int) -> Bool { item % 2 == 1 }

    private func makeBundle(hasPopularity: Bool = false) -> ModelBundle {
        var parts = ModelParts(
            popularity: (0..<Self.count).map { Self.isNew($0) ? 0 : Float(100 - $0) })
        func lists(_ rows: [[(item: Int, score: Float)]]) -> NeighborLists {
            var lists = NeighborLists(
                offsets: [0], items: [], scores: [], lifts: [], confidences: [])
            for row in rows {
                lists.items += row.map { Int32($0.item) }
                lists.scores += row.map(\.score)
                lists.offsets.append(lists.items.count)
            }
            lists.lifts = Array(repeating: 0, count: lists.items.count)
            lists.confidences = lists.lifts
            return lists
        }
        let others = (1..<Self.count).map { (item: $0, score: 1 / Float($0)) }
        parts.itemWeights = lists([others] + Array(repeating: [], count: Self.count - 1))
        parts.newItems = lists(
            (0..<Self.count).map { Self.isNew($0) ? [(item: $0 - 1, score: 0.5)] : [] })
        if hasPopularity {
            parts.ranker = RankerParts(features: [.itemWeights, .popularity], wide: [1, 0.001])
        }
        return ModelBundle(
            info: BundleInfo(version: "v", kind: "test"),
            items: IdentifierTable((0..<Self.count).map(RandomShop.item)), parts: parts)
    }

    private func newOnes(_ answer: Answer) -> [String] {
        answer.ids.filter { Self.isNew(Int($0.dropFirst())!) }
    }

    @Test("One in ten is new, the best of them; the others are as they would be without")
    func quota() throws {
        let engine = try Engine(makeBundle().serve())
        for k in [1, 5, 10, 11, 20, 25] {
            let answer = engine.answer(Ask(basket: ["i0"], k: k))
            #expect(answer.items.count == k)
            #expect(newOnes(answer) == (0..<(k + 9) / 10).map { "i\(2 * $0 + 1)" })
            var without = Ask(basket: ["i0"], k: k)
            without.leavesOutNewItems = true
            let plain = engine.answer(without)
            #expect(newOnes(plain).isEmpty && plain.items.count == k)
            let known = answer.ids.filter { !newOnes(answer).contains($0) }
            #expect(known == Array(plain.ids.prefix(known.count)))
        }
    }

    @Test("A call may want more of them, or fewer; a slate stays full where others are left")
    func limits() throws {
        let engine = try Engine(makeBundle().serve())
        var ask = Ask(basket: ["i0"], k: 20)
        ask.newItemsMax = 7
        #expect(newOnes(engine.answer(ask)).count == 7)
        (ask.k, ask.whyNot) = (2, ["i3", "i5"])
        ask.newItemsMax = 1
        ask.lend { query, _ in
            _ = engine.recommend(query)
            guard case .rule(let rule) = engine.whyNot[0].outcome else {
                Issue.record("\(engine.whyNot[0].outcome)")
                return
            }
            #expect(rule == .newItemPlaces)
        }
        // More than there are: 29 known ones and 6 new ones.
        let all = engine.answer(Ask(basket: ["i0"], k: 60))
        #expect(newOnes(all).count == 6 && all.items.count == 35)
    }

    @Test("It is told that an item is new and like what, and no longer that it sells")
    func reasons() throws {
        let engine = try Engine(makeBundle(hasPopularity: true).serve())
        let answer = engine.answer(Ask(basket: ["i0"], k: 10))
        for item in answer.items {
            let number = Int(item.id.dropFirst())!
            let kinds = item.reasons.map(\.kind)
            #expect(kinds.contains(.new) == Self.isNew(number))
            #expect(kinds.contains(.popular) != Self.isNew(number))
            #expect(item.reasons[0].kind == .taste && item.reasons[0].item == 0)
            guard let new = item.reasons.first(where: { $0.kind == .new }) else { continue }
            #expect(new.item == UInt32(number - 1))
            // Half of what its like has of the sales' logarithm.
            let sales = 0.5 * RankerFeature.popularity(Float(100 - number + 1))
            #expect(abs(new.contribution - 0.001 * sales) < 1e-6)
        }
    }

    @Test("What the shop earns on items orders them, by the weight that a call gives it")
    func margins() throws {
        var bundle = makeBundle()
        // Only i8, i10 and i12 are known to earn anything; the median is 2.
        for (item, margin) in [(8, 8), (10, 2), (12, 1), (14, -3)] as [(Int, Float)] {
            bundle.catalog.update(item: item, margin: margin)
        }
        let engine = try Engine(bundle.serve())
        #expect(engine.knowsMargins)
        var ask = Ask(basket: ["i0"], k: 30)
        ask.leavesOutNewItems = true
        let plain = engine.answer(ask)
        ask.marginWeight = 1
        let weighed = engine.answer(ask)
        func rank(_ id: String, _ answer: Answer) -> Int { answer.ids.firstIndex(of: id)! }
        // i8's score of 1/8 counts four times, i12's half, i14's a hundredth; i10's is the median.
        let factors: [String: Float] = ["i8": 4, "i12": 0.5, "i14": 0.01]
        let expected = plain.items.sorted {
            $0.score * factors[$0.id, default: 1] > $1.score * factors[$1.id, default: 1]
        }
        #expect(weighed.ids == expected.map(\.id) && weighed.ids != plain.ids)
        #expect(weighed.ids.last == "i14")
        // Scores are told without it.
        for item in weighed.items { #expect(item.score == plain.items[rank(item.id, plain)].score) }
        ask.marginWeight = 0.5
        #expect(rank("i8", engine.answer(ask)) > 0)
        let plainEngine = try Engine(makeBundle().serve())
        #expect(!plainEngine.knowsMargins)
    }
}
