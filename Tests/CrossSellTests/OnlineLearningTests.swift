import Bundles
import CAllocationCounter
import CrossSell
import Foundation
import Interactions
import ModelParts
import Models
import SampleShop
import Synchronization
import Testing

/// What was recorded and counts at once: events in memory, counts of them, and answers.
@Suite struct OnlineLearningTests {
    /// An event as plain data.
    struct Plain: Equatable {
        var user: String?
        var item: String
        var kind = EventKind.purchase
        var value: Float = 1
        var time: Int64
        var basket: String?

        func record(in learning: OnlineLearning) {
            func lend(_ text: String?, _ body: (IDView?) -> Void) {
                guard let text else { return body(nil) }
                Array(text.utf8).withUnsafeBytes { body($0) }
            }
            lend(user) { user in
                lend(basket) { basket in
                    lend(item) {
                        learning.record(
                            user: user, item: $0!, kind: kind, value: value, time: time,
                            basket: basket, now: 4_000_000_000)
                    }
                }
            }
        }
    }

    /// Random events of a few users, items and baskets, without and with returns.
    static func random(_ count: Int, from start: Int64, _ random: inout SeededGenerator) -> [Plain]
    {
        var time = start
        return (0..<count).map { _ in
            time += Int64.random(in: 0...2_000, using: &random)
            let isAnonymous = Int.random(in: 0..<8, using: &random) == 0
            let isNamed = isAnonymous || Bool.random(using: &random)
            let isReturn = Int.random(in: 0..<12, using: &random) == 0
            let kinds: [EventKind] = [.purchase, .purchase, .purchase, .view, .cart]
            return Plain(
                user: isAnonymous ? nil : "u\(Int.random(in: 0..<12, using: &random))",
                item: "i\(Int.random(in: 0..<44, using: &random))",
                kind: isReturn ? .return : kinds.randomElement(using: &random)!,
                value: Float(Int.random(in: 1...3, using: &random)), time: time,
                basket: isNamed ? "b\(Int.random(in: 0..<30, using: &random))" : nil)
        }
    }

    /// Pairs, and items by how many baskets hold them, as the events in memory have them.
    struct Counted: Equatable {
        var pairs: [[String]: Int] = [:]
        var items: [String: Int] = [:]
        var baskets = 0

        /// Counted from the events alone, basket by basket.
        init(of learning: OnlineLearning, since: Int64, known: Int) {
            var contents: [UInt64: Set<String>] = [:]
            learning.forEachEvent { event, item in
                guard event.kind == .purchase, event.time > since,
                    let number = Int(item.dropFirst()), number < known
                else { return }
                contents[event.basket, default: []].insert(item)
            }
            for items in contents.values {
                baskets += 1
                for item in items {
                    self.items[item, default: 0] += 1
                    for other in items where item != other {
                        pairs[[item, other], default: 0] += 1
                    }
                }
            }
            // Once may be chance.
            pairs = pairs.filter { $0.value > 1 }
        }

        init(_ counts: LiveCounts, items known: Int) {
            baskets = counts.basketCount
            for item in 0..<known {
                let taken = counts.baskets(with: item)
                if taken > 0 { items["i\(item)"] = taken }
                for (other, count) in counts.partners(of: item) {
                    pairs[["i\(item)", "i\(other)"], default: 0] += count
                }
            }
        }
    }

    static func generation(_ seed: UInt64, newest: Int? = nil) throws -> Generation {
        var bundle = RandomShop(seed: seed).makeBundle()
        if let newest {
            bundle.info.data = DataSummary(
                events: 1, users: 1, items: 1, baskets: 1, digest: "", newestEvent: newest)
        }
        return try bundle.serve()
    }

