import CKernels
import Evaluation
import Foundation
import Interactions
import Models
import Testing

/// The models that are item weights, against plain references in double precision.
@Suite struct LinearModelTests {
    /// Every two items have a user in common.
    private let data = makeRandomData(users: 120, items: 40, pairs: 3_000, seed: 61)
    private let context = TrainingContext(threads: 2, seed: 1)

    /// Users x items, 1 where taken.
    private var dense: [[Double]] {
        (0..<120).map { user in
            var row = Array(repeating: 0.0, count: 40)
            for item in data.interactions.columns[data.interactions.row(user)] {
                row[Int(item)] = 1
            }
            return row
        }
    }

    private func count(_ i: Int, _ j: Int) -> Double { dense.reduce(0) { $0 + $1[i] * $1[j] } }

    /// Source by target.
    private func table(_ model: some Recommender) throws -> [[Double]] {
        let lists = try #require(try model.train(on: data, with: context).itemWeights)
        #expect(lists.offsets.count == 41)
        var table = Array(repeating: Array(repeating: 0.0, count: 40), count: 40)
        for source in 0..<40 {
            let scores = lists.scores[lists.range(of: source)]
            #expect(scores == scores.sorted(by: >)[...])
            for entry in lists.range(of: source) {
                table[source][Int(lists.items[entry])] = Double(lists.scores[entry])
            }
        }
        return table
    }

    private func expectEqual(_ found: [[Double]], _ expected: [[Double]], within limit: Double) {
        for (i, row) in expected.enumerated() {
            for (j, value) in row.enumerated() {
                #expect(abs(found[i][j] - value) <= limit, "\(i) -> \(j)")
            }
        }
    }

    /// The inverse by Gauss-Jordan elimination in double precision.
    private func inverse(_ matrix: [[Double]]) -> [[Double]] {
        let n = matrix.count
        var rows = matrix.enumerated().map { i, row in row + (0..<n).map { $0 == i ? 1 : 0 } }
        for pivot in 0..<n {
            rows[pivot] = rows[pivot].map { $0 / rows[pivot][pivot] }
            for i in 0..<n where i != pivot {
                let factor = rows[i][pivot]
                for j in 0..<2 * n { rows[i][j] -= factor * rows[pivot][j] }
            }
        }
        return rows.map { Array($0[n...]) }
    }

    @Test(arguments: ItemKNN.Similarity.allCases)
    func `item-knn's similarities are their formulas`(similarity: ItemKNN.Similarity) throws {
        var model = ItemKNN()
        (model.similarity, model.shrinkage, model.popularityExponent) = (similarity, 3, 0.4)
        model.activityExponent = 0.5
        let rows = dense
        let mean = Double(data.interactions.nonZeroCount) / 120
        let voices = rows.map { (mean / $0.reduce(0, +)).squareRoot() }
        let counts = (0..<40).map { i in
            (0..<40).map { j in
                zip(rows, voices).reduce(0.0) { $0 + $1.0[i] * $1.0[j] * $1.1 }
            }
        }
        let expected = (0..<40).map { j in
            (0..<40).map { i in
                guard i != j, counts[i][j] > 0 else { return 0.0 }
                let (both, source, target) = (counts[i][j], counts[j][j], counts[i][i])
                let (users, others) = (Double(count(j, j)), Double(count(i, i)))
                let value =
                    switch similarity {
                    case .cosine: both / (source * target).squareRoot()
                    case .jaccard: both / (source + target - both)
                    case .lift: both * voices.reduce(0, +) / (source * target)
                    case .conditionalProbability: both / (source * pow(target, 0.4))
                    case .asymmetricCosine: both / (pow(source, 0.6) * pow(target, 0.4))
                    case .linkPropagation: both / (pow(users, 0.6) * pow(others, 0.4))
                    }
                return value * both / (both + 3)
            }
        }
        expectEqual(try table(model), expected, within: 1e-5)
    }

    @Test func `item-knn keeps the nearest sources of each item`() throws {
        var model = ItemKNN()
        model.neighborsMax = 40
        let all = try table(model)
        model.neighborsMax = 3
        let some = try table(model)
        for target in 0..<40 {
            let column = all.map { $0[target] }
            let kept = some.map { $0[target] }.filter { $0 > 0 }.sorted(by: >)
            #expect(kept == Array(column.filter { $0 > 0 }.sorted(by: >).prefix(3)))
        }
    }

    @Test func `ease is its closed form`() throws {
        var model = EASE()
        model.regularization = 20
        let system = (0..<40).map { i in (0..<40).map { j in count(i, j) + (i == j ? 20 : 0) } }
        let inverse = inverse(system)
        let expected = (0..<40).map { j in
            (0..<40).map { i in i == j ? 0 : -inverse[j][i] / inverse[i][i] }
        }
        expectEqual(try table(model), expected, within: 1e-5)
    }

