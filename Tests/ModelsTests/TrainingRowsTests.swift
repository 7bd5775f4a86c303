import Interactions
import ModelParts
import Models
import Testing

@Suite struct TrainingRowsTests {
    private let context = TrainingContext(threads: 2, seed: 1)

    private static let linear: [any Recommender] = [SLIM(), EASE(), ItemKNN()]
    private static var factors: IALS {
        var model = IALS()
        (model.dimensions, model.epochs) = (16, 3)
        return model
    }

    @Test func `rows are baskets where there are any, and users where there are none`() throws {
        let both = try TrainingData(dataset: shop())
        let choice = try both.rowChoice(for: "slim", among: TrainingRows.allCases)
        #expect(choice.rows == .baskets)
        #expect(
            choice.description
                == "rows: 40 baskets (10 of unknown shoppers); --rows users|baskets|both to choose")
        let anonymous = try TrainingData(dataset: shop(users: 0))
        let receipts = try anonymous.rowChoice(for: "slim", among: TrainingRows.allCases)
        #expect(receipts.description == "rows: 40 baskets (40 of unknown shoppers)")
        let pairs = try TrainingData(dataset: shop(hasBaskets: false))
        let users = try pairs.rowChoice(for: "slim", among: TrainingRows.allCases)
        #expect(users.description == "rows: 15 users")
        #expect(try both.rowChoice(for: "user-knn", among: [.users]).rows == .users)
    }

    @Test(arguments: linear)
    func `baskets as rows are as good as users with one basket each`(model: any Recommender)
        throws
    {
        let data = try TrainingData(dataset: shop(users: 0))
        let baskets = try #require(data.baskets)
        let parts = try model.train(on: data, with: context)
        var asUsers = TrainingData(interactions: baskets, baskets: baskets)
        asUsers.rows = nil
        let expected = try model.train(on: asUsers, with: context)
        #expect(parts.itemWeights == expected.itemWeights)
        #expect(parts.itemWeights?.items.isEmpty == false)
        #expect(parts.popularity == data.popularity)
    }

    @Test func `vectors of baskets' rows go, and users are folded in`() throws {
        for rows in TrainingRows.allCases {
            var options = TrainingDataOptions()
            options.rows = rows
            let data = try TrainingData(dataset: shop(), options: options)
            let parts = try Self.factors.train(on: data, with: context)
            #expect(parts.embeddings?.users?.rows == 15)
            #expect(parts.embeddings?.foldIn != nil)
            #expect(parts.popularity == data.popularity)
        }
    }

    @Test(arguments: linear)
    func `baskets' rows may weigh more or less than users'`(model: any Recommender) throws {
        func weights(_ basketRowWeight: Float) throws -> NeighborLists? {
            var options = TrainingDataOptions()
            (options.rows, options.basketRowWeight) = (.both, basketRowWeight)
            let data = try TrainingData(dataset: shop(), options: options)
            return try model.train(on: data, with: context).itemWeights
        }
        #expect(try weights(0.1) != weights(1))
    }

    @Test func `rows that are not there are refused with what to do`() throws {
        var options = TrainingDataOptions()
        options.rows = .users
        let noUsers = #expect(throws: TrainingError.self) {
            try TrainingData(dataset: shop(users: 0), options: options)
        }
        #expect(noUsers?.description.contains("--rows users: none of the") == true)
        options.rows = .both
        let half = try TrainingData(dataset: shop(users: 0), options: options)
        let noHistories = #expect(throws: TrainingError.self) {
            try SLIM().train(on: half, with: context)
        }
        #expect(noHistories?.description.contains("--rows baskets learns from the 40") == true)
        options.rows = .baskets
        let pairs = try TrainingData(dataset: shop(hasBaskets: false), options: options)
        let noBaskets = #expect(throws: TrainingError.self) {
            try SLIM().train(on: pairs, with: context)
        }
        #expect(noBaskets?.description.contains("no baskets' rows to learn from") == true)
        let data = try TrainingData(dataset: shop(), options: options)
        let usersAlone = #expect(throws: TrainingError.self) {
            try UserKNN().train(on: data, with: context)
        }
        #expect(usersAlone?.description.contains("learns from users alone") == true)
        options.basketRowWeight = 0
        #expect(throws: TrainingError.self) {
            try TrainingData(dataset: shop(), options: options)
        }
    }

    @Test func `a ranker learns from receipts without a name`() throws {
        var model = WideDeep()
        (model.factors.dimensions, model.factors.epochs, model.epochs) = (16, 2, 1)
        model.hidden = [16, 8]
        let data = try TrainingData(dataset: shop(users: 0, baskets: 200))
        let parts = try model.train(on: data, with: context)
        #expect(parts.ranker != nil && parts.embeddings?.users == nil)
    }

    @Test func `histories for serving hold the newest of what counts, oldest first`() {
        var dataset = Dataset()
        for name in ["ada", "bob"] { _ = dataset.users.insert(name) }
        for name in ["tea", "cup", "pot"] { _ = dataset.items.insert(name) }
        for (item, time) in [(0, 10), (1, 20), (0, 30), (2, 25)] as [(Int32, Int64)] {
            dataset.events.append(user: 0, item: item, kind: .rating, value: 4, time: time)
        }
        dataset.events.append(user: 0, item: 1, kind: .rating, value: 0, time: 99)
        dataset.events.append(user: 1, item: 1, kind: .view, value: 1, time: 5)
        let histories = ServingHistories.make(dataset, max: 2)
        #expect(histories.rowOffsets == [0, 2, 2])
        // What was rated low was taken too, and says nothing of what else she would take.
        #expect(histories.columns == [0, 1])
        #expect(histories.values == [1, 0])
        var options = TrainingDataOptions()
        options.weights = [.view: 1]
        #expect(ServingHistories.make(dataset, options: options, max: 2).columns == [1])
    }

    @Test func `lists are cut to their largest weights and keep their order`() {
        let lists = NeighborLists(
            offsets: [0, 4, 4, 6], items: [3, 1, 2, 0, 5, 4],
            scores: [0.5, 0.25, -0.25, -0.75, 1, 0.5], lifts: [1, 2, 3, 4, 5, 6],
            confidences: [6, 5, 4, 3, 2, 1])
        let cut = lists.truncated(to: 3)
        #expect(cut.offsets == [0, 3, 3, 5])
        #expect(cut.items == [3, 1, 0, 5, 4])
        #expect(cut.scores == [0.5, 0.25, -0.75, 1, 0.5])
        #expect(cut.lifts == [1, 2, 4, 5, 6] && cut.confidences == [6, 5, 3, 2, 1])
        #expect(lists.truncated(to: 4) == lists)
        #expect(lists.truncated(to: 0).items.isEmpty)
    }

    @Test func `item weights are cut as asked, and what is kept is told`() throws {
        let data = try TrainingData(dataset: shop())
        var model = SLIM()
        let whole = try model.fit(on: data, with: context)
        #expect(whole.itemWeightsCut == nil)
        model.targetsMax = 3
        let parts = try model.train(on: data, with: context)
        let (lists, cut) = (try #require(parts.itemWeights), try #require(parts.itemWeightsCut))
        for item in 0..<lists.offsets.count - 1 { #expect(lists.range(of: item).count <= 3) }
        #expect(cut.edgesMax == 3)
        #expect(cut.keptEdges > 0 && cut.keptEdges < cut.keptWeight && cut.keptWeight < 1)
    }

    @Test func `what nobody took takes no memory of ease`() throws {
        var dataset = shop()
        for item in 0..<5_000 { _ = dataset.items.insert("catalog \(item)") }
        var model = EASE()
        model.memoryBytesMax = 100_000
        let parts = try model.train(on: TrainingData(dataset: dataset), with: context)
        #expect(parts.itemWeights?.offsets.count == 5_021)
    }

    /// Twenty items, of which a basket takes three neighbors; each third of three users' baskets
    /// and ten baskets of nobody.
    private func shop(users: Int = 15, baskets: Int = 40, hasBaskets: Bool = true) -> Dataset {
        var dataset = Dataset()
        for user in 0..<users { _ = dataset.users.insert("u\(user)") }
        for item in 0..<20 { _ = dataset.items.insert("i\(item)") }
        if hasBaskets { for basket in 0..<baskets { _ = dataset.baskets.insert("b\(basket)") } }
        for basket in 0..<Int32(baskets) {
            let user = users > 0 && basket < 30 ? basket % Int32(users) : EventTable.none
            guard hasBaskets || user != EventTable.none else { continue }
            for step in 0..<3 as Range<Int32> {
                dataset.events.append(
                    user: user, item: (basket * 3 + step * (1 + basket % 2)) % 20,
                    basket: hasBaskets ? basket : EventTable.none)
            }
        }
        return dataset
    }
}