    @Test(
        "Counts are those of the events in memory, whatever was returned, forgotten or pushed out",
        arguments: 1...12 as ClosedRange<UInt64>)
    func counts(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        // Room for 64 or 1,024 events.
        let learning = try OnlineLearning(bytesMax: seed % 2 == 0 ? 16_000 : 256_000)
        let generation = try Self.generation(seed)
        let counts = learning.begin(generation)
        #expect(learning.advance(counts, count: 1))
        for (place, event) in Self.random(600, from: 1_000_000, &random).enumerated() {
            event.record(in: learning)
            if Int.random(in: 0..<40, using: &random) == 0 {
                Self.forget("u\(Int.random(in: 0..<12, using: &random))", learning)
            }
            guard place % 37 == 0 || place == 599 else { continue }
            learning.publish()
            let expected = Counted(of: learning, since: .min, known: 40)
            #expect(Counted(counts, items: 40) == expected, "seed \(seed), event \(place)")
        }
        #expect(learning.events.count <= learning.events.capacity)
        #expect((learning.expired > 0) == (seed % 2 == 0))
    }

    @Test(
        "A model that comes later counts what it was not trained with, and nothing twice",
        arguments: 1...6 as ClosedRange<UInt64>)
    func rollOver(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let learning = try OnlineLearning(bytesMax: 256_000)
        let first = learning.begin(try Self.generation(seed))
        #expect(learning.advance(first, count: 1))
        let events = Self.random(300, from: 1_000_000, &random)
        for event in events[..<150] { event.record(in: learning) }
        let since = events[100].time
        let second = learning.begin(try Self.generation(seed, newest: Int(since)))
        // Recording goes on while it counts.
        for event in events[150...] {
            _ = learning.advance(second, count: 2)
            event.record(in: learning)
        }
        while !learning.advance(second, count: 7) {}
        #expect(
            Counted(second, items: 40) == Counted(of: learning, since: since, known: 40),
            "seed \(seed)")
        #expect(
            Counted(first, items: 40) == Counted(of: learning, since: .min, known: 40),
            "seed \(seed)")
        withExtendedLifetime((first, second)) {}
    }

    @Test(
        "Ids of items take an eighth of the memory at most; events of further items are passed over"
    )
    func itemsMax() throws {
        let learning = try OnlineLearning(bytesMax: 80_000)
        let counts = learning.begin(try Self.generation(1))
        #expect(learning.advance(counts, count: 1))
        func record(_ item: String) {
            Array(item.utf8).withUnsafeBytes { item in
                Array("u".utf8).withUnsafeBytes { user in
                    learning.record(
                        user: user, item: item, kind: .purchase, value: 1, time: 1_000_000,
                        basket: nil, now: 2_000_000)
                }
            }
        }
        for number in 0..<1_000 { record("item-\(number)") }
        let kept = learning.itemCount
        #expect(kept > 200 && kept * (25 + 6) <= 10_000)
        #expect(learning.passedOver == 1_000 - kept)
        // Those that are known count on.
        record("item-0")
        #expect(learning.passedOver == 1_000 - kept)
        #expect(learning.events.userCount == 1)
        withExtendedLifetime(counts) {}
    }

    @Test("Of an item's partners the most frequent are told, however the counts came about")
    func mostFrequent() throws {
        // All baskets hold i0, whose partners are more than are told of any.
        let learning = try OnlineLearning(bytesMax: 2_000_000)
        var shop = RandomShop(seed: 1)
        shop.items = 200
        let counts = learning.begin(try shop.makeBundle().serve())
        #expect(learning.advance(counts, count: 1))
        var random = SeededGenerator(seed: 3)
        for basket in 0..<1_500 {
            // Skewed, so that counts differ.
            let most = Int.random(in: 1..<200, using: &random)
            let items = Set((0..<4).map { _ in Int.random(in: 1...most, using: &random) })
            for item in [0] + items.sorted() {
                Plain(
                    user: "u\(basket % 40)", item: "i\(item)", time: Int64(basket),
                    basket: "b\(basket)"
                ).record(in: learning)
            }
            if basket % 50 == 49 { Self.forget("u\(basket % 40)", learning) }
        }
        learning.publish()
        var pairs: [Int: Int] = [:]
        let all = Counted(of: learning, since: .min, known: 200)
        for item in 1..<200 { pairs[item] = all.pairs[["i0", "i\(item)"]] }
        #expect(pairs.count > 64)
        let best = pairs.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(64)
        let told = counts.partners(of: 0).map { ($0.item, $0.count) }
            .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
        #expect(told.map(\.0) == best.map(\.key) && told.map(\.1) == best.map(\.value))
    }

    @Test("What every model was trained with leaves memory with the model before")
    func trims() throws {
        let learning = try OnlineLearning(bytesMax: 256_000)
        do {
            let old = learning.begin(try Self.generation(1, newest: 10))
            #expect(learning.advance(old, count: 1))
            for time in 11...20 {
                Plain(user: "u0", item: "i0", time: Int64(time)).record(in: learning)
            }
            #expect(learning.events.count == 10)
        }
        let new = learning.begin(try Self.generation(1, newest: 15))
        #expect(learning.advance(new, count: 100))
        #expect(learning.events.count == 5 && new.basketCount == 1)
    }

    @Test("Readers beside a writer find a user's events, newest first, and nobody else's")
    func concurrentReaders() throws {
        let events = try LiveEvents(bytesMax: 64 * LiveEvents.bytesPerEvent, seed: 1)
        #expect(events.capacity == 64)
        let users = (0..<9).map { user in
            Array("user-\(user)".utf8).withUnsafeBytes { events.hash(ofUser: $0) }
        }
        let isOver = Atomic(false)
        let found = Atomic(0)
        let readers = (0..<2).map { reader in
            ReaderThread {
                var random = SeededGenerator(seed: UInt64(reader))
                while !isOver.load(ordering: .relaxed) {
                    let user = Int.random(in: 0..<users.count, using: &random)
                    let own = events.newest(ofUser: users[user], max: 64)
                    found.add(own.count, ordering: .relaxed)
                    for (newer, older) in zip(own, own.dropFirst()) {
                        guard newer.position > older.position else { return false }
                    }
                    for event in own {
                        guard event.user == users[user], Int(event.item) % users.count == user,
                            event.item == UInt32(truncatingIfNeeded: event.time)
                        else { return false }
                    }
                }
                return true
            }
        }
        var random = SeededGenerator(seed: 7)
        var round = 0
        // Until readers were there too, however busy the machine is.
        while round < 20_000 || round < 100_000_000 && found.load(ordering: .relaxed) < 100_000 {
            round += 1
            if events.isFull { events.removeOldest() }
            let user = Int.random(in: 0..<users.count, using: &random)
            if round % 97 == 0 { events.forget(user: users[user]) }
            var event = LiveEvents.Event()
            event.user = users[user]
            event.item = UInt32(round % 400_000_000 * users.count + user)
            event.time = Int64(event.item)
            event.basket = 1
            _ = events.append(event, basketPrevious: 0)
        }
        isOver.store(true, ordering: .relaxed)
        for reader in readers { #expect(reader.join()) }
    }

    @Test("A user is found while another of her bucket comes and is forgotten")
    func forgottenNeighbor() throws {
        let capacity = 1 << 15
        let events = try LiveEvents(bytesMax: capacity * LiveEvents.bytesPerEvent, seed: 1)
        func hash(_ number: Int) -> UInt64 {
            Array("user-\(number)".utf8).withUnsafeBytes { events.hash(ofUser: $0) }
        }
        let user = hash(0)
        let bucket = UInt64(capacity - 1)
        let number = try #require((1...).first { hash($0) & bucket == user & bucket })
        let neighbor = hash(number)
        func append(_ user: UInt64) {
            var event = LiveEvents.Event()
            event.user = user
            event.item = 1
            event.basket = 1
            _ = events.append(event, basketPrevious: 0)
        }
        append(user)
        let isOver = Atomic(false)
        let found = Atomic(0)
        let reader = ReaderThread {
            while !isOver.load(ordering: .relaxed) {
                guard events.newest(ofUser: user, max: 2).count == 1 else { return false }
                found.add(1, ordering: .relaxed)
            }
            return true
        }
        var round = 1
        while !events.isFull, round < 1_000 || found.load(ordering: .relaxed) < 100_000 {
            append(neighbor)
            events.forget(user: neighbor)
            round += 1
        }
        isOver.store(true, ordering: .relaxed)
        #expect(reader.join())
    }

    @Test(
        "A shopper with new events is answered as if her history had come with the call",
        arguments: RankingTests.shapes)
    func asInlineHistory(shop: RandomShop) throws {
        // Too few items to buy from.
        guard shop.items > 7 else { return }
        let bundle = shop.makeBundle()
        let generation = try bundle.serve()
        let learning = try OnlineLearning(bytesMax: 1 << 20)
        let counts = learning.begin(generation)
        #expect(learning.advance(counts, count: 1))
        let engine = try Engine(generation, live: counts)
        let plain = try Engine(generation)
        let known = bundle.histories.map { histories in
            histories.row(0).map { RandomShop.item(Int(histories.columns[$0])) }
        }
        // One item a session, so that no pairs are counted.
        let bought = ["i3", "i7", "i3", "i5"]
        for user in ["u0", "stranger"] {
            for (place, item) in bought.enumerated() {
                Plain(user: user, item: item, time: Int64(place) * 10_000).record(in: learning)
            }
            let own = user == "u0" ? known ?? [] : []
            let merged = own.filter { !bought.contains($0) } + ["i7", "i3", "i5"]
            // Without fold-in, and with lists of her own, a known user keeps what training gave her.
            if user == "u0", bundle.parts.userLists != nil || bundle.histories == nil { continue }
            if user == "u0", shop.hasEmbeddings, !shop.hasFoldIn { continue }
            for basket in [[], ["i1"]] {
                let got = engine.answer(Ask(user: user, basket: basket, k: 20))
                let expected = plain.answer(Ask(basket: basket, history: merged, k: 20))
                #expect(got.ids == expected.ids, "\(shop), \(user), \(basket)")
                for (a, b) in zip(got.items, expected.items) {
                    #expect(abs(a.score - b.score) <= 1e-5 * max(1, abs(b.score)), "\(shop)")
                }
                #expect(Set(got.ids).isDisjoint(with: bought))
            }
        }
    }

    @Test("Habits with new events are those of a training with them")
    func habits() throws {
        let shop = SampleShop(SampleShopOptions(items: 120, shoppers: 150, baskets: 2_500, seed: 9))
        let whole = shop.dataset
        let times = whole.events.times.sorted()
        let cut = times[times.count * 3 / 4]
        func bundle(_ dataset: Dataset) throws -> ModelBundle {
            let data = try TrainingData(dataset: dataset)
            var parts = ModelParts(popularity: data.popularity)
            parts.profiles = Profiles(data)
            var bundle = ModelBundle(
                info: BundleInfo(version: "v", kind: "popularity"), items: dataset.items,
                users: dataset.users, catalog: dataset.catalog, parts: parts,
                histories: ServingHistories.make(dataset, max: 1_000))
            bundle.info.data = DataSummary(
                events: 0, users: 0, items: 0, baskets: 0, digest: "",
                newestEvent: dataset.events.newestTime.map(Int.init))
            return bundle
        }
        var past = whole
        past.events = EventTable()
        var live: [Plain] = []
        for event in 0..<whole.events.count {
            let events = whole.events
            let time = events.times[event]
            if time <= cut {
                past.events.append(
                    user: events.users[event], item: events.items[event],
                    kind: events.kinds[event], value: events.values[event], time: time,
                    basket: events.baskets[event])
            } else {
                func name(_ number: Int32, _ table: IdentifierTable) -> String? {
                    number == EventTable.none ? nil : table[Int(number)]
                }
                live.append(
                    Plain(
                        user: name(events.users[event], whole.users),
                        item: whole.items[Int(events.items[event])], kind: events.kinds[event],
                        value: events.values[event], time: time,
                        basket: name(events.baskets[event], whole.baskets)))
            }
        }
        live = live.filter { $0.kind == .purchase }.sorted { $0.time < $1.time }
        let generation = try bundle(past).serve()
        let learning = try OnlineLearning(bytesMax: 8 << 20)
        let counts = learning.begin(generation)
        #expect(learning.advance(counts, count: 1))
        for event in live { event.record(in: learning) }
        learning.publish()
        let online = try Engine(generation, live: counts)
        let trained = try Engine(bundle(whole).serve())
        var compared = 0
        for user in 0..<whole.users.count {
            let id = Array(whole.users[user].utf8)
            let (got, expected) = id.withUnsafeBytes {
                (online.profile(ofUser: $0), trained.profile(ofUser: $0))
            }
            guard let expected, !expected.items.isEmpty else { continue }
            let found = try #require(got, "\(whole.users[user])")
            #expect(found.baskets == expected.baskets)
            let own = Dictionary(uniqueKeysWithValues: found.items.map { ($0.ordinal, $0) })
            #expect(own.count == expected.items.count)
            for item in expected.items {
                let mine = try #require(own[item.ordinal])
                #expect(mine.times == item.times, "user \(user)")
                #expect(abs(mine.ageDays - item.ageDays) < 1e-2)
                #expect(abs(mine.intervalDays - item.intervalDays) < 1e-2)
                compared += 1
            }
        }
        #expect(compared > 500)
    }

    @Test(
        "What is bought together now is served now, within its bound, and forgotten with who bought it"
    )
    func pairs() throws {
        var parts = ModelParts(popularity: [50, 50, 50, 0])
        parts.itemWeights = NeighborLists(
            offsets: [0, 1, 1, 1, 1], items: [1], scores: [0.01], lifts: [0], confidences: [0])
        let bundle = ModelBundle(
            info: BundleInfo(version: "v", kind: "slim"),
            items: IdentifierTable(["tea", "pot", "cup", "new"]), parts: parts)
        let generation = try bundle.serve()
        let learning = try OnlineLearning(bytesMax: 1 << 20)
        let counts = learning.begin(generation)
        #expect(learning.advance(counts, count: 1))
        let engine = try Engine(generation, live: counts)
        let ask = Ask(basket: ["tea"], k: 3)
        let before = engine.answer(ask)
        #expect(before.ids.first == "pot")
        for number in 0..<40 {
            for item in ["tea", "new"] {
                Plain(user: "u\(number % 4)", item: item, time: Int64(number), basket: "b\(number)")
                    .record(in: learning)
            }
        }
        let after = engine.answer(ask)
        #expect(after.ids.first == "new")
        #expect(after.items[0].score > 0.01 && after.items[0].score <= 0.2)
        #expect(after.items[0].reasons.first?.item == 0)
        for user in 0..<4 { Self.forget("u\(user)", learning) }
        #expect(engine.answer(ask) == before)
    }

    @Test(
        "Answers for shoppers with events allocate nothing once they have run",
        .enabled(if: sc_allocations_counted()), arguments: RankingTests.shapes)
    func allocations(shop: RandomShop) throws {
        let generation = try shop.makeBundle().serve()
        let learning = try OnlineLearning(bytesMax: 1 << 20)
        let counts = learning.begin(generation)
        #expect(learning.advance(counts, count: 1))
        var random = SeededGenerator(seed: shop.seed)
        for event in Self.random(500, from: 1_000, &random) { event.record(in: learning) }
        learning.publish()
        let engine = try Engine(generation, live: counts)
        let items = (0..<shop.items).map(RandomShop.item)
        for ask in [Ask(user: "u0"), Ask(user: "u9", basket: ["i0", "i1"], k: 1_000)] {
            let allocations = ask.lend(items) { engine.allocations(in: $0, $1) }
            #expect(allocations == 0, "\(shop), \(ask)")
        }
    }

    static func forget(_ user: String, _ learning: OnlineLearning) {
        Array(user.utf8).withUnsafeBytes { _ = learning.forget(user: $0) }
    }
}

/// A thread that says at its end whether all was well.
private final class ReaderThread: Sendable {
    private let ended = DispatchSemaphore(value: 0)
    private let result = Mutex(false)

    init(_ body: @escaping @Sendable () -> Bool) {
        Thread.detachNewThread { [self] in
            let isWell = body()
            result.withLock { $0 = isWell }
            ended.signal()
        }
    }

    func join() -> Bool {
        ended.wait()
        return result.withLock { $0 }
    }
}
