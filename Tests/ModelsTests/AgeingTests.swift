import Interactions
import ModelParts
import Models
import Testing

/// A half-life: what is old counts less, in every model that counts.
@Suite struct AgeingTests {
    private static let day: Int64 = 86_400

    /// Item 0, the bauble, was bought by three shoppers a hundred days ago, each time with item 2;
    /// item 1 by two on the last day, each time with item 3. Items 4 and 5 are now and then bought
    /// alone.
    private func makeShop() -> Dataset {
        var dataset = Dataset()
        for item in 0..<6 { dataset.items.insert("i\(item)") }
        func order(_ user: Int, _ items: [Int32], day: Int64) {
            let basket = dataset.baskets.insert("b\(dataset.baskets.count)")
            let user = dataset.users.insert("u\(user)")
            for item in items {
                dataset.events.append(
                    user: user, item: item, time: day * Self.day, basket: basket)
            }
        }
        for user in 0..<3 { order(user, [0, 2], day: 0) }
        for user in 3..<5 { order(user, [1, 3], day: 100) }
        for user in 5..<8 { order(user, [Int32(4 + user % 2)], day: 100) }
        dataset.catalog.grow(to: 6)
        return dataset
    }

    private func data(_ halfLife: Double) throws -> TrainingData {
        var options = TrainingDataOptions()
        options.halfLifeDays = halfLife
        return try TrainingData(dataset: makeShop(), options: options)
    }

    private let context = TrainingContext(threads: 1, seed: 1)

    @Test func `without a half-life nothing ages`() throws {
        let data = try data(0)
        #expect(data.popularity[0] == 3 && data.popularity[1] == 2)
        #expect(data.basketWeights == nil && data.interactions.values.allSatisfy { $0 == 1 })
    }

    @Test func `popularity halves with each half-life`() throws {
        let data = try data(50)
        #expect(data.popularity.prefix(4) == [0.75, 2, 0.75, 2])
        #expect(data.basketWeights == [0.25, 0.25, 0.25, 1, 1, 1, 1, 1])
        let parts = try Popularity().train(on: data, with: context)
        #expect(parts.popularity[1] > parts.popularity[0])
    }

    @Test func `users' rows say how much of what they took still counts`() throws {
        let rows = try data(100).interactions
        #expect(rows.values[rows.row(0)].allSatisfy { $0 == 0.5 })
        #expect(rows.values[rows.row(4)].allSatisfy { $0 == 1 })
    }

    @Test func `pairs are counted by the weight of their baskets`() throws {
        var model = CoPurchase()
        (model.shrinkage, model.smoothing) = (0, 0)
        model.supportMin = 1
        let fresh = try #require(
            try model.train(on: data(0), with: context).neighbors[.complement])
        let aged = try #require(
            try model.train(on: data(100), with: context).neighbors[.complement])
        // 0 and 2 go together as surely as before, and among fewer baskets that is a greater lift.
        let (before, after) = (fresh.range(of: 0).first!, aged.range(of: 0).first!)
        #expect(fresh.items[before] == 2 && aged.items[after] == 2)
        #expect(fresh.confidences[before] == 1 && aged.confidences[after] == 1)
        #expect(abs(fresh.lifts[before] - 8 / 3) < 1e-5)
        #expect(abs(aged.lifts[after] - 6.5 / 1.5) < 1e-4)
        // Less than two new baskets' worth is no support of two.
        model.supportMin = 2
        let least = try #require(
            try model.train(on: data(100), with: context).neighbors[.complement])
        #expect(least.range(of: 0).isEmpty && !least.range(of: 1).isEmpty)
    }

    @Test func `rules are found in what still counts`() throws {
        var model = Association()
        model.supportMin = 0.01
        model.significanceMax = 1
        let fresh = try model.train(on: data(0), with: context).neighbors[.complement]
        let aged = try model.train(on: data(10), with: context).neighbors[.complement]
        #expect(fresh?.range(of: 0).isEmpty == false && fresh?.range(of: 1).isEmpty == false)
        #expect(aged?.range(of: 0).isEmpty == true && aged?.range(of: 1).isEmpty == false)
    }

    @Test func `every model trains on what ages, the same at any thread count`() throws {
        for model in [EASE() as any Recommender, SLIM(), ItemKNN(), CoPurchase(), Popularity()] {
            let parts = try [1, 2].map {
                try model.train(on: data(30), with: TrainingContext(threads: $0, seed: 1))
            }
            #expect(parts[0].itemWeights == parts[1].itemWeights)
            #expect(parts[0].neighbors == parts[1].neighbors)
            #expect(parts[0].popularity == parts[1].popularity)
        }
    }

    @Test func `events without a time are as old as the oldest, and ratings stay what they are`()
        throws
    {
        var dataset = makeShop()
        dataset.events.append(user: 0, item: 5)
        var options = TrainingDataOptions()
        options.halfLifeDays = 50
        let data = try TrainingData(dataset: dataset, options: options)
        let row = data.interactions.row(0)
        #expect(data.interactions.values[row] == [0.25, 0.25, 0.25])
        var rated = Dataset()
        rated.users.insert("u")
        for item in 0..<2 {
            rated.items.insert("i\(item)")
            rated.events.append(
                user: 0, item: Int32(item), kind: .rating, value: Float(4 + item),
                time: Int64(item) * 50 * Self.day)
        }
        rated.catalog.grow(to: 2)
        #expect(try TrainingData(dataset: rated, options: options).interactions.values == [4, 5])
    }

    @Test(arguments: [-1, .infinity, .nan] as [Double])
    func `a half-life that is none is refused`(days: Double) {
        let error = #expect(throws: TrainingError.self) { try data(days) }
        #expect(error?.description.contains("half-life") == true)
    }
}
