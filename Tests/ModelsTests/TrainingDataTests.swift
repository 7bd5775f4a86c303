import Interactions
import Models
import Testing

@Suite struct TrainingDataTests {
    /// Three users, three items, two baskets, and no event yet.
    private func makeDataset() -> Dataset {
        var dataset = Dataset()
        dataset.users = IdentifierTable(["ann", "bob", "cat"])
        dataset.items = IdentifierTable(["tea", "cake", "mug"])
        dataset.baskets = IdentifierTable(["order-1", "order-2"])
        dataset.catalog.grow(to: 3)
        return dataset
    }

    private func rows(_ matrix: SparseMatrix?) -> [[Int32]]? {
        matrix.map { matrix in (0..<matrix.rows).map { Array(matrix.columns[matrix.row($0)]) } }
    }

    @Test func `purchases are summed by user and item; other kinds are left out`() throws {
        var dataset = makeDataset()
        dataset.events.append(user: 0, item: 1, value: 2)
        dataset.events.append(user: 0, item: 1, value: 3)
        dataset.events.append(user: 0, item: 2, kind: .view)
        dataset.events.append(user: 2, item: 0)
        dataset.events.append(user: 2, item: 1, kind: .return)
        dataset.events.append(user: 2, item: 2, value: -1)
        let data = try TrainingData(dataset: dataset)
        #expect(rows(data.interactions) == [[1], [], [0]])
        #expect(data.interactions.values == [5, 1])
        #expect(data.baskets == nil)
    }

    @Test func `weights multiply values and admit other kinds`() throws {
        var dataset = makeDataset()
        dataset.events.append(user: 0, item: 0, kind: .view, value: 4)
        dataset.events.append(user: 0, item: 1, kind: .purchase)
        dataset.events.append(user: 0, item: 2, kind: .click)
        var options = TrainingDataOptions()
        options.weights = [.view: 0.5, .purchase: 3, .click: 0]
        let data = try TrainingData(dataset: dataset, options: options)
        #expect(rows(data.interactions) == [[0, 1], [], []])
        #expect(data.interactions.values == [2, 3])
    }

    @Test func `events without a user count for baskets only`() throws {
        var dataset = makeDataset()
        dataset.events.append(item: 0, basket: 1)
        dataset.events.append(item: 2, basket: 1)
        dataset.events.append(item: 2, basket: 1)
        dataset.events.append(item: 1)
        let data = try TrainingData(dataset: dataset)
        #expect(data.interactions.nonZeroCount == 0)
        // Basket 0 has no event, so no row; basket 1 holds the mug once.
        #expect(rows(data.baskets) == [[0, 2]])
    }

    @Test func `without baskets a user's events make sessions, split where she pauses`() throws {
        var dataset = makeDataset()
        let gap = TrainingDataOptions().sessionGapSeconds
        dataset.events.append(user: 0, item: 1, time: 100 + gap)
        dataset.events.append(user: 1, item: 2, time: 100)
        dataset.events.append(user: 0, item: 0, time: 100)
        dataset.events.append(user: 0, item: 2, time: 101 + 2 * gap)
        dataset.events.append(user: 0, item: 0, time: .max)
        dataset.events.append(user: 0, item: 1, time: .min + 1)
        dataset.events.append(user: 0, item: 2)
        let data = try TrainingData(dataset: dataset)
        #expect(rows(data.baskets) == [[1], [0, 1], [2], [0], [2]])
    }

    @Test func `named baskets and sessions stand side by side`() throws {
        var dataset = makeDataset()
        dataset.events.append(user: 0, item: 0, time: 5, basket: 0)
        dataset.events.append(user: 0, item: 1, time: 5)
        dataset.events.append(user: 0, item: 2, time: 6)
        #expect(rows(try TrainingData(dataset: dataset).baskets) == [[0], [1, 2]])
    }

