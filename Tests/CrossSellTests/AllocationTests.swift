import CAllocationCounter
import CrossSell
import Testing

@Suite struct AllocationTests {
    @Test("The counter counts", .enabled(if: sc_allocations_counted()))
    func counter() {
        let before = sc_allocations_of_thread()
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 16)
        memory.deallocate()
        #expect(sc_allocations_of_thread() > before)
    }

    @Test(
        "Score and Recommend allocate nothing once they have run",
        .enabled(if: sc_allocations_counted()), arguments: RankingTests.shapes)
    func requests(shop: RandomShop) throws {
        let engine = try Engine(shop.makeBundle().serve())
        var asks = [
            Ask(), Ask(user: "u0"), Ask(user: "u0", basket: ["i0", "i1"], k: 1_000),
            Ask(basket: ["i2", "nothing"], history: ["i1", "i1", "i0"], exclusions: ["i2"]),
            Ask(user: "stranger", includesOutOfStock: true, perCategoryMax: 1),
        ]
        asks += asks.map {
            var ask = $0
            ask.wantsReasons = false
            return ask
        }
        let items = (0..<shop.items).map(RandomShop.item)
        for ask in asks {
            let allocations = ask.lend(items) { query, ids in
                var query = query
                query.wantsParts = ask.wantsReasons
                return engine.allocations(in: query, ids)
            }
            #expect(allocations == 0, "\(shop), \(ask)")
        }
    }
}

extension Engine {
    /// What a hundred calls of Recommend and Score allocate, once they have run.
    func allocations(in query: borrowing Query, _ ids: [UnsafeRawBufferPointer]) -> Int {
        for _ in 0..<3 { runBoth(query, ids) }
        let before = sc_allocations_of_thread()
        for _ in 0..<100 { runBoth(query, ids) }
        return Int(sc_allocations_of_thread() - before)
    }

    private func runBoth(_ query: borrowing Query, _ ids: [UnsafeRawBufferPointer]) {
        _ = recommend(query)
        _ = score(ids, for: query)
        endTurn()
    }
}
