import Interactions
import Testing

@Suite struct ReturnTests {
    @Test func `what was returned in full is gone, and of the rest a part stays`() {
        var shop = Shop()
        shop.add(user: 0, item: 0, 2, at: 10)
        shop.add(user: 0, item: 1, 5, at: 10)
        shop.add(user: 0, item: 0, 2, .return, at: 20)
        shop.add(user: 0, item: 1, -3, at: 20)
        let (netted, returns) = shop.dataset.nettingReturns()
        #expect(lines(netted) == ["0 1 2.0 10"])
        #expect(returns.matched == 2 && returns.unmatched == 0)
        #expect(returns.purchasesRemoved == 1 && returns.purchasesReduced == 1)
    }

    @Test func `a return takes back no later purchase, and of the earlier ones the newest`() {
        var shop = Shop()
        shop.add(user: 0, item: 0, 1, at: 30)
        shop.add(user: 0, item: 0, 1, .return, at: 20)
        shop.add(user: 0, item: 0, 1, at: 5)
        shop.add(user: 0, item: 0, 1, at: 15)
        shop.add(user: 1, item: 0, 1, .return, at: 20)
        shop.add(user: 1, item: 0, 1, at: 21)
        let (netted, returns) = shop.dataset.nettingReturns()
        #expect(lines(netted) == ["0 0 1.0 30", "0 0 1.0 5", "1 0 1.0 21"])
        #expect(returns.matched == 1 && returns.unmatched == 1)
    }

    @Test func `a return of the same day counts wherever it stands in the file`() {
        var shop = Shop()
        shop.add(user: 0, item: 0, 1, .return, at: 10)
        shop.add(user: 0, item: 0, 1, at: 10)
        #expect(shop.dataset.nettingReturns().dataset.events.count == 0)
    }

    @Test func `without times a return takes back what was read before it`() {
        var shop = Shop()
        shop.add(user: 0, item: 0, 1, .return)
        shop.add(user: 0, item: 0, 1)
        shop.add(user: 0, item: 1, 1)
        shop.add(user: 0, item: 1, 1, .return)
        #expect(lines(shop.dataset.nettingReturns().dataset) == ["0 0 1.0 -"])
    }

    @Test func `without a user a return takes back from its own basket alone`() {
        var shop = Shop()
        shop.add(item: 0, 1, basket: 0)
        shop.add(item: 0, 1, basket: 1)
        shop.add(item: 0, 1, .return, basket: 1)
        shop.add(item: 0, 1, .return)
        let (netted, returns) = shop.dataset.nettingReturns()
        #expect(netted.events.baskets == [0])
        #expect(returns.matched == 1 && returns.unmatched == 1)
    }

    @Test func `views, carts and ratings below zero are no returns`() {
        var shop = Shop()
        shop.add(user: 0, item: 0, -4, .rating)
        shop.add(user: 0, item: 0, 1, .view)
        shop.add(user: 0, item: 0, -1, .cart)
        let (netted, returns) = shop.dataset.nettingReturns()
        #expect(netted.events.count == 3)
        #expect(returns.count == 0 && returns.note == nil)
    }

    @Test func `netting twice changes nothing more`() {
        var shop = Shop()
        shop.add(user: 0, item: 0, 3, at: 1)
        shop.add(user: 0, item: 0, 5, .return, at: 2)
        shop.add(user: 0, item: 1, 3, at: 1)
        shop.add(user: 0, item: 1, 1, .return, at: 2)
        let once = shop.dataset.nettingReturns().dataset
        let (twice, returns) = once.nettingReturns()
        #expect(lines(once) == ["0 1 2.0 1"])
        #expect(lines(twice) == lines(once) && returns == NettedReturns())
    }

    private struct Shop {
        var dataset = Dataset()

        mutating func add(
            user: Int32 = EventTable.none, item: Int32, _ value: Float,
            _ kind: EventKind = .purchase, at time: Int64 = EventTable.noTime,
            basket: Int32 = EventTable.none
        ) {
            dataset.events.append(
                user: user, item: item, kind: kind, value: value, time: time, basket: basket)
        }
    }

    private func lines(_ dataset: Dataset) -> [String] {
        let events = dataset.events
        return (0..<events.count).map {
            let time = events.times[$0] == EventTable.noTime ? "-" : "\(events.times[$0])"
            return "\(events.users[$0]) \(events.items[$0]) \(events.values[$0]) \(time)"
        }
    }
}
