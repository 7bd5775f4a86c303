import Foundation
import Interactions
import Models
import Testing

@Suite struct AssociationTests {
    private let context = TrainingContext(threads: 2, seed: 1)

    @Test(arguments: [81, 82, 83] as [UInt64])
    func `frequent sets are all there are, each once`(seed: UInt64) throws {
        let baskets = makeRandomData(users: 150, items: 14, pairs: 700, seed: seed).baskets!
        var model = Association()
        (model.supportMin, model.ruleItemsMax) = (0.06, 4)
        let contents = (0..<150).map { Set(baskets.columns[baskets.row($0)]) }
        var expected: [[Int32]: Int] = [:]
        for mask in 1..<(1 << 14) where mask.nonzeroBitCount <= 4 {
            let items = (0..<Int32(14)).filter { mask >> Int($0) & 1 == 1 }
            let support = contents.count { $0.isSuperset(of: items) }
            if support >= 9 { expected[items] = support }
        }
        let found = try model.frequentSets(in: baskets, with: context)
        #expect(found.count == expected.count, "seed \(seed)")
        #expect(found.contains { $0.items.count > 2 })
        for set in found { #expect(expected[set.items] == set.support, "\(set), seed \(seed)") }
    }

    @Test func `a share of baskets is as many as it says, to the basket`() throws {
        for (total, held, share) in [
            (25, 7, 0.28), (100, 29, 0.29), (10, 3, 0.3), (1000, 57, 0.057),
        ] {
            let rows = (0..<total).map { $0 < held ? [0, 1] as [Int32] : [2] }
            var model = Association()
            model.supportMin = share
            let sets = try model.frequentSets(in: makeMatrix(rows, columns: 3), with: context)
            #expect(sets.contains { $0.items == [0, 1] && $0.support == held }, "\(share)")
            model.supportMin = share + 0.001
            let fewer = try model.frequentSets(in: makeMatrix(rows, columns: 3), with: context)
            #expect(!fewer.contains { $0.items == [0, 1] }, "\(share)")
        }
    }

    @Test func `a rule's measures can be worked out by hand`() throws {
        // Tea (0) in 4 of 8 baskets, cake (1) in 5, both in 4.
        let baskets = makeMatrix(
            [[0, 1], [0, 1], [0, 1], [0, 1], [1], [2], [2], [2]], columns: 3)
        var model = Association()
        model.significanceMax = 0.2
        let rules = try model.rules(in: baskets, with: context)
        #expect(rules.map { [$0.antecedent[0], $0.consequent] } == [[1, 0], [0, 1]])
        let (back, forth) = (rules[0], rules[1])
        #expect(forth.support == 4 && forth.confidence == 1 && forth.conviction == .infinity)
        #expect(abs(forth.lift - 8.0 / 5) < 1e-12)
        #expect(abs(back.confidence - 0.8) < 1e-12 && abs(back.lift - 8.0 / 5) < 1e-12)
        #expect(abs(back.conviction - 0.5 / 0.2) < 1e-12)
        // All four teas among the five cakes: 5 choose 4 of 8 choose 4.
        #expect(abs(forth.significance - 5.0 / 70) < 1e-12)
        model.significanceMax = 0.07
        #expect(try model.rules(in: baskets, with: context).isEmpty)
    }

    @Test(arguments: [84, 85] as [UInt64])
    func `significance is the tail of the hypergeometric distribution`(seed: UInt64) throws {
        let baskets = makeRandomData(users: 60, items: 10, pairs: 250, seed: seed).baskets!
        var model = Association()
        (model.confidenceMin, model.liftMin, model.significanceMax) = (0, 0, 1)
        (model.supportMin, model.ruleItemsMax) = (0.03, 3)
        let rules = try model.rules(in: baskets, with: context)
        let contents = (0..<60).map { Set(baskets.columns[baskets.row($0)]) }
        func choose(_ n: Int, _ k: Int) -> Double {
            guard 0...n ~= k else { return 0 }
            return (0..<k).reduce(1) { $0 * Double(n - $1) / Double($1 + 1) }
        }
        #expect(rules.contains { $0.antecedent.count == 2 })
        for rule in rules {
            let left = contents.count { $0.isSuperset(of: rule.antecedent) }
            let right = contents.count { $0.contains(rule.consequent) }
            let tail = (rule.support...min(left, right)).reduce(0) {
                $0 + choose(right, $1) * choose(60 - right, left - $1) / choose(60, left)
            }
            #expect(abs(rule.significance - tail) < 1e-9, "\(rule), seed \(seed)")
        }
    }

    @Test func `a model's lists are the rules from one item, by confidence`() throws {
        let baskets = makeRandomData(users: 400, items: 30, pairs: 2_000, seed: 86).baskets!
        var model = Association()
        (model.ruleItemsMax, model.significanceMax, model.neighborsMax) = (3, 1, 4)
        let rules = try model.rules(in: baskets, with: context).filter { $0.antecedent.count == 1 }
        let none = SparseMatrix(rows: 0, columnCount: 30, entries: [])
        let parts = try model.train(
            on: TrainingData(interactions: none, baskets: baskets), with: context)
        let lists = try #require(parts.neighbors[.complement])
        for item in 0..<30 {
            let own = rules.filter { $0.antecedent == [Int32(item)] }
            let best = own.map { Float($0.confidence) }.sorted(by: >).prefix(4)
            #expect(lists.scores[lists.range(of: item)] == best)
            for entry in lists.range(of: item) {
                let rule = try #require(own.first { $0.consequent == lists.items[entry] })
                #expect(lists.lifts[entry] == Float(rule.lift))
            }
        }
        #expect(!lists.items.isEmpty)
    }

    @Test func `settings out of range, no baskets and too many sets are refused`() throws {
        let some = makeMatrix([[0, 1, 2], [0, 1, 2], [2]], columns: 3)
        let changes: [(String, @Sendable (inout Association) -> Void)] = [
            ("support_min", { $0.supportMin = 0 }), ("confidence_min", { $0.confidenceMin = 2 }),
            ("lift_min", { $0.liftMin = -1 }), ("significance_max", { $0.significanceMax = 0 }),
            ("rule_items_max", { $0.ruleItemsMax = 1 }), ("sets_max", { $0.setsMax = 0 }),
            ("neighbors_max", { $0.neighborsMax = 0 }), ("more than 3 sets", { $0.setsMax = 3 }),
            ("no baskets", { _ in }),
        ]
        for (name, change) in changes {
            var model = Association()
            change(&model)
            let data = TrainingData(
                interactions: makeMatrix([[0]], columns: 3),
                baskets: name.hasPrefix("no ") ? nil : some)
            let error = #expect(throws: TrainingError.self) {
                try model.train(on: data, with: context)
            }
            #expect(error?.description.hasPrefix("association: \(name)") == true)
        }
    }
}