    @Test func `data without a positive event says which kinds were looked for`() throws {
        var dataset = makeDataset()
        dataset.events.append(user: 0, item: 0, kind: .view)
        let error = #expect(throws: TrainingError.self) { try TrainingData(dataset: dataset) }
        #expect(
            try #require(error).description
                == "no event to learn from: of 1 events none is a purchase with a value above 0")
    }

    @Test func `ratings count where there are no purchases, and the newest one stands`() throws {
        var dataset = makeDataset()
        dataset.events.append(user: 0, item: 0, kind: .rating, value: 2, time: 50)
        dataset.events.append(user: 0, item: 0, kind: .rating, value: 5, time: 20)
        dataset.events.append(user: 0, item: 1, kind: .rating, value: 3)
        dataset.events.append(user: 0, item: 1, kind: .rating, value: 4)
        dataset.events.append(user: 1, item: 1, kind: .view)
        let rated = try TrainingData(dataset: dataset)
        #expect(rated.hasRatings && rated.interactions.values == [2, 4])
        dataset.events.append(user: 1, item: 0, value: 3)
        let bought = try TrainingData(dataset: dataset)
        #expect(!bought.hasRatings && bought.interactions.values == [3])
        var options = TrainingDataOptions()
        options.weights = [.purchase: 1, .rating: 1]
        let both = try TrainingData(dataset: dataset, options: options)
        #expect(!both.hasRatings && both.interactions.values == [7, 7, 3])
    }

    @Test func `what the catalog says becomes the items' features`() throws {
        var dataset = makeDataset()
        dataset.events.append(user: 0, item: 0)
        #expect(try TrainingData(dataset: dataset).itemFeatures == nil)
        dataset.catalog.update(item: 0, title: "Tea", category: ["Kitchen"])
        #expect(try TrainingData(dataset: dataset).itemFeatures == nil)
        dataset.catalog.update(item: 1, title: "Red tea")
        let features = try #require(try TrainingData(dataset: dataset).itemFeatures)
        // Only the word that both have links them; nobody else has a category or the other word.
        #expect(features.columnCount == 1 && features.values == [1, 1])
        #expect(features.rows == dataset.items.count)
    }

    @Test func `options out of range are refused`() {
        var dataset = makeDataset()
        dataset.events.append(user: 0, item: 0)
        let changes: [@Sendable (inout TrainingDataOptions) -> Void] = [
            { $0.weights = [.purchase: 1, .return: 1] }, { $0.weights = [.view: -1] },
            { $0.weights = [.cart: .nan] },
            { $0.weights = [:] }, { $0.sessionGapSeconds = -1 },
        ]
        for change in changes {
            var options = TrainingDataOptions()
            change(&options)
            #expect(throws: TrainingError.self) {
                try TrainingData(dataset: dataset, options: options)
            }
        }
    }

    /// Ratings of two users, of items 0 to 4, as a shop's only events.
    private func makeRated(_ ratings: [[Float]]) -> Dataset {
        var dataset = Dataset()
        for user in ratings.indices {
            dataset.users.insert("u\(user)")
            for item in ratings[user].indices {
                dataset.items.insert("i\(item)")
                dataset.events.append(
                    user: Int32(user), item: Int32(item), kind: .rating,
                    value: ratings[user][item], time: Int64(item), basket: Int32(user))
            }
        }
        for user in ratings.indices { dataset.baskets.insert("b\(user)") }
        dataset.catalog.grow(to: dataset.items.count)
        return dataset
    }

    /// Of each rating: whether it is liked, and how strongly.
    @Test(
        arguments: [
            ([1, 2, 3, 4, 5], [false, false, true, true, true], [3, 4, 5]),
            ([-10, -4, 0, 4, 10], [false, false, true, true, true], [10, 14, 20]),
            ([-1, 1, -1, 1, 1], [false, true, false, true, true], [2, 2, 2]),
            ([0, 1, 0, 1, 0], [false, true, false, true, false], [1, 1]),
            ([4, 4, 4, 4, 4], [true, true, true, true, true], [4, 4, 4, 4, 4]),
            ([0, 0, 0, 0, 0], [true, true, true, true, true], [1, 1, 1, 1, 1]),
        ] as [([Float], [Bool], [Float])])
    func `a low rating is no demand, and an item rated is an item taken`(
        ratings: [Float], liked: [Bool], strengths: [Float]
    ) throws {
        let dataset = makeRated([ratings])
        let data = try TrainingData(dataset: dataset)
        #expect(data.hasRatings && data.interactions.values == ratings)
        #expect(data.popularity == liked.map { $0 ? 1 : 0 })
        #expect(data.demand.interactions.values == strengths)
        #expect(data.baskets?.columns == liked.indices.filter { liked[$0] }.map { Int32($0) })
        let histories = ServingHistories.make(dataset, max: 10)
        #expect(histories.columns == [0, 1, 2, 3, 4])
        #expect(histories.values == liked.map { $0 ? 1 : 0 })
    }
}
