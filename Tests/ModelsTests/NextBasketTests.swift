import Foundation
import Interactions
import ModelParts
import Models
import Testing

@Suite struct NextBasketTests {
    private let context = TrainingContext(threads: 2, seed: 1)

    @Test func `orders are each user's baskets in the order of time`() throws {
        var dataset = Dataset()
        for name in ["ada", "bob", "eve"] { _ = dataset.users.insert(name) }
        for name in ["tea", "cup", "pot"] { _ = dataset.items.insert(name) }
        for name in ["x", "y", "z"] { _ = dataset.baskets.insert(name) }
        // Ada's basket y comes before x; z is Eve's, with an item twice; Bob has no basket.
        dataset.events.append(user: 0, item: 0, time: 900, basket: 0)
        dataset.events.append(user: 0, item: 2, time: 100, basket: 1)
        dataset.events.append(user: 2, item: 1, time: 500, basket: 2)
        dataset.events.append(user: 0, item: 1, time: 950, basket: 1)
        dataset.events.append(user: 2, item: 1, time: 500, basket: 2)
        dataset.events.append(user: 1, item: 1)
        let orders = try #require(try TrainingData(dataset: dataset).orders)
        #expect(orders.offsets == [0, 2, 2, 3])
        let rows = (0..<3).map { Array(orders.baskets.columns[orders.baskets.row($0)]) }
        #expect(rows == [[1, 2], [0], [1]])
        #expect(orders.baskets.values == [1, 1, 1, 1])
    }

    @Test func `a user alone gets her items by decayed frequency`() throws {
        var model = TIFUKNN()
        (model.groups, model.basketDecay, model.groupDecay) = (2, 0.5, 0.25)
        model.ownShare = 1
        // Groups of 1 and 2: weights 0.25 / 2, 0.5 / 4 and 1 / 4.
        let baskets = makeMatrix([[0, 1], [1, 2], [2, 3]], columns: 4)
        let lists = try train(model, OrderHistories(offsets: [0, 3], baskets: baskets))
        #expect(lists.items == [2, 1, 3, 0])
        #expect(lists.scores == [0.375, 0.25, 0.25, 0.125])
    }

