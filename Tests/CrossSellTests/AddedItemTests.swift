import Bundles
import CrossSell
import EmbeddingStore
import Interactions
import ModelParts
import Testing

/// Items that a model is told of while it serves.
@Suite struct AddedItemTests {
    /// Items i0 to i39, of which those on one shelf have a word of it in their titles.
    private static func bundle(
        _ seed: UInt64 = 1, _ change: (inout RandomShop) -> Void = { _ in }
    ) -> ModelBundle {
        var shop = RandomShop(seed: seed)
        shop.hasItemWeights = true
        change(&shop)
        var bundle = shop.makeBundle()
        for item in 0..<shop.items {
            bundle.catalog.update(
                item: item, title: "\(shelf(item)) number \(item)",
                category: ["All", shelf(item)], stock: -1)
        }
        return bundle
    }

    private static let shelves = ["tea", "cup", "lamp", "soap", "rope"]
    private static func shelf(_ item: Int) -> String { shelves[item % shelves.count] }

    private static func serve(_ bundle: ModelBundle, room: Int = 8) throws -> Generation {
        try Generation(bundle, storeBytesMax: 64 << 20, readersMax: 2, roomForNew: room)
    }

    private static func describe(_ shelf: String, _ price: Float = 3) -> ItemDescription {
        var description = ItemDescription()
        (description.title, description.category) = ("new \(shelf)", ["All", shelf])
        description.price = price
        return description
    }

    /// Adds an item that can be had.
    private static func add(_ id: String, _ shelf: String, to generation: Generation) -> Bool {
        let added = generation.add([(id, describe(shelf))])
        guard added == [id], let item = generation.items.ordinal(of: id) else { return false }
        generation.items.set(
            price: 3, stock: 5, availableFrom: nil, isDiscontinued: nil, of: Int(item))
        return true
    }

