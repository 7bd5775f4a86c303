import Bundles
import CrossSell
import Interactions
import ModelParts
import Models
import Testing

/// The engine with trees as its second stage, against a plain walk down each tree.
@Suite struct TreeRankingTests {
    @Test(
        "Slates are those of a plain ranking by the trees", arguments: 1...6 as ClosedRange<UInt64>)
    func slates(seed: UInt64) throws {
        let shop = TreeShop(seed: seed)
        let engine = try Engine(shop.bundle.serve())
        var random = SeededGenerator(seed: seed + 50)
        for round in 0..<100 {
            var ask = Ask.random(items: TreeShop.items, users: TreeShop.users, using: &random)
            (ask.perCategoryMax, ask.categoryLevel, ask.perBasketItemMax) = (0, 0, 0)
            (ask.itemBoosts, ask.categoryBoosts) = ([:], [:])
            ask.history = []
            let answer = engine.answer(ask)
            guard answer.tier == .full else { continue }
            let expected = shop.ranking(ask)
            let note = Comment(rawValue: "seed \(seed), round \(round)")
            #expect(answer.items.count == min(ask.k, expected.allowed.count), note)
            for (item, score) in zip(answer.items, expected.allowed) {
                #expect(abs(Double(item.score) - score) < 1e-4, note)
            }
            for item in answer.items {
                #expect(abs(Double(item.score) - expected.scores[item.id]!) < 1e-4, note)
            }
        }
    }

    @Test("Score gives any item the score that it has on a slate")
    func scores() throws {
        let shop = TreeShop(seed: 9)
        let engine = try Engine(shop.bundle.serve())
        var random = SeededGenerator(seed: 10)
        for round in 0..<50 {
            var ask = Ask.random(items: TreeShop.items, users: TreeShop.users, using: &random)
            ask.history = []
            let answer = engine.answer(ask)
            guard answer.tier == .full else { continue }
            let ids = answer.ids.filter { !$0.isEmpty }
            let scores = ask.lend(ids) { query, views in
                _ = engine.score(views, for: query)
                return engine.scores
            }
            #expect(scores == answer.items.map(\.score), "round \(round)")
        }
    }

    @Test(
        "Where there is no time for trees, a weighted sum of features ranks, scores and explains",
        arguments: [true, false])
    func linear(hasTrees: Bool) throws {
        let stage = LinearStage(
            features: [.basketWeights, .basketWeightMax, .boughtShare, .monthPopularity],
            weights: [1.5, -0.25, 3, 0.5], bias: -2)
        var shop = TreeShop(seed: 31, linear: stage)
        if !hasTrees { shop.bundle.parts.ranker?.trees = nil }
        let engine = try Engine(shop.bundle.serve())
        var random = SeededGenerator(seed: 32)
        var checked = 0
        for round in 0..<100 {
            var ask = Ask.random(items: TreeShop.items, users: TreeShop.users, using: &random)
            (ask.perCategoryMax, ask.categoryLevel, ask.perBasketItemMax) = (0, 0, 0)
            (ask.itemBoosts, ask.categoryBoosts, ask.diversity) = ([:], [:], 0)
            ask.history = []
            // Time for anything but the trees; without trees the sum is the whole ranker.
            if hasTrees { ask.deadline = 10_000 }
            let answer = engine.answer(ask)
            guard answer.tier != .popular else { continue }
            let note = Comment(rawValue: "round \(round)")
            #expect(answer.tier == (hasTrees ? .linear : .full), note)
            let expected = shop.ranking(ask, by: stage)
            for (item, score) in zip(answer.items, expected.allowed) {
                #expect(abs(Double(item.score) - score) < 1e-4, note)
                #expect(abs(Double(item.score) - expected.scores[item.id]!) < 1e-4, note)
            }
            #expect(answer.items.count == min(ask.k, expected.allowed.count), note)
            ask.lend(answer.ids) { query, views in
                var query = query
                query.wantsParts = true
                _ = engine.recommend(query)
                for item in engine.slate {
                    let sum = engine.parts[item.parts].reduce(0) { $0 + $1.contribution }
                    #expect(abs(1 / (1 + exponential(-sum)) - item.score) < 1e-5, note)
                }
                _ = engine.score(views, for: query)
                #expect(engine.scores == answer.items.map(\.score), note)
            }
            engine.endTurn()
            checked += answer.items.count
        }
        #expect(checked > 300)
    }

    @Test("Trees without a weighted sum beside them leave a short time to the first stage")
    func firstStage() throws {
        let shop = TreeShop(seed: 33)
        let engine = try Engine(shop.bundle.serve())
        var ask = Ask(basket: ["i1", "i2"], k: 20, includesOutOfStock: true)
        ask.deadline = 10_000
        let answer = engine.answer(ask)
        #expect(answer.tier == .linear)
        let scores = answer.items.map(\.score)
        #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 >= $1 } && scores[0] > 0)
    }

