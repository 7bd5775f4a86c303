import Foundation
import Interactions
import ModelParts
import Models
import Testing

@Suite struct CoPurchaseTests {
    /// Lists by counts alone, unless `change` says otherwise.
    private func lists(
        _ baskets: SparseMatrix, users: SparseMatrix? = nil, threads: Int = 2,
        _ change: (inout CoPurchase) -> Void = { _ in }
    ) throws -> NeighborLists {
        var model = CoPurchase()
        model.smoothing = 0
        change(&model)
        let nobody = SparseMatrix(rows: 0, columnCount: baskets.columnCount, entries: [])
        let parts = try model.train(
            on: TrainingData(interactions: users ?? nobody, baskets: baskets),
            with: TrainingContext(threads: threads, seed: 1))
        return try #require(parts.neighbors[.complement])
    }

    @Test func `lift, confidence and score can be worked out by hand`() throws {
        // Tea (0) in 3 baskets, cake (1) in 3, both in 2, of 5.
        let found = try lists(
            makeMatrix([[0, 1], [0, 1], [0, 2], [1], [2]], columns: 3)
        ) {
            $0.shrinkage = 1
            $0.confidenceShare = 1
        }
        #expect(found.offsets == [0, 1, 2, 2])
        #expect(found.items == [1, 0])
        #expect(abs(found.lifts[0] - 2 * 5 / 9) < 1e-6)
        #expect(abs(found.confidences[0] - 2 / 3) < 1e-6)
        #expect(abs(found.scores[0] - 2 / 4) < 1e-6)
    }

    @Test(arguments: [51, 52, 53] as [UInt64])
    func `lists equal a brute-force count`(seed: UInt64) throws {
        let baskets = makeRandomData(users: 400, items: 80, pairs: 3_000, seed: seed).baskets!
        let found = try lists(baskets) { $0.neighborsMax = 7 }
        let held = (0..<80).map { item in
            Set((0..<400).filter { baskets.columns[baskets.row($0)].contains(Int32(item)) })
        }
        let filled = (0..<400).count { !baskets.row($0).isEmpty }
        for i in 0..<80 {
            var expected: [(item: Int32, score: Double)] = []
            for j in 0..<80 where j != i {
                let both = Double(held[i].intersection(held[j]).count)
                let (own, other) = (Double(held[i].count), Double(held[j].count))
                guard both >= 2, both * Double(filled) > own * other else { continue }
                expected.append(
                    (Int32(j), pow(both / (own + 10), 0.5) * pow(both / (other + 10), 0.5)))
            }
            let range = found.range(of: i)
            #expect(range.count == min(7, expected.count), "item \(i), seed \(seed)")
            let scores = Dictionary(uniqueKeysWithValues: expected.map { ($0.item, $0.score) })
            let best = expected.map(\.score).sorted(by: >)
            for (place, entry) in range.enumerated() {
                let score = try #require(scores[found.items[entry]], "item \(i), seed \(seed)")
                #expect(abs(Double(found.scores[entry]) - score) < 1e-5)
                #expect(abs(best[place] - score) < 1e-5, "item \(i), place \(place), seed \(seed)")
            }
        }
    }

