import Interactions
import Models
import Testing

@Suite struct WARPTests {
    private var small: WARP {
        var model = WARP()
        model.regularization = 0.005
        model.learningRate = 0.05
        model.epochs = 20
        return model
    }

    @Test func `an item that nobody took goes by its features`() throws {
        let parts = try small.train(
            on: makeColdCheckerboard(), with: TrainingContext(threads: 2, seed: 1))
        let embeddings = try #require(parts.embeddings)
        let users = try #require(embeddings.users)
        for user in 0..<40 {
            let scores = (38..<40).map { item in
                zip(users[row: user], embeddings.items[row: item]).reduce(0) { $0 + $1.0 * $1.1 }
            }
            #expect(scores[user % 2] > scores[1 - user % 2], "user \(user)")
        }
        // Two cold items of one color would have the same vector: that of the color.
        #expect(Array(embeddings.items[row: 38]) != Array(embeddings.items[row: 39]))
    }

    @Test func `an item without events goes by its entry in the catalog`() throws {
        var dataset = Dataset()
        dataset.users = IdentifierTable((0..<40).map { "user \($0)" })
        dataset.items = IdentifierTable((0..<41).map { "item \($0)" })
        dataset.catalog.grow(to: 41)
        for item in 0..<40 {
            dataset.catalog.update(
                item: item, title: "No \(item)", category: ["Toys", item % 2 == 0 ? "Even" : "Odd"])
        }
        for user in 0..<Int32(40) {
            for item in 0..<Int32(38) where item % 2 == user % 2 && item != user {
                dataset.events.append(user: user, item: item)
            }
        }
        let parts = try small.train(
            on: TrainingData(dataset: dataset), with: TrainingContext(threads: 2, seed: 1))
        let embeddings = try #require(parts.embeddings)
        let users = try #require(embeddings.users)
        for user in 0..<40 {
            let scores = (38..<41).map { item in
                zip(users[row: user], embeddings.items[row: item]).reduce(0) { $0 + $1.0 * $1.1 }
            }
            // What nothing is known of comes after what is like the items that she took.
            #expect(scores[user % 2] > max(scores[1 - user % 2], scores[2]), "user \(user)")
        }
    }

    @Test func `a user without events goes by her features`() throws {
        var data = makeCheckerboard(size: 40)
        let matrix = data.interactions
        let entries = (0..<38).flatMap { user in
            matrix.columns[matrix.row(user)]
                .map { (row: Int32(user), column: $0, value: Float(1)) }
        }
        data.interactions = SparseMatrix(rows: 40, columnCount: 40, entries: entries)
        data.userFeatures = makeMatrix((0..<40).map { [$0 % 2] }, columns: 2)
        let parts = try small.train(on: data, with: TrainingContext(threads: 2, seed: 1))
        let embeddings = try #require(parts.embeddings)
        let users = try #require(embeddings.users)
        for user in 38..<40 {
            let sums = (0...1).map { color in
                stride(from: color, to: 40, by: 2).reduce(Float(0)) { sum, item in
                    sum
                        + zip(users[row: user], embeddings.items[row: item])
                        .reduce(0) { $0 + $1.0 * $1.1 }
                }
            }
            #expect(sums[user % 2] > sums[1 - user % 2])
        }
    }

    @Test func `features make the same bytes at any thread count`() throws {
        var data = makeRandomData(users: 300, items: 200, pairs: 9_000, seed: 71)
        data.itemFeatures = makeRandomData(users: 200, items: 30, pairs: 600, seed: 72).interactions
        data.userFeatures = makeRandomData(users: 300, items: 9, pairs: 600, seed: 73).interactions
        var model = WARP()
        model.dimensions = 9
        model.epochs = 3
        let reference = bits(try model.train(on: data, with: TrainingContext(threads: 1, seed: 7)))
        for threads in [2, 3, 5] {
            let parts = try model.train(on: data, with: TrainingContext(threads: threads, seed: 7))
            #expect(bits(parts) == reference, "\(threads) threads")
        }
    }

    @Test func `settings out of range and features of another size are refused`() throws {
        let changes: [(String, @Sendable (inout WARP) -> Void)] = [
            ("dimensions must", { $0.dimensions = 0 }), ("epochs must", { $0.epochs = 0 }),
            ("learning_rate must", { $0.learningRate = 0 }),
            ("regularization must", { $0.regularization = -1 }),
            ("initial_deviation must", { $0.initialDeviation = .nan }),
            ("draws_max must", { $0.drawsMax = 0 }),
            ("3 rows of item features for 4 items", { _ in }),
        ]
        for (rule, change) in changes {
            var model = WARP()
            change(&model)
            var data = makeCheckerboard(size: 4)
            if rule.hasPrefix("3") { data.itemFeatures = makeMatrix([[0], [], [0]], columns: 1) }
            let error = #expect(throws: TrainingError.self) {
                try model.train(on: data, with: TrainingContext(threads: 1, seed: 1))
            }
            #expect(try #require(error).description.hasPrefix("warp: \(rule)"))
        }
    }
}