    @Test("A boost multiplies the odds that items are ranked by, and not the score that is told")
    func boosts() throws {
        let shop = TreeShop(seed: 21)
        let engine = try Engine(shop.bundle.serve())
        var ask = Ask(basket: ["i1", "i2"], k: TreeShop.items)
        ask.includesOutOfStock = true
        let plain = engine.answer(ask)
        (ask.itemBoosts, ask.categoryBoosts) = (["i7": 50], ["All > 1": 0.02])
        let boosted = engine.answer(ask)
        func told(_ answer: Answer) -> [String: Float] {
            Dictionary(uniqueKeysWithValues: answer.items.map { ($0.id, $0.score) })
        }
        #expect(told(boosted) == told(plain))
        let odds = boosted.items.map { item in
            let path = shop.bundle.catalog.categories[Int(shop.bundle.items.index(of: item.id)!)]
            let factor: Float = (item.id == "i7" ? 50 : 1) * (path == ["All", "1"] ? 0.02 : 1)
            return factor * item.score / (1 - item.score)
        }
        #expect(zip(odds, odds.dropFirst()).allSatisfy { $0 >= $1 * 0.9999 })
        #expect(boosted.ids != plain.ids)
    }

    @Test("What a shopper keeps buying is said, and outweighs the rest of its score")
    func habits() throws {
        // One tree that asks only how often the shopper bought an item.
        var trees = TreeEnsemble(features: [.boughtShare])
        var root = TreeEnsemble.Node()
        (root.threshold, root.left, root.right) = (0.5, 1, 2)
        var (low, high) = (TreeEnsemble.Node(), TreeEnsemble.Node())
        (low.value, high.value) = (-1, 3)
        trees.append([root, low, high])
        let shop = TreeShop(seed: 11, trees: trees)
        let engine = try Engine(shop.bundle.serve())
        let user = (0..<TreeShop.users).first { user in
            let habits = shop.profiles.habits
            return habits.range(of: user).contains {
                habits.counts[$0] > 0.5 * habits.basketCounts[user]
            }
        }
        var ask = Ask()
        (ask.user, ask.includesPurchased, ask.includesOutOfStock) = ("u\(user!)", true, true)
        let answer = engine.answer(ask)
        let first = try #require(answer.items.first)
        #expect(abs(first.score - 0.9526) < 1e-4)
        #expect(first.reasons.map(\.kind) == [.boughtBefore])
        #expect(first.reasons.map(\.contribution) == [3])
        let habits = shop.profiles.habits
        let place = try #require(
            habits.range(of: user!).first {
                RandomShop.item(Int(habits.items[$0])) == first.id
            })
        ask.lend { query, _ in _ = engine.recommend(query) }
        let habit = try #require(engine.reasons[engine.slate[0].reasons.lowerBound].habit)
        #expect(habit.times == habits.counts[place])
        #expect(habit.intervalDays == habits.intervals[place])
        #expect(habit.ageDays == habits.ages[place])
    }
}

/// A seeded random bundle with item weights, profiles and trees.
struct TreeShop {
    static let items = 60
    static let users = 6
    var bundle: ModelBundle
    let profiles: Profiles
    private let trees: TreeEnsemble

    private static let features: [RankerFeature] = [
        .basketWeights, .basketWeightMax, .historyWeights, .basketLength, .basketCount,
        .boughtShare, .boughtLately, .boughtRecently, .boughtAge, .boughtInterval, .boughtDue,
        .popularity,
        .monthPopularity, .weekPopularity, .repeatRate,
    ]

    init(seed: UInt64, trees: TreeEnsemble? = nil, linear: LinearStage? = nil) {
        var random = SeededGenerator(seed: seed)
        self.trees = trees ?? Self.randomTrees(&random)
        var shop = RandomShop(seed: seed, items: Self.items, users: Self.users)
        (shop.hasEmbeddings, shop.hasItemWeights) = (false, true)
        var bundle = shop.makeBundle()
        func draw(_ range: ClosedRange<Float>) -> [Float] {
            (0..<Self.items).map { _ in Float.random(in: range, using: &random) }
        }
        var habits = Habits()
        for _ in 0..<Self.users {
            let count = Int.random(in: 0...10, using: &random)
            habits.items += (0..<Self.items).shuffled(using: &random).prefix(count).map(Int32.init)
            habits.offsets.append(habits.items.count)
            habits.basketCounts.append(Float(Int.random(in: 4...8, using: &random)))
        }
        for _ in habits.items {
            habits.counts.append(Float(Int.random(in: 1...4, using: &random)))
            habits.lately.append(Float.random(in: 0...3, using: &random))
            habits.recently.append(Float.random(in: 0...3, using: &random))
            habits.ages.append(Float.random(in: 0...90, using: &random))
            habits.intervals.append(Float.random(in: 0...90, using: &random))
        }
        profiles = Profiles(
            monthSales: draw(0...40), weekSales: draw(0...9), repeatRates: draw(0...1),
            repeatIntervals: draw(0...90), repeatSpreads: draw(0...20),
            habits: habits)
        bundle.parts.profiles = profiles
        var ranker = RankerParts(features: [.basketWeights, .historyWeights], wide: [0.99, 0.01])
        (ranker.trees, ranker.linear) = (self.trees, linear)
        bundle.parts.ranker = ranker
        self.bundle = bundle
    }

