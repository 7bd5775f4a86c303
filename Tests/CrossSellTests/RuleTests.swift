import Bundles
import CrossSell
import Interactions
import ModelParts
import Models
import Testing

/// What rules leave out and why, and what is said of items that are not on a slate.
@Suite struct RuleTests {
    /// Items 0 to 5 by how well they go with item 6; 0 to 2 on one shelf, 3 and 4 on another.
    private func makeBundle() -> ModelBundle {
        var catalog = Catalog()
        let paths = [["A", "1"], ["A", "1"], ["A", "2"], ["B"], ["B"], [], ["C"]]
        for (item, path) in paths.enumerated() {
            catalog.update(
                item: item, title: "T\(item)", category: path, price: Float(item + 1), stock: 5)
        }
        var parts = ModelParts(popularity: [1, 2, 3, 4, 5, 6, 7])
        let zeros: [Float] = [0, 0, 0, 0, 0, 0]
        parts.itemWeights = NeighborLists(
            offsets: [0, 0, 0, 0, 0, 0, 0, 6], items: [0, 1, 2, 3, 4, 5],
            scores: [0.9, 0.8, 0.7, 0.6, 0.5, 0.4], lifts: zeros, confidences: zeros)
        parts.neighbors[.substitute] = NeighborLists(
            offsets: [0, 0, 0, 0, 0, 0, 0, 1], items: [1], scores: [1], lifts: [0],
            confidences: [0])
        return ModelBundle(
            info: BundleInfo(version: "rules", kind: "test"),
            items: IdentifierTable((0..<7).map(RandomShop.item)),
            users: IdentifierTable(["u0"]), catalog: catalog, parts: parts,
            histories: SparseMatrix(rows: 1, columnCount: 7, rowOf: [0], columnOf: [2], values: [1])
        )
    }

    private func ask(_ change: (inout Ask) -> Void) -> Ask {
        var ask = Ask(user: "u0", basket: ["i6"], k: 6)
        change(&ask)
        return ask
    }

