import Interactions
import SampleShop
import Testing

@Suite struct SampleShopTests {
    private static let shop = SampleShop()

    @Test("The random numbers are the published ones")
    func randomNumbers() {
        // The first outputs of the reference implementation of SplitMix64 for seed 1234567.
        var random = SeededGenerator(seed: 1_234_567)
        #expect(
            (0..<5).map { _ in random.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
        for _ in 0..<1000 {
            #expect((0..<1).contains(random.unit()))
            #expect((0..<7).contains(random.index(below: 7)))
            #expect((1...4).contains(random.geometric(more: 0.9, max: 4)))
        }
    }

    @Test("The same options give the same shop, and another seed another one")
    func determinism() {
        let options = SampleShopOptions(items: 130, shoppers: 50, baskets: 400, seed: 7)
        let one = SampleShop(options)
        let same = SampleShop(options)
        let other = SampleShop(SampleShopOptions(items: 130, shoppers: 50, baskets: 400, seed: 8))
        #expect(digest(one) == digest(same))
        #expect(digest(one) != digest(other))
        // Another value means that demos and tests elsewhere see another shop.
        #expect(digest(one) == 16_816_254_663_271_756_557)
    }

    @Test("Sizes are as asked for, and ids and columns are complete")
    func structure() {
        let dataset = Self.shop.dataset
        #expect(dataset.items.count == 600)
        #expect(dataset.catalog.count == 600)
        #expect((3900...4000).contains(dataset.users.count))
        #expect((56_000...60_000).contains(dataset.baskets.count))
        #expect(dataset.items[0] == "teapot-0001")
        #expect(dataset.users[0].hasPrefix("shopper-") && dataset.users[0].count == 13)
        #expect(dataset.baskets[0] == "order-000001")
        let catalog = dataset.catalog
        #expect(Set(catalog.titles).count == 600)
        #expect(catalog.categories.allSatisfy { $0.count == 3 })
        #expect(Set(catalog.categories.map { $0[0] }).count == 12)
        #expect(catalog.prices.allSatisfy { $0 > 0.4 && $0 < 500 })
        #expect(catalog.attributes.allSatisfy { $0.count >= 2 })
        #expect((5...40).contains(catalog.stocks.count { $0 == 0 }))
        let times = dataset.events.times
        #expect(times.first! >= 1_735_689_600 && times.last! < 1_735_689_600 + 382 * 86_400)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(dataset.events.users.allSatisfy { $0 >= 0 })
        let returns = dataset.events.kinds.count { $0 == .return }
        #expect(returns > 100 && returns * 50 < dataset.events.count)
    }

    @Test("Tiny and large shops can be had")
    func sizes() {
        let tiny = SampleShop(SampleShopOptions(items: 1, shoppers: 1, baskets: 1))
        #expect(tiny.dataset.items.count >= 60)
        #expect(tiny.dataset.users.count <= 1)
        let wide = SampleShop(SampleShopOptions(items: 12_000, shoppers: 10, baskets: 50))
        #expect(wide.dataset.items.count == 12_000)
        #expect(Set(wide.dataset.catalog.titles).count == 12_000)
        #expect(wide.dataset.items[0] == "teapot-00001")
    }

    @Test("Items of a planted group go together far beyond chance, in every group")
    func complements() throws {
        let shop = Self.shop
        let events = shop.dataset.events
        var baskets = Array(repeating: Set<Int32>(), count: shop.dataset.items.count)
        for event in 0..<events.count where events.kinds[event] == .purchase {
            baskets[Int(events.items[event])].insert(events.baskets[event])
        }
        let count = Float(shop.dataset.baskets.count)
        let members = shop.groups.flatMap(\.items)
        #expect(shop.groups.count == 45)
        #expect(Set(members).count == members.count)
        for group in shop.groups {
            #expect(group.items.count == 3)
            for other in group.items.dropFirst() {
                let first = baskets[Int(group.items[0])]
                let second = baskets[Int(other)]
                let together = Float(first.intersection(second).count)
                let lift = together * count / (Float(first.count) * Float(second.count))
                #expect(first.count >= 20 && lift > 10, "\(group.name): \(first.count), \(lift)")
            }
        }
    }

    @Test("Popularity has a long tail, and consumables are bought again")
    func habits() {
        let events = Self.shop.dataset.events
        var counts = Array(repeating: 0, count: 600)
        var bought: [[Int32]: Int] = [:]
        for event in 0..<events.count where events.kinds[event] == .purchase {
            counts[Int(events.items[event])] += 1
            bought[[events.users[event], events.items[event]], default: 0] += 1
        }
        let sorted = counts.sorted(by: >)
        let total = sorted.reduce(0, +)
        let top = sorted.prefix(60).reduce(0, +)
        // A tenth of the items makes a third or more of the sales, and all sell.
        #expect(top * 3 > total && top * 10 < total * 9)
        #expect(sorted[599] > 0)
        let size = Double(total) / Double(Self.shop.dataset.baskets.count)
        #expect((3...7).contains(size), "\(size) lines a basket")
        let catalog = Self.shop.dataset.catalog
        func repeats(_ department: String) -> Double {
            let pairs = bought.filter { catalog.categories[Int($0.key[1])][0] == department }
            return Double(pairs.count { $0.value > 1 }) / Double(pairs.count)
        }
        let groceries = repeats("Groceries")
        let camping = repeats("Camping")
        #expect(groceries > 0.25 && groceries > 3 * camping, "\(groceries), \(camping)")
    }

    @Test("The shop can be written and read back")
    func readable() throws {
        let shop = SampleShop(SampleShopOptions(items: 80, shoppers: 20, baskets: 60))
        for item in 0..<shop.dataset.items.count {
            #expect(!shop.dataset.catalog.categories[item].joined().contains(">"))
            #expect(!shop.dataset.catalog.attributes[item].joined().contains("|"))
        }
    }

    /// FNV-1a over all that the shop consists of.
    private func digest(_ shop: SampleShop) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        }
        let dataset = shop.dataset
        for event in 0..<dataset.events.count {
            mix("\(dataset.events.users[event]) \(dataset.events.items[event])")
            mix("\(dataset.events.times[event]) \(dataset.events.values[event])")
        }
        for item in 0..<dataset.items.count {
            mix(dataset.items[item] + dataset.catalog.titles[item])
            mix("\(dataset.catalog.prices[item]) \(dataset.catalog.stocks[item])")
        }
        for group in shop.groups { mix("\(group.items)") }
        return hash
    }
}