    @Test(
        "An item that is added has what items like it lead to and are led to by, in their mean",
        arguments: 1...6 as ClosedRange<UInt64>)
    func expected(seed: UInt64) throws {
        let bundle = Self.bundle(seed) { $0.hasEmbeddings = false }
        let generation = try Self.serve(bundle)
        let engine = try Engine(generation)
        let before = (0..<40).map { engine.answer(Ask(basket: ["i\($0)"], k: 40)) }
        #expect(Self.add("new", "tea", to: generation))
        #expect(generation.items.knownCount == 41)
        let weights = try #require(bundle.parts.itemWeights)
        func weight(_ a: Int, _ b: Int) -> Float {
            weights.range(of: a).first { weights.items[$0] == Int32(b) }.map { weights.scores[$0] }
                ?? 0
        }
        // Teas that were taken are all alike but for their prices' bands.
        let teas = (0..<40).filter { Self.shelf($0) == "tea" && bundle.parts.popularity[$0] > 0 }
        var ask = Ask(basket: ["i0"], k: 40)
        ask.newItemsMax = 1
        let others = (0..<40).filter { Self.shelf($0) != "tea" }
        var found = 0
        for other in others {
            ask.basket = ["i\(other)"]
            let answer = engine.answer(ask)
            let known = answer.items.filter { $0.id != "new" }
            #expect(
                zip(known, before[other].items).allSatisfy {
                    $0.id == $1.id && $0.score == $1.score
                })
            let reach = teas.map { weight(other, $0) }
            guard let item = answer.items.first(where: { $0.id == "new" }), item.score > 0 else {
                continue
            }
            found += 1
            #expect(item.score <= reach.max()! + 1e-5 && item.score > 0)
            let reason = try #require(item.reasons.first { $0.kind == .new })
            #expect(teas.contains(Int(reason.item!)))
        }
        #expect(found > 5, "seed \(seed)")
        ask.basket = ["new"]
        let led = engine.answer(ask)
        #expect(led.tier == .full && led.items.count > 3 && engine.unknown.isEmpty)
        // Each is led to by some tea.
        for item in led.items where item.score > 0 {
            let number = Int(item.id.dropFirst())!
            #expect(teas.contains { weight($0, number) > 0 })
        }
    }

    @Test("Its vector is the mean of those like it by their shares, and folds in as any other")
    func vector() throws {
        let bundle = Self.bundle { $0.hasItemWeights = false }
        let generation = try Self.serve(bundle)
        #expect(Self.add("new", "rope", to: generation))
        let engine = try Engine(generation)
        let reader = engine.itemReader
        let row = try #require(reader.row(ordinal: 40))
        var vector = Array(repeating: Float(0), count: reader.paddedDimensions)
        reader.read(row, into: &vector)
        let items = try #require(bundle.parts.embeddings?.items)
        // A mean of ropes, less than their sum.
        let ropes = (0..<40).filter { Self.shelf($0) == "rope" && bundle.parts.popularity[$0] > 0 }
        func norm(_ item: Int) -> Float {
            items.values[item * items.columns..<(item + 1) * items.columns]
                .reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
        }
        let most = ropes.reduce(Float(0)) { $0 + norm($1) }
        #expect(row.norm > 0 && row.norm < most)
        let answer = engine.answer(Ask(basket: ["new"], k: 5))
        #expect(answer.tier == .full && engine.unknown.isEmpty)
        // A vector that is put for it stays at its place.
        try generation.put("new", Array(repeating: 1, count: items.columns))
        #expect(engine.itemReader.row(ordinal: 40)?.norm == Float(items.columns).squareRoot())
        // One whose vector was put before it was told of keeps that, and its place.
        try generation.put("put", Array(repeating: 1, count: items.columns))
        #expect(generation.add([("put", Self.describe("tea"))]).isEmpty)
        #expect(engine.answer(Ask(basket: ["put"], k: 5)).tier == .full)
    }

    @Test("There is room for as many as were asked for, each once, and none for a known id")
    func room() throws {
        let generation = try Self.serve(Self.bundle(), room: 3)
        let told = ["i3", "a", "b", "a", "c", "d"].map { ($0, Self.describe("cup")) }
        #expect(generation.add(told) == ["a", "b", "c"])
        #expect(generation.add(told).isEmpty)
        #expect(generation.items.knownCount == 43)
        for id in ["a", "b", "c"] { #expect(generation.items.ordinal(of: id) != nil) }
        #expect(generation.items.ordinal(of: "d") == nil)
        let none = try Self.serve(Self.bundle(), room: 0)
        #expect(none.add(told).isEmpty)
    }

    @Test("Rules look at an item that was added as at any other, by category paths of its own too")
    func rules() throws {
        let generation = try Self.serve(Self.bundle { $0.hasEmbeddings = false })
        let engine = try Engine(generation)
        #expect(Self.add("new", "tea", to: generation))
        var odd = Self.describe("tea")
        odd.category = ["All", "tea", "rare"]
        #expect(generation.add([("odd", odd)]) == ["odd"])
        let place = try #require(generation.items.ordinal(of: "odd"))
        func set(stock: Int32? = nil, from: Int64? = nil, ends: Bool? = nil, _ item: UInt32) {
            generation.items.set(
                price: nil, stock: stock, availableFrom: from, isDiscontinued: ends, of: Int(item))
        }
        let new = try #require(generation.items.ordinal(of: "new"))
        func rule(_ id: String, _ change: (inout Ask) -> Void = { _ in }) -> Rule? {
            var ask = Ask(basket: ["i1"], k: 40)
            (ask.newItemsMax, ask.whyNot) = (5, [id])
            change(&ask)
            return ask.lend { query, _ in
                _ = engine.recommend(query)
                guard case .rule(let rule) = engine.whyNot[0].outcome else { return nil }
                return rule
            }
        }
        // Nothing was said yet of when it can be had.
        #expect(rule("odd") == .unavailable)
        set(place)
        #expect(rule("odd") == nil && rule("new") == nil)
        #expect(rule("odd") { $0.excludedCategories = ["All > tea"] } == .category)
        #expect(rule("new") { $0.excludedCategories = ["All > tea > rare"] } == nil)
        #expect(rule("odd") { $0.excludedCategories = ["All > tea > rare"] } == .category)
        #expect(rule("odd") { $0.categories = ["All > tea"] } == nil)
        #expect(rule("odd") { $0.categories = ["All > cup"] } == .category)
        #expect(rule("new") { $0.priceMax = 2 } == .price)
        #expect(rule("new") { $0.exclusions = ["new"] } == .excluded)
        set(stock: 0, new)
        #expect(rule("new") == .outOfStock)
        set(stock: 1, new)
        set(from: .max - 1, new)
        #expect(rule("new") == .unavailable)
        set(from: 5, new)
        #expect(rule("new") == nil)
        set(ends: true, new)
        #expect(rule("new") == .unavailable)
        set(ends: false, new)
        #expect(rule("new") == nil)
        generation.items.withdraw(Int(new))
        #expect(rule("new") == .unavailable)
        // The same of an item that training knew.
        let known = try #require(generation.items.ordinal(of: "i2"))
        let before = rule("i2")
        set(ends: true, known)
        #expect(rule("i2") == .unavailable)
        set(ends: false, known)
        #expect(rule("i2") == before)
        generation.items.withdraw(Int(known))
        #expect(rule("i2") == before)
    }

    @Test("An item that is to come can be had from its time on, though it was told while serving")
    func arrival() throws {
        let generation = try Self.serve(Self.bundle())
        var now: Int64 = 100
        let engine = try Engine(generation, calendar: { now })
        func isThere(_ id: String) -> Bool {
            var ask = Ask(basket: ["i1"], k: 40)
            ask.newItemsMax = 9
            return engine.answer(ask).ids.contains(id)
        }
        #expect(isThere("i7"))
        let item = Int(try #require(generation.items.ordinal(of: "i7")))
        func tell(_ start: Int64) {
            generation.items.set(
                price: nil, stock: nil, availableFrom: start, isDiscontinued: nil, of: item)
        }
        tell(200)
        #expect(!isThere("i7"))
        now = 199
        #expect(!isThere("i7"))
        tell(300)
        now = 250
        #expect(!isThere("i7"))
        now = 300
        #expect(isThere("i7"))
    }

    @Test(
        "Events of an item count alike, whether they were recorded before or after it was added",
        arguments: 1...10 as ClosedRange<UInt64>)
    func lateCounts(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let learning = try OnlineLearning(bytesMax: 256_000)
        let bundle = Self.bundle(seed)
        let generation = try Self.serve(bundle)
        let counts = learning.begin(generation)
        #expect(learning.advance(counts, count: 1))
        let events = OnlineLearningTests.random(500, from: 1_000_000, &random)
        var known = 40
        for (place, event) in events.enumerated() {
            event.record(in: learning)
            // Two at once, and two alone.
            guard [90, 200, 333].contains(place) else { continue }
            let ids = place == 90 ? ["i40", "i41"] : ["i\(known)"]
            #expect(generation.add(ids.map { ($0, Self.describe("soap")) }) == ids)
            learning.learn(added: ids)
            // Told once more, nothing counts twice.
            learning.learn(added: ids)
            known += ids.count
            #expect(
                OnlineLearningTests.Counted(counts, items: known)
                    == .init(of: learning, since: .min, known: known), "seed \(seed), \(place)")
        }
        learning.publish()
        let lived = OnlineLearningTests.Counted(counts, items: 44)
        #expect(lived == .init(of: learning, since: .min, known: 44))
        // One that is told of them first and replays.
        let other = try Self.serve(bundle)
        _ = other.add((40...43).map { ("i\($0)", Self.describe("soap")) })
        let again = try OnlineLearning(bytesMax: 256_000)
        let recounted = again.begin(other)
        #expect(again.advance(recounted, count: 1))
        for event in events { event.record(in: again) }
        again.publish()
        #expect(OnlineLearningTests.Counted(recounted, items: 44) == lived)
        let (engine, replayed) = (
            try Engine(generation, live: counts), try Engine(other, live: recounted)
        )
        for item in 0..<44 {
            var ask = Ask(user: "u\(item % 8)", basket: ["i\(item)"], k: 20)
            ask.newItemsMax = 20
            let (a, b) = (engine.answer(ask), replayed.answer(ask))
            #expect(a.ids == b.ids && a.items.map(\.score) == b.items.map(\.score))
        }
    }

    @Test("What two baskets held is new no more, and comes up with what they held beside it")
    func proven() throws {
        let learning = try OnlineLearning(bytesMax: 256_000)
        let generation = try Self.serve(Self.bundle { $0.hasEmbeddings = false })
        let counts = learning.begin(generation)
        #expect(learning.advance(counts, count: 1))
        #expect(Self.add("new", "tea", to: generation))
        learning.learn(added: ["new"])
        let engine = try Engine(generation, live: counts)
        var without = Ask(basket: ["i6"], k: 40)
        without.leavesOutNewItems = true
        let score = engine.answer(Ask(basket: ["i6"], k: 40)).items.first { $0.id == "new" }?.score
        for basket in 0..<2 {
            #expect(!engine.answer(without).ids.contains("new"))
            for item in ["i6", "new"] {
                OnlineLearningTests.Plain(
                    user: "u\(basket)", item: item, time: Int64(1_000 + basket),
                    basket: "b\(basket)"
                ).record(in: learning)
            }
            learning.publish()
        }
        let found = try #require(engine.answer(without).items.first { $0.id == "new" })
        #expect(found.score > (score ?? 0))
        #expect(!found.reasons.contains { $0.kind == .new })
        OnlineLearningTests.forget("u1", learning)
        #expect(!engine.answer(without).ids.contains("new"))
    }
}