    @Test("Each rule is counted for the items that it was the first to keep off")
    func leftOut() throws {
        let engine = try Engine(makeBundle().serve())
        let ask = ask {
            $0.exclusions = ["i0"]
            $0.leavesOutSubstitutes = true
            $0.priceMax = 4
        }
        #expect(engine.answer(ask).ids == ["i3"])
        let counts = Rule.allCases.compactMap { rule in
            let items = engine.leftOut(by: rule)
            return items > 0 ? "\(items) \(rule)" : nil
        }
        // The second item is barred by both, and the price is asked first.
        #expect(
            counts == ["1 inBasket", "1 excluded", "1 boughtBefore", "2 price", "1 substitute"])
    }

    @Test("Diversity trades relevance for being unlike the rest, as its formula has it")
    func diversity() throws {
        let engine = try Engine(makeBundle().serve())
        var ask = ask {
            $0.user = nil
            $0.diversity = 0.5
        }
        // Relevances are 1, .8, .6, .4, .2 and 0; shelves overlap by 1 within A > 1, by a half in A.
        // After item 0: 1 has .8 - 1, 2 has .6 - .5, 3 has .4. After 3: 4 has .2 - 1, 5 has 0.
        #expect(engine.answer(ask).ids == ["i0", "i3", "i2", "i5", "i1", "i4"])
        ask.diversity = 0
        #expect(engine.answer(ask).ids == ["i0", "i1", "i2", "i3", "i4", "i5"])
    }

    @Test("What is not on a slate was kept off by a rule, ranked lower, not found, or not known")
    func whyNot() throws {
        let engine = try Engine(makeBundle().serve())
        let asked = ask {
            $0.k = 2
            $0.exclusions = ["i0"]
            $0.perCategoryMax = 1
            $0.categoryLevel = 1
            $0.whyNot = ["i0", "i1", "i2", "i4", "i5", "nonsense", "i6", "i5"]
        }
        let answer = engine.answer(asked)
        #expect(answer.ids == ["i1", "i3"])
        let accounts = asked.lend { query, _ in
            _ = engine.recommend(query)
            return engine.whyNot.map { absent in
                "\(absent.outcome) \(absent.rank)"
            }
        }
        #expect(
            accounts == [
                "rule(CrossSell.Rule.excluded) 0", "onSlate 1",
                "rule(CrossSell.Rule.boughtBefore) 0", "rule(CrossSell.Rule.categoryPlaces) 0",
                "ranked 3", "unknown 0", "rule(CrossSell.Rule.inBasket) 0", "ranked 3",
            ])
        let missing = asked.lend { query, _ in
            _ = engine.recommend(query)
            return engine.whyNot[4].missing
        }
        // Of its score, the basket counts for 0.99 beside a history.
        #expect(abs((missing ?? 0) - 0.2 * 0.99) < 1e-6)
    }

    @Test("What rules left out is counted the same whether or not it is asked why")
    func counting() throws {
        let engine = try Engine(makeBundle().serve())
        var asked = ask { $0.priceMax = 3 }
        let plain = engine.answer(asked)
        let before = Rule.allCases.map(engine.leftOut)
        asked.whyNot = ["i3", "i5"]
        #expect(engine.answer(asked) == plain)
        #expect(Rule.allCases.map(engine.leftOut) == before)
    }

    @Test(
        "On random models, the place told for an absent item is the one a longer slate gives it",
        arguments: RankingTests.shapes)
    func ranks(shop: RandomShop) throws {
        let engine = try Engine(shop.makeBundle().serve())
        var random = SeededGenerator(seed: shop.seed + 700)
        for round in 0..<40 {
            var ask = Ask.random(items: shop.items, users: shop.users, using: &random)
            let id = RandomShop.item(Int.random(in: 0..<shop.items, using: &random))
            ask.k = 2
            ask.whyNot = [id]
            let told = ask.lend { query, _ in
                _ = engine.recommend(query)
                return engine.whyNot[0]
            }
            ask.k = shop.items + 5
            let place = engine.answer(ask).ids.firstIndex(of: id).map { $0 + 1 }
            let note = Comment(rawValue: "\(shop), round \(round), \(told)")
            switch told.outcome {
            case .onSlate, .ranked: #expect(told.rank == place, note)
            case .rule: #expect(place == nil, note)
            // A longer slate is filled up with best sellers.
            case .notFound: break
            case .unknown: Issue.record(note)
            }
        }
    }

    @Test("What is due to be bought again may be offered, from about its interval on")
    func due() throws {
        var bundle = makeBundle()
        bundle.histories = SparseMatrix(
            rows: 1, columnCount: 7, rowOf: [0, 0, 0, 0], columnOf: [0, 1, 2, 3],
            values: [1, 1, 1, 1])
        var habits = Habits()
        (habits.offsets, habits.items) = ([0, 4], [0, 1, 2, 3])
        // Due, too early, given up, and bought once of what others buy every 10 days.
        (habits.counts, habits.intervals) = ([3, 3, 3, 1], [10, 10, 10, 0])
        habits.ages = [9, 7, 31, 12]
        (habits.lately, habits.recently) = ([1, 1, 1, 1], [4, 3, 2, 1])
        habits.basketCounts = [5]
        let zeros: [Float] = [0, 0, 0, 0, 0, 0, 0]
        bundle.parts.profiles = Profiles(
            monthSales: zeros, weekSales: zeros, repeatRates: zeros,
            repeatIntervals: [0, 0, 0, 10, 0, 0, 0], repeatSpreads: zeros, habits: habits)
        let engine = try Engine(bundle.serve())
        var ask = ask { _ in }
        #expect(engine.answer(ask).ids == ["i4", "i5"])
        ask.includesDue = true
        #expect(engine.answer(ask).ids == ["i0", "i3", "i4", "i5"])
    }
}