    @Test func `slim with every item, signs and no l1 is ease`() throws {
        var (slim, ease) = (SLIM(), EASE())
        (slim.l2, slim.l1, slim.isNonNegative) = (20, 0, false)
        (slim.l2Exponent, slim.activityExponent, slim.popularityExponent) = (0, 0, 0)
        (slim.tolerance, slim.sweepsMax) = (1e-6, 1000)
        ease.regularization = 20
        expectEqual(try table(slim), try table(ease), within: 1e-4)
    }

    @Test(arguments: [false, true], [Float(0), 0.6])
    func `slim's weights are where no single one can better the objective`(
        nonNegative: Bool, exponent: Float
    ) throws {
        var model = SLIM()
        (model.l1, model.l2, model.isNonNegative) = (2, 5, nonNegative)
        (model.tolerance, model.sweepsMax) = (1e-6, 1000)
        (model.l2Exponent, model.activityExponent) = (exponent, exponent / 2)
        model.popularityExponent = exponent / 3
        let rows = dense
        let lengths = rows.map { $0.reduce(0, +) }
        let length = lengths.reduce(0, +) / 120
        let voices = lengths.map { pow($0 / length, -Double(exponent) / 2) }
        let counts = (0..<40).map { i in zip(rows, voices).reduce(0) { $0 + $1.0[i] * $1.1 } }
        let mean = counts.reduce(0, +) / 40
        let found = try table(model)
        let weights = found.map { row in
            row.enumerated().map { $1 * pow(counts[$0] / mean, Double(exponent) / 3) }
        }
        #expect(!nonNegative || weights.allSatisfy { $0.allSatisfy { $0 >= 0 } })
        #expect(weights.joined().contains { $0 != 0 } && weights.joined().contains { $0 == 0 })
        for i in 0..<40 {
            let residuals = zip(rows, voices).map { user, voice in
                voice * (user[i] - (0..<40).reduce(0) { $0 + user[$1] * weights[$1][i] })
            }
            for j in 0..<40 where j != i {
                let w = weights[j][i]
                let ridge = 5 * pow(counts[j] / mean, Double(exponent))
                let slope = zip(rows, residuals).reduce(0) { $0 + $1.0[j] * $1.1 } - ridge * w
                if w > 0 {
                    #expect(abs(slope - 2) < 1e-3, "\(j) -> \(i)")
                } else if w < 0 {
                    #expect(abs(slope + 2) < 1e-3, "\(j) -> \(i)")
                } else {
                    #expect(slope < 2 + 1e-3 && (nonNegative || slope > -2 - 1e-3), "\(j) -> \(i)")
                }
            }
        }
    }

