import Bundles
import CAllocationCounter
import CrossSell
import Foundation
import Interactions
import ModelParts
import Models
import SampleShop
import Testing

/// What an engine answers once it has learned of events.
@Suite struct OnlineAnswersTests {
    private typealias Plain = OnlineLearningTests.Plain

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
        for user in 0..<4 { OnlineLearningTests.forget("u\(user)", learning) }
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
        for event in OnlineLearningTests.random(500, from: 1_000, &random) {
            event.record(in: learning)
        }
        learning.publish()
        let engine = try Engine(generation, live: counts)
        let items = (0..<shop.items).map(RandomShop.item)
        for ask in [Ask(user: "u0"), Ask(user: "u9", basket: ["i0", "i1"], k: 1_000)] {
            let allocations = ask.lend(items) { engine.allocations(in: $0, $1) }
            #expect(allocations == 0, "\(shop), \(ask)")
        }
    }
}