    @Test func `scores are 0 to 1 and fall, equals are in the order of their numbers`() throws {
        let baskets = makeRandomData(users: 500, items: 60, pairs: 6_000, seed: 54).baskets!
        let found = try lists(baskets) { $0.shrinkage = 0 }
        #expect(found.scores.allSatisfy { $0 > 0 && $0 <= 1 })
        #expect(found.lifts.allSatisfy { $0 > 1 })
        for item in 0..<60 {
            for (k, next) in zip(found.range(of: item), found.range(of: item).dropFirst()) {
                #expect(
                    (found.scores[next], found.items[k]) < (found.scores[k], found.items[next]))
            }
        }
    }

    @Test(arguments: [61, 62, 63] as [UInt64])
    func
        `what is expected of a pair is its co-occurrence in baskets and histories, where dimensions suffice`(
            seed: UInt64
        ) throws
    {
        let data = makeRandomData(users: 60, items: 14, pairs: 150, seed: seed)
        let (baskets, users) = (data.baskets!, data.interactions)
        let found = try lists(baskets, users: users) { $0.smoothing = 10 }
        let all = [baskets, users].flatMap { matrix in
            (0..<matrix.rows).map { Set(matrix.columns[matrix.row($0)]) }
        }
        let rows = all.filter { $0.count > 1 }
        let filled = (0..<baskets.rows).map { Set(baskets.columns[baskets.row($0)]) }
            .filter { !$0.isEmpty }
        func n(_ i: Int32) -> Double { Double(rows.count { $0.contains(i) }) }
        func held(_ i: Int32) -> Double { Double(filled.count { $0.contains(i) }) }
        let total = rows.reduce(0.0) { $0 + Double($1.count) }
        for i in Int32(0)..<14 {
            var expected: [Int32: Double] = [:]
            var isCounted: Set<Int32> = []
            for j in Int32(0)..<14 where j != i {
                let both = Double(filled.count { $0.contains(i) && $0.contains(j) })
                let together = rows.filter { $0.contains(i) && $0.contains(j) }
                    .reduce(0.0) { $0 + 1 / Double($1.count) }
                let q = n(i) * n(j) > 0 ? together / (n(i) * n(j)).squareRoot() : 0
                let chance = (n(i) * n(j)).squareRoot() / total
                let beyond = both - held(i) * held(j) / Double(filled.count)
                guard both >= 2 ? beyond > 1e-9 : q > 1e-4 && beyond + 10 * (q - chance) > 0
                else { continue }
                if both >= 2 { isCounted.insert(j) }
                expected[j] =
                    ((both >= 2 ? both : 0) + 10 * q)
                    / ((max(1, held(i)) + 10) * (max(1, held(j)) + 10)).squareRoot()
            }
            let range = found.range(of: Int(i))
            // What is barely above chance may be left out for rounding, and the other way round.
            #expect(abs(range.count - expected.count) <= 1, "item \(i), seed \(seed)")
            for entry in range {
                guard let score = expected[found.items[entry]] else { continue }
                #expect(
                    abs(Double(found.scores[entry]) - score) < 1e-3 * score + 1e-6,
                    "\(i) -> \(found.items[entry]), seed \(seed)")
                let counted = isCounted.contains(found.items[entry])
                #expect((found.confidences[entry] > 0) == counted)
                #expect((found.lifts[entry] > 1) == counted)
            }
        }
    }

    @Test(arguments: [65, 66] as [UInt64])
    func
        `items that one basket holds together follow those that more do, if they share what goes with them`(
            seed: UInt64
        ) throws
    {
        // Four kinds of 60 items, and baskets of three of a kind, so that one pair in ten is seen twice.
        var generator = SeededGenerator(seed: seed)
        let baskets = makeMatrix(
            (0..<1_200).map { basket in
                let kind = Int32(basket % 4) * 60
                return Array((kind..<kind + 60).shuffled(using: &generator).prefix(3)).sorted()
            }, columns: 240)
        let counted = try lists(baskets)
        let found = try lists(baskets) { $0.smoothing = 10 }
        var (alike, followers) = (0, 0)
        for item in 0..<240 {
            let (all, few) = (found.range(of: item), counted.range(of: item))
            #expect(all.count > few.count && few.count < 40, "\(item), seed \(seed)")
            #expect(Set(found.items[all.prefix(few.count)]) == Set(counted.items[few]))
            for entry in all.dropFirst(few.count) {
                #expect(found.lifts[entry] == 0 && found.confidences[entry] == 0)
                followers += 1
                alike += Int(found.items[entry]) / 60 == item / 60 ? 1 : 0
            }
        }
        #expect(Double(alike) > 0.9 * Double(followers), "\(alike) of \(followers), seed \(seed)")
    }

    @Test func `bestsellers that baskets keep apart do not go together`() throws {
        // 0 and 1 both go with 2, and never with each other.
        let rows: [[Int32]] =
            Array(repeating: [0, 2], count: 400) + Array(repeating: [1, 2], count: 400)
            + Array(repeating: [3, 4], count: 100)
        let found = try lists(makeMatrix(rows, columns: 5)) { $0.smoothing = 10 }
        #expect(!found.items[found.range(of: 0)].contains(1))
    }

    @Test func `expectations do not depend on the number of threads`() throws {
        let data = makeRandomData(users: 900, items: 400, pairs: 4_000, seed: 64)
        let found = try [1, 3].map { threads in
            try lists(data.baskets!, users: data.interactions, threads: threads) {
                $0.smoothing = 10
            }
        }
        #expect(found[0] == found[1])
        #expect(found[0].confidences.contains(0) && found[0].confidences.contains { $0 > 0 })
    }

    @Test func `a basket over the limit is as if it were not there`() throws {
        let small: [[Int32]] = [[0, 1], [0, 1], [2, 3], [2, 3], [4]]
        let all = small + [Array(0..<10)]
        let reference = try lists(makeMatrix(small, columns: 10))
        #expect(try lists(makeMatrix(all, columns: 10)) { $0.basketItemsMax = 9 } == reference)
        #expect(try lists(makeMatrix(all, columns: 10)) { $0.basketItemsMax = 10 } != reference)
    }

    @Test func `pairs below the support, and those no more common than chance, are left out`()
        throws
    {
        let rows: [[Int32]] = [[0, 1], [0, 2], [0, 2], [0, 3], [0, 3], [0]]
        // Item 0 is in every basket: its lift is 1 with each.
        #expect(try lists(makeMatrix(rows, columns: 4)).items.isEmpty)
        let pairs: [[Int32]] = [[1, 2], [3, 4], [3, 4], [5]]
        #expect(try lists(makeMatrix(pairs, columns: 6)).items == [4, 3])
    }

    @Test func `independent items are no neighbors either way, whatever their counts`() throws {
        for (n, a, b) in [(10, 5, 4), (49, 7, 14), (70, 10, 21), (77, 22, 7), (90, 27, 30)] {
            // a of n baskets hold 0 and b hold 1, a b / n of them both.
            let both = a * b / n
            #expect(both * n == a * b)
            let rows = (0..<n).map { basket -> [Int32] in
                let hasFirst = basket < a
                let hasSecond = hasFirst ? basket < both : basket < a + b - both
                return (hasFirst ? [0] : []) + (hasSecond ? [1] : []) + [2]
            }
            let found = try lists(makeMatrix(rows, columns: 3))
            #expect(found.items.isEmpty, "\(n), \(a), \(b)")
            let rules = try Association().rules(
                in: makeMatrix(rows, columns: 3), with: TrainingContext(threads: 1, seed: 1))
            #expect(rules.isEmpty)
        }
    }

    @Test func `settings out of range and missing baskets are refused`() throws {
        let some = makeMatrix([[0, 1], [0, 1], [2]], columns: 3)
        let changes: [(String, @Sendable (inout CoPurchase) -> Void)] = [
            ("neighbors_max", { $0.neighborsMax = 0 }), ("support_min", { $0.supportMin = 0 }),
            ("basket_items_max", { $0.basketItemsMax = 0 }), ("shrinkage", { $0.shrinkage = -1 }),
            ("smoothing", { $0.smoothing = .infinity }),
            ("confidence_share", { $0.confidenceShare = .nan }),
            ("no basket of 1 to 200 items", { _ in }),
        ]
        for (name, change) in changes {
            let data = name.hasPrefix("no") ? makeMatrix([[]], columns: 3) : some
            let error = #expect(throws: TrainingError.self) { try lists(data, change) }
            #expect(try #require(error).description.hasPrefix("copurchase: \(name)"))
        }
    }
}
