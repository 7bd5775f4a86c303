import Interactions
import ModelParts
import Models
import Testing

@Suite struct TwoTowerTests {
    private var small: TwoTower {
        var model = RecommenderTests.smallTwoTower
        model.temperature = 0.2
        return model
    }

    private func embeddings(_ model: TwoTower, _ data: TrainingData, threads: Int = 2) throws
        -> (users: Matrix, items: Matrix)
    {
        let parts = try model.train(on: data, with: TrainingContext(threads: threads, seed: 3))
        let embeddings = try #require(parts.embeddings)
        #expect(embeddings.foldIn == nil)
        return (try #require(embeddings.users), embeddings.items)
    }

    private func product(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>) -> Float {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test func `with a temperature no score is above one over it, without one they are free`()
        throws
    {
        let (users, items) = try embeddings(small, makeCheckerboard(size: 20))
        for (matrix, row) in [(users, 3), (items, 7)] {
            #expect(abs(product(matrix[row: row], matrix[row: row]) - 5) < 1e-3)
        }
        var plain = small
        plain.temperature = 0
        let free = try embeddings(plain, makeCheckerboard(size: 20))
        let lengths = (0..<20).map { product(free.items[row: $0], free.items[row: $0]) }
        #expect(lengths.max()! > 1.01 * lengths.min()!)
    }

    @Test func `an item that nobody took goes by its features`() throws {
        let (users, items) = try embeddings(small, makeColdCheckerboard())
        for user in 0..<40 {
            let scores = (38..<40).map { product(users[row: user], items[row: $0]) }
            #expect(scores[user % 2] > scores[1 - user % 2], "user \(user)")
        }
    }

    @Test func `an item of which nothing is known has no vector`() throws {
        var data = makeColdCheckerboard()
        data.itemFeatures = nil
        let (_, items) = try embeddings(small, data)
        #expect(items[row: 37].contains { $0 != 0 })
        #expect(items[row: 38].allSatisfy { $0 == 0 })
    }

    @Test func `users of equal histories are alike where they have no vectors of their own`()
        throws
    {
        let data = TrainingData(
            interactions: makeMatrix([[0, 1, 2], [0, 1, 2], [2, 3], []], columns: 4), baskets: nil)
        var model = small
        model.ownVectors = 0
        let (alike, _) = try embeddings(model, data)
        #expect(Array(alike[row: 0]) == Array(alike[row: 1]))
        #expect(Array(alike[row: 0]) != Array(alike[row: 2]))
        #expect(alike[row: 3].allSatisfy { $0 == 0 })
        model.ownVectors = 1
        let (own, _) = try embeddings(model, data)
        #expect(Array(own[row: 0]) != Array(own[row: 1]))
    }

    @Test func `the bytes do not depend on threads with features and histories cut short either`()
        throws
    {
        var data = makeRandomData(users: 150, items: 200, pairs: 6_000, seed: 95)
        data.itemFeatures = makeRandomData(users: 200, items: 30, pairs: 600, seed: 96).interactions
        var model = small
        model.historyMax = 20
        model.batch = 90
        model.epochs = 2
        let reference = try embeddings(model, data, threads: 1)
        for threads in [2, 5] {
            let other = try embeddings(model, data, threads: threads)
            #expect(other == reference, "\(threads) threads")
        }
    }

    @Test func `settings out of range and features of other items are refused`() {
        let changes: [(String, @Sendable (inout TwoTower) -> Void)] = [
            ("dimensions must", { $0.dimensions = 20 }), ("hidden must", { $0.hidden = 8 }),
            ("epochs must", { $0.epochs = 0 }), ("batch must", { $0.batch = 1 }),
            ("learning_rate must", { $0.learningRate = 0 }),
            ("regularization must", { $0.regularization = -1 }),
            ("temperature must", { $0.temperature = .nan }),
            ("correction must", { $0.correction = 2 }),
            ("history_max must", { $0.historyMax = 0 }),
            ("own_vectors must", { $0.ownVectors = 2 }), ("3 rows of item features", { _ in }),
        ]
        for (rule, change) in changes {
            var model = small
            change(&model)
            var data = makeCheckerboard(size: 8)
            if rule.hasPrefix("3 rows") {
                data.itemFeatures = makeMatrix([[], [], []], columns: 1)
            }
            let error = #expect(throws: TrainingError.self) {
                try model.train(on: data, with: TrainingContext(threads: 1, seed: 1))
            }
            #expect(error?.description.hasPrefix("two-tower: \(rule)") == true)
        }
    }
}