    /// Trees of any shape, with thresholds that split what features can be.
    private static func randomTrees(_ random: inout SeededGenerator) -> TreeEnsemble {
        var trees = TreeEnsemble(features: features)
        for _ in 0..<30 {
            var tree = [TreeEnsemble.Node()]
            for _ in 0..<Int.random(in: 0...9, using: &random) {
                let leaves = tree.indices.filter { tree[$0].isLeaf }
                let place = leaves.randomElement(using: &random)!
                tree[place].feature = Int32(features.indices.randomElement(using: &random)!)
                tree[place].threshold = Float(
                    [0.05, 0.3, 1, 2.5, 20].randomElement(using: &random)!)
                (tree[place].left, tree[place].right) = (Int32(tree.count), Int32(tree.count + 1))
                tree += [TreeEnsemble.Node(), TreeEnsemble.Node()]
            }
            for node in tree.indices { tree[node].value = Float(random.nextNormal()) }
            trees.append(tree)
        }
        return trees
    }

    /// Every item's score, and the allowed candidates' scores, best first; by the trees, or by a sum.
    func ranking(
        _ ask: Ask, by linear: LinearStage? = nil
    ) -> (scores: [String: Double], allowed: [Double]) {
        func ordinals(_ ids: [String]) -> [Int] {
            var known: [Int] = []
            for id in ids {
                guard let ordinal = bundle.items.index(of: id).map({ Int($0) }) else { continue }
                if !known.contains(ordinal) { known.append(ordinal) }
            }
            return known
        }
        let basket = ordinals(ask.basket)
        let user = ask.user.flatMap { bundle.users.index(of: $0) }.map { Int($0) }
        let histories = bundle.histories!
        let past = user.map { histories.columns[histories.row($0)].map { Int($0) } } ?? []
        let weights = bundle.parts.itemWeights!
        func edges(_ item: Int) -> [(item: Int, weight: Double)] {
            weights.range(of: item).map { (Int(weights.items[$0]), Double(weights.scores[$0])) }
        }
        let habits = profiles.habits
        let own = user.map { habits.range(of: $0) } ?? 0..<0
        var scores: [String: Double] = [:]
        for item in 0..<Self.items {
            let fromBasket = basket.map { edges($0).filter { $0.item == item } }.joined()
            let fromPast = past.map { edges($0).filter { $0.item == item } }.joined()
            let slot = own.first { habits.items[$0] == item }
            func habit(_ column: [Float], _ absent: Float) -> Double {
                Double(slot.map { column[$0] } ?? absent)
            }
            let count = user.map { habits.basketCounts[$0] } ?? 0
            func sales(_ column: [Float]) -> Double {
                Double(RankerFeature.popularity(column[item]))
            }
            let values: [RankerFeature: Double] = [
                .basketWeights: fromBasket.reduce(0) { $0 + $1.weight },
                .basketWeightMax: fromBasket.reduce(0) { max($0, $1.weight) },
                .historyWeights: fromPast.reduce(0) { $0 + $1.weight },
                .basketLength: Double(basket.count), .basketCount: Double(count),
                .boughtShare: habit(habits.counts, 0) / Double(max(1, count)),
                .boughtLately: habit(habits.lately, 0),
                .boughtRecently: habit(habits.recently, 0),
                .boughtAge: habit(habits.ages, RankerFeature.neverBought),
                .boughtInterval: habit(habits.intervals, RankerFeature.neverBought),
                .boughtDue: habit(profiles.dues, RankerFeature.neverBought),
                .popularity: sales(bundle.parts.popularity),
                .monthPopularity: sales(profiles.monthSales),
                .weekPopularity: sales(profiles.weekSales),
                .repeatRate: Double(profiles.repeatRates[item]),
            ]
            var score = 0.0
            if let linear {
                score = zip(linear.features, linear.weights).reduce(Double(linear.bias)) {
                    $0 + values[$1.0]! * Double($1.1)
                }
            }
            for tree in 0..<(linear == nil ? trees.count : 0) {
                let nodes = trees.nodes[trees.starts[tree]..<trees.starts[tree + 1]]
                var node = nodes.first!
                while !node.isLeaf {
                    let feature = trees.features[Int(node.feature)]
                    let isAbove = values[feature]! > Double(node.threshold)
                    node = nodes[nodes.startIndex + Int(isAbove ? node.right : node.left)]
                }
                score += Double(node.value)
            }
            // Either sum is log-odds.
            scores[RandomShop.item(item)] = 1 / (1 + exponential(-score))
        }
        let barred = Set(
            basket + ordinals(ask.exclusions)
                + (ask.includesPurchased ? [] : past + own.map { Int(habits.items[$0]) }))
        let allowed = (0..<Self.items).filter {
            !barred.contains($0)
                && ask.isWithinCatalogRules(RandomShop.item($0), bundle)
                && (ask.includesOutOfStock || bundle.catalog.stocks[$0] != 0)
        }
        // As many as the trends' share of a block: all of them are candidates.
        return (scores, allowed.map { scores[RandomShop.item($0)]! }.sorted(by: >))
    }
}
