import Interactions
import ModelParts
import Models
import Synchronization
import Testing

@Suite struct SVDPlusPlusTests {
    /// Ratings of 3 + user's and item's leanings + their product, a tenth of them held out.
    private struct Ratings {
        var training: SparseMatrix
        var held: [(user: Int, item: Int, rating: Float)] = []

        init(users: Int, items: Int, seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            func normals(_ count: Int) -> [Float] {
                (0..<count).map { _ in Float(generator.nextNormal()) }
            }
            let (userBias, itemBias) = (normals(users), normals(items))
            let (userTaste, itemTaste) = (normals(users), normals(items))
            var entries: [(row: Int32, column: Int32, value: Float)] = []
            for user in 0..<users {
                for item in 0..<items where generator.next() % 3 != 0 {
                    let rating =
                        3 + 0.5 * (userBias[user] + itemBias[item])
                        + 0.8 * userTaste[user] * itemTaste[item]
                    if generator.next() % 10 == 0 {
                        held.append((user, item, rating))
                    } else {
                        entries.append((Int32(user), Int32(item), rating))
                    }
                }
            }
            training = SparseMatrix(rows: users, columnCount: items, entries: entries)
        }
    }

    private func rated(_ matrix: SparseMatrix) -> TrainingData {
        var data = TrainingData(interactions: matrix, baskets: nil)
        data.hasRatings = true
        return data
    }

    private func train(
        _ matrix: SparseMatrix, threads: Int = 2, _ change: (inout SVDPlusPlus) -> Void = { _ in }
    ) throws -> (embeddings: EmbeddingParts, losses: [Double]) {
        var model = SVDPlusPlus()
        model.dimensions = 7
        model.learningRate = 0.02
        model.epochs = 40
        change(&model)
        let losses = Mutex<[Double]>([])
        let context = TrainingContext(threads: threads, seed: 3) { step in
            losses.withLock { $0.append(step.loss ?? .nan) }
        }
        let parts = try model.fit(on: rated(matrix), with: context)
        return (try #require(parts.embeddings), losses.withLock { $0 })
    }

    private func prediction(_ embeddings: EmbeddingParts, _ user: Int, _ item: Int) -> Float {
        zip(embeddings.users?[row: user] ?? [], embeddings.items[row: item])
            .reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test(arguments: [81, 82] as [UInt64])
    func `the inner product predicts ratings that were held out`(seed: UInt64) throws {
        let ratings = Ratings(users: 150, items: 90, seed: seed)
        let (embeddings, losses) = try train(ratings.training)
        #expect(losses.count == 40 && losses[39] < losses[0] / 10, "seed \(seed)")
        let error = ratings.held.reduce(Float(0)) { sum, one in
            let difference = prediction(embeddings, one.user, one.item) - one.rating
            return sum + difference * difference
        }
        // The ratings vary by 0.25 + 0.25 + 0.64.
        #expect(error / Float(ratings.held.count) < 0.1, "seed \(seed)")
    }

    @Test func `the bytes do not depend on the number of threads`() throws {
        let ratings = Ratings(users: 150, items: 90, seed: 83).training
        func bits(threads: Int) throws -> [UInt32] {
            let embeddings = try train(ratings, threads: threads) { $0.epochs = 3 }.embeddings
            return (embeddings.items.values + (embeddings.users?.values ?? [])).map(\.bitPattern)
        }
        let reference = try bits(threads: 1)
        for threads in [1, 2, 3, 8] { #expect(try bits(threads: threads) == reference) }
    }

    @Test func `a first step can be worked out by hand`() throws {
        // Two users, one item each, ratings 1 and 5: the mean is 3 and the factors next to nothing.
        let matrix = SparseMatrix(
            rows: 3, columnCount: 3,
            entries: [(row: 0, column: 0, value: 1), (row: 1, column: 1, value: 5)])
        let (embeddings, losses) = try train(matrix) {
            $0.epochs = 1
            $0.learningRate = 0.1
            $0.regularization = 0
            $0.initialDeviation = 1e-6
        }
        #expect(abs(losses[0] - 4) < 1e-4)
        // Each bias moves by 0.1 x 2 towards its rating.
        for (user, item, expected) in [
            (0, 0, 2.6), (1, 1, 3.4), (2, 0, 2.8), (2, 1, 3.2), (0, 2, 2.8),
        ] {
            #expect(abs(prediction(embeddings, user, item) - Float(expected)) < 1e-4)
        }
    }

    @Test func `data without ratings is refused`() throws {
        let same = #expect(throws: TrainingError.self) {
            try train(makeMatrix([[0, 1], [1]], columns: 2))
        }
        #expect(
            try #require(same).description.hasPrefix(
                "svdpp: no ratings: all 3 pairs have the value 1.0"))
        #expect(throws: TrainingError.self) { try train(makeMatrix([[]], columns: 2)) }
        let counts = TrainingData(
            interactions: Ratings(users: 20, items: 9, seed: 86).training, baskets: nil)
        let counted = #expect(throws: TrainingError.self) {
            try SVDPlusPlus().train(on: counts, with: TrainingContext(threads: 1, seed: 1))
        }
        #expect(try #require(counted).description.contains("events of the kind rating"))
    }

    @Test func `steps are reported, and training can be cancelled`() {
        let steps = Mutex(0)
        let context = TrainingContext(
            threads: 1, seed: 1, report: { _ in steps.withLock { $0 += 1 } },
            isCancelled: { steps.withLock { $0 == 2 } })
        #expect(throws: TrainingError.self) {
            try SVDPlusPlus().train(
                on: rated(Ratings(users: 20, items: 9, seed: 84).training), with: context)
        }
        #expect(steps.withLock { $0 } == 2)
    }

    @Test func `settings out of range are refused by name`() throws {
        let changes: [(String, @Sendable (inout SVDPlusPlus) -> Void)] = [
            ("dimensions", { $0.dimensions = 0 }), ("epochs", { $0.epochs = 0 }),
            ("learning_rate", { $0.learningRate = 0 }),
            ("regularization", { $0.regularization = -1 }),
            ("initial_deviation", { $0.initialDeviation = .nan }),
        ]
        let matrix = Ratings(users: 20, items: 9, seed: 85).training
        for (name, change) in changes {
            let error = #expect(throws: TrainingError.self) { try train(matrix, change) }
            #expect(try #require(error).description.hasPrefix("svdpp: \(name) must"))
        }
    }
}
