import Bundles
import CrossSell
import Foundation
import Interactions
import ModelParts
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

    static func forget(_ user: String, _ learning: OnlineLearning) {
        Array(user.utf8).withUnsafeBytes { _ = learning.forget(user: $0) }
    }
}