    @Test(arguments: [71, 72] as [UInt64])
    func `lists equal a plain reading of the paper`(seed: UInt64) throws {
        let data = makeRandomData(users: 240, items: 50, pairs: 900, seed: seed)
        let orders = try #require(data.orders)
        var model = TIFUKNN()
        (model.groups, model.neighborsMax, model.ownShare) = (2, 9, 0.6)
        let lists = try train(model, orders)
        let vectors = (0..<240).map { user -> [Double] in
            let rows = Array(orders.range(of: user))
            let groups = min(2, rows.count)
            var vector = Array(repeating: 0.0, count: 50)
            for group in 0..<groups {
                let first = group == 0 ? 0 : rows.count / groups
                let end = group == groups - 1 ? rows.count : rows.count / groups
                for place in first..<end {
                    let decay = pow(0.9, Double(end - 1 - place)) / Double(end - first)
                    let weight = pow(0.7, Double(groups - 1 - group)) / Double(groups) * decay
                    for item in orders.baskets.columns[orders.baskets.row(rows[place])] {
                        vector[Int(item)] += weight
                    }
                }
            }
            return vector
        }
        let known = (0..<240).filter { user in vectors[user].contains { $0 > 0 } }
        for user in 0..<240 {
            guard known.contains(user) else {
                #expect(lists.range(of: user).isEmpty)
                continue
            }
            func distance(_ other: Int) -> Double {
                zip(vectors[user], vectors[other]).reduce(0) {
                    $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
                }
            }
            let others = known.filter { $0 != user }.map { (user: $0, distance: distance($0)) }
                .sorted { ($0.distance, $0.user) < ($1.distance, $1.user) }
            // Rounding may turn neighbors round who are as far away as the last one.
            guard others[9].distance - others[8].distance > 1e-5 else { continue }
            var expected = vectors[user].map { 0.6 * $0 }
            for item in 0..<50 {
                for other in others.prefix(9) {
                    expected[item] += 0.4 / 9 * vectors[other.user][item]
                }
            }
            var found = Array(repeating: 0.0, count: 50)
            for entry in lists.range(of: user) {
                found[Int(lists.items[entry])] = Double(lists.scores[entry])
            }
            for item in 0..<50 {
                #expect(
                    abs(found[item] - expected[item]) < 1e-5,
                    "user \(user), item \(item), seed \(seed)")
            }
        }
    }

    @Test func `settings out of range and missing orders are refused`() throws {
        let orders = OrderHistories(offsets: [0, 1], baskets: makeMatrix([[0]], columns: 1))
        let changes: [(String, @Sendable (inout TIFUKNN) -> Void)] = [
            ("groups", { $0.groups = 0 }), ("basket_decay", { $0.basketDecay = 0 }),
            ("group_decay", { $0.groupDecay = 1.5 }), ("own_share", { $0.ownShare = -0.1 }),
            ("neighbors_max", { $0.neighborsMax = 0 }), ("list_max", { $0.listMax = 0 }),
            ("no basket of a known user", { _ in }),
        ]
        for (name, change) in changes {
            var model = TIFUKNN()
            change(&model)
            let error = #expect(throws: TrainingError.self) {
                try train(model, name.hasPrefix("no ") ? nil : orders)
            }
            #expect(error?.description.hasPrefix("tifu-knn: \(name)") == true)
        }
    }

    @Test func `personal frequency puts own items first and best sellers after them`() throws {
        // The first user took item 3 twice and item 1 once; items 0 and 2 sell better than both.
        let baskets = makeMatrix([[1, 3], [3], [0, 2], [0, 2], [0], [2], [2]], columns: 5)
        let orders = OrderHistories(offsets: [0, 2, 7, 7], baskets: baskets)
        var model = PersonalFrequency()
        let lists = try train(model, orders)
        #expect(lists.items[lists.range(of: 0)] == [3, 1, 2, 0])
        #expect(lists.items[lists.range(of: 1)] == [2, 0, 3, 1])
        #expect(lists.range(of: 2).isEmpty)
        // Item 2 is in four of the baskets, item 1 in one.
        #expect(lists.scores[0..<3] == [2.4, 1.2, 0.8])
        model.listMax = 3
        let short = try train(model, orders)
        #expect(short.items[short.range(of: 0)] == [3, 1, 2])
    }

    @Test(arguments: [71, 72] as [UInt64])
    func `up-cf's lists equal a plain reading of the paper`(seed: UInt64) throws {
        let data = makeRandomData(users: 240, items: 50, pairs: 900, seed: seed)
        let orders = try #require(data.orders)
        var model = UPCF()
        (model.recency, model.locality, model.asymmetry) = (2, 1.5, 0.25)
        let lists = try train(model, orders)
        var ever = Array(repeating: Set<Int32>(), count: 240)
        var recent = Array(repeating: Array(repeating: 0.0, count: 50), count: 240)
        for user in 0..<240 {
            for row in orders.range(of: user) {
                ever[user].formUnion(orders.baskets.columns[orders.baskets.row(row)])
            }
            let window = orders.range(of: user).suffix(2)
            for item in window.flatMap({ orders.baskets.columns[orders.baskets.row($0)] }) {
                recent[user][Int(item)] += 1 / Double(window.count)
            }
        }
        for user in 0..<240 {
            var expected = Array(repeating: 0.0, count: 50)
            for other in 0..<240 where !ever[user].isEmpty && !ever[other].isEmpty {
                let both = Double(ever[user].intersection(ever[other]).count)
                let scale =
                    pow(Double(ever[user].count), 0.25) * pow(Double(ever[other].count), 0.75)
                let weight = user == other ? 1 : pow(both / scale, 1.5)
                for item in 0..<50 { expected[item] += weight * recent[other][item] }
            }
            var found = Array(repeating: 0.0, count: 50)
            for entry in lists.range(of: user) {
                found[Int(lists.items[entry])] = Double(lists.scores[entry])
            }
            for item in 0..<50 {
                #expect(
                    abs(found[item] - expected[item]) < 1e-4,
                    "user \(user), item \(item), seed \(seed)")
            }
        }
    }

    @Test func `models of baskets refuse settings out of range and missing orders`() throws {
        let orders = OrderHistories(offsets: [0, 1], baskets: makeMatrix([[0]], columns: 1))
        let changes: [(String, @Sendable (inout UPCF) -> Void)] = [
            ("recency", { $0.recency = 0 }), ("locality", { $0.locality = 0 }),
            ("asymmetry", { $0.asymmetry = 1.5 }), ("users_max", { $0.usersMax = 0 }),
            ("list_max", { $0.listMax = 0 }), ("no basket of a known user", { _ in }),
        ]
        for (name, change) in changes {
            var model = UPCF()
            change(&model)
            let error = #expect(throws: TrainingError.self) {
                try train(model, name.hasPrefix("no ") ? nil : orders)
            }
            #expect(error?.description.hasPrefix("up-cf: \(name)") == true)
        }
        var frequency = PersonalFrequency()
        #expect(throws: TrainingError.self) { try train(frequency, nil) }
        frequency.listMax = 0
        #expect(throws: TrainingError.self) { try train(frequency, orders) }
    }

    @Test func `weights of old baskets that come out as 0 stay in bounds`() throws {
        // Ten items of the first of 470 baskets weigh 0.9^469 / 470 each; products of two such
        // weights are 0 in single precision.
        let shared = Array(0..<10 as Range<Int32>)
        let rows = (0..<2).flatMap { user in
            (0..<470).map { $0 == 0 ? shared : [Int32(10 + user)] }
        }
        let orders = OrderHistories(
            offsets: [0, 470, 940], baskets: makeMatrix(rows, columns: 12))
        var model = TIFUKNN()
        for basketDecay in [0.9, 0.5, 0.1] as [Float] {
            model.basketDecay = basketDecay
            let lists = try train(model, orders)
            for user in 0..<2 {
                let list = Array(lists.items[lists.range(of: user)])
                #expect(Set(list).count == list.count && list.contains(Int32(10 + user)))
            }
        }
    }

    private func train(_ model: some Recommender, _ orders: OrderHistories?) throws
        -> NeighborLists
    {
        let items = orders?.baskets.columnCount ?? 1
        let none = SparseMatrix(rows: orders?.users ?? 0, columnCount: items, entries: [])
        let data = TrainingData(
            interactions: none, baskets: orders?.baskets, orders: orders)
        return try #require(try model.train(on: data, with: context).userLists)
    }
}