    @Test func `ease says what to do where its matrix is not positive definite`() {
        var model = EASE()
        model.regularization = 1e-9
        // All four took both items: the second pivot is 4 - 4 * 4 / 4.
        let twins = makeMatrix([[0, 1], [0, 1], [0, 1], [0, 1]], columns: 2)
        let error = #expect(throws: TrainingError.self) {
            try model.train(on: TrainingData(interactions: twins, baskets: nil), with: context)
        }
        #expect(error?.description.contains("not positive definite") == true)
        #expect(error?.description.contains("raise regularization") == true)
    }

    @Test func `ease refuses too many items with the memory they take`() {
        var model = EASE()
        model.memoryBytesMax = 100 << 20
        let many = makeMatrix((0..<10_000).map { [$0] }, columns: 10_000)
        let error = #expect(throws: TrainingError.self) {
            try model.train(on: TrainingData(interactions: many, baskets: nil), with: context)
        }
        #expect(error?.description.contains("10000 items take 381 MiB") == true)
    }

    @Test func `settings out of range are refused by name`() {
        func expectRefusal<Model: Recommender>(
            _ model: Model, _ name: String, _ change: (inout Model) -> Void
        ) {
            var model = model
            change(&model)
            let error = #expect(throws: TrainingError.self) {
                try model.train(on: data, with: context)
            }
            #expect(error?.description.hasPrefix("\(Model.name): \(name) must") == true)
        }
        expectRefusal(ItemKNN(), "shrinkage") { $0.shrinkage = -1 }
        expectRefusal(ItemKNN(), "popularity_exponent") { $0.popularityExponent = 2 }
        expectRefusal(ItemKNN(), "activity_exponent") { $0.activityExponent = -1 }
        expectRefusal(ItemKNN(), "neighbors_max") { $0.neighborsMax = 0 }
        expectRefusal(UserKNN(), "shrinkage") { $0.shrinkage = .infinity }
        expectRefusal(UserKNN(), "rarity_exponent") { $0.rarityExponent = -1 }
        expectRefusal(UserKNN(), "amplification") { $0.amplification = 0 }
        expectRefusal(UserKNN(), "neighbors_max") { $0.neighborsMax = 0 }
        expectRefusal(UserKNN(), "users_max") { $0.usersMax = 0 }
        expectRefusal(UserKNN(), "list_max") { $0.listMax = 0 }
        expectRefusal(EASE(), "regularization") { $0.regularization = -1 }
        expectRefusal(EASE(), "weights_max") { $0.weightsMax = 0 }
        expectRefusal(EASE(), "memory_bytes_max") { $0.memoryBytesMax = 0 }
        expectRefusal(SLIM(), "l1") { $0.l1 = .nan }
        expectRefusal(SLIM(), "l2") { $0.l2 = -1 }
        expectRefusal(SLIM(), "l2_exponent") { $0.l2Exponent = 1.1 }
        expectRefusal(SLIM(), "activity_exponent") { $0.activityExponent = -1 }
        expectRefusal(SLIM(), "popularity_exponent") { $0.popularityExponent = -0.1 }
        expectRefusal(SLIM(), "candidates_max") { $0.candidatesMax = 0 }
        expectRefusal(SLIM(), "sweeps_max") { $0.sweepsMax = 0 }
        expectRefusal(SLIM(), "tolerance") { $0.tolerance = 0 }
    }

    @Test func `products and powers that come out as 0 stay in bounds`() throws {
        // Thirty users took the same forty items so long ago that products of two values are 0.
        var entries: [(row: Int32, column: Int32, value: Float)] = []
        for user in 0..<Int32(30) {
            for item in 0..<Int32(40) { entries.append((user, item, 1e-30)) }
            entries.append((user, 40 + user, 1))
        }
        let data = TrainingData(
            interactions: SparseMatrix(rows: 30, columnCount: 70, entries: entries), baskets: nil)
        var model = UserKNN()
        for amplification in [2, 20, 60] as [Float] {
            model.amplification = amplification
            let lists = try #require(try model.train(on: data, with: context).userLists)
            for user in 0..<30 {
                let list = Array(lists.items[lists.range(of: user)])
                #expect(Set(list).count == list.count)
                // What she has taken is not on it, nor is anything twice.
                #expect(!list.contains { $0 < 40 || $0 == Int32(40 + user) })
            }
        }
    }

    @Test(arguments: UserKNN.Similarity.allCases)
    func `user-knn's lists are the textbook sum`(similarity: UserKNN.Similarity) throws {
        var model = UserKNN()
        (model.similarity, model.shrinkage, model.neighborsMax) = (similarity, 2, 7)
        (model.rarityExponent, model.amplification, model.usersMax) = (0.5, 2, 20)
        let lists = try #require(try model.train(on: data, with: context).userLists)
        let rows = (0..<120).map { user in
            var row = Array(repeating: 0.0, count: 40)
            for entry in data.interactions.row(user) {
                row[Int(data.interactions.columns[entry])] = Double(data.interactions.values[entry])
            }
            return row
        }
        let rarity = (0..<40).map { log(121 / count($0, $0)).squareRoot() }
        let profiles = rows.map { zip($0, rarity).map { $0 * $1 } }
        func product(_ a: [Double], _ b: [Double]) -> Double {
            zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        }
        for user in 0..<120 {
            let own = product(profiles[user], profiles[user])
            let nearest = (0..<120).filter { $0 != user }.map { other in
                let both = product(profiles[user], profiles[other])
                let square = product(profiles[other], profiles[other])
                let divisor =
                    similarity == .cosine ? (own * square).squareRoot() : own + square - both
                return (user: other, similarity: both / (divisor + 2))
            }.sorted { ($1.similarity, $0.user) < ($0.similarity, $1.user) }.prefix(20)
            var expected = Array(repeating: 0.0, count: 40)
            for item in 0..<40 where rows[user][item] == 0 {
                for one in nearest.filter({ rows[$0.user][item] > 0 }).prefix(7) {
                    expected[item] += one.similarity * one.similarity * rows[one.user][item]
                }
            }
            var found = Array(repeating: 0.0, count: 40)
            for entry in lists.range(of: user) {
                found[Int(lists.items[entry])] = Double(lists.scores[entry])
            }
            for item in 0..<40 {
                #expect(abs(found[item] - expected[item]) < 1e-4, "user \(user), item \(item)")
            }
        }
    }
}
