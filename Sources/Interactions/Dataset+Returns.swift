/// What ``Dataset/nettingReturns()`` did with a shop's returns.
package struct NettedReturns: Sendable, Equatable {
    /// Returns that took back all they name.
    package var matched = 0
    /// Returns that took back less than they name, or nothing, since no earlier purchase was left.
    package var unmatched = 0
    /// Purchases that were taken back altogether.
    package var purchasesRemoved = 0
    /// Purchases of which a part was taken back.
    package var purchasesReduced = 0

    package init() {}

    package var count: Int { matched + unmatched }

    /// One line for people; nil where there were no returns.
    package var note: String? {
        guard count > 0 else { return nil }
        return "returns: \(count), which take back \(purchasesRemoved) purchases and part of "
            + "\(purchasesReduced) more; \(unmatched) find no earlier purchase to take back in full"
    }
}

extension Dataset {
    /// Takes what was returned off what was bought, so that all that counts events sees what was
    /// kept.
    ///
    /// A return is an event of that kind, or a purchase of a negative value. It takes its quantity,
    /// whatever the sign, off the purchases of the same user and item, the newest first; without a
    /// user, off those of the same basket and item. Only earlier purchases count: those of a time
    /// up to the return's, or those read before it where one of the two has no time. A purchase of
    /// which nothing is left disappears, and so does every return, matched or not. Users, items and
    /// baskets keep their numbers.
    ///
    /// What is netted already stays as it is.
    ///
    /// - Complexity: O(events + p log p) with p the purchases of whatever was returned by whoever
    ///   returned it.
    package func nettingReturns() -> (dataset: Dataset, returns: NettedReturns) {
        var report = NettedReturns()
        let returns = (0..<events.count).filter(isReturn)
        guard !returns.isEmpty else { return (self, report) }
        var netting = ReturnNetting(events: events, returns: returns)
        for event in returns.sorted(by: isEarlier) {
            if netting.takeBack(event) { report.matched += 1 } else { report.unmatched += 1 }
        }
        var netted = self
        netted.events = EventTable()
        netted.events.reserveCapacity(events.count - returns.count)
        for event in 0..<events.count where !isReturn(event) {
            let left = netting.left[event]
            guard left != 0 else {
                report.purchasesRemoved += 1
                continue
            }
            if left != nil, left != events.values[event] { report.purchasesReduced += 1 }
            netted.events.append(
                user: events.users[event], item: events.items[event], kind: events.kinds[event],
                value: left ?? events.values[event], time: events.times[event],
                basket: events.baskets[event])
        }
        return (netted, report)
    }

    private func isReturn(_ event: Int) -> Bool {
        switch events.kinds[event] {
        case .return: true
        case .purchase: events.values[event] < 0
        default: false
        }
    }

    /// By time; those of equal or unknown time in the order read.
    private func isEarlier(_ event: Int, _ other: Int) -> Bool {
        (events.times[event], event) < (events.times[other], other)
    }
}

/// The purchases that returns may take back, and how much of each is left.
private struct ReturnNetting {
    private struct Key: Hashable {
        var owner: Int32
        var item: Int32
    }

    private let events: EventTable
    private var byUser: [Key: [Int]] = [:]
    private var byBasket: [Key: [Int]] = [:]
    /// By purchase that a return may take back, what is left of it.
    private(set) var left: [Int: Float] = [:]

    init(events: EventTable, returns: [Int]) {
        self.events = events
        for event in returns {
            let item = events.items[event]
            if events.users[event] != EventTable.none {
                byUser[Key(owner: events.users[event], item: item)] = []
            } else if events.baskets[event] != EventTable.none {
                byBasket[Key(owner: events.baskets[event], item: item)] = []
            }
        }
        // Most items are never returned: theirs are passed over without a look-up.
        var isReturned: Set<Int32> = []
        for event in returns { isReturned.insert(events.items[event]) }
        for event in 0..<events.count
        where events.kinds[event] == .purchase && events.values[event] > 0
            && isReturned.contains(events.items[event])
        {
            let item = events.items[event]
            byUser[Key(owner: events.users[event], item: item)]?.append(event)
            byBasket[Key(owner: events.baskets[event], item: item)]?.append(event)
        }
        for (key, purchases) in byUser { byUser[key] = sorted(purchases) }
        for (key, purchases) in byBasket { byBasket[key] = sorted(purchases) }
        for purchases in [byUser.values, byBasket.values].joined() {
            for event in purchases { left[event] = events.values[event] }
        }
    }

    /// Oldest first.
    private func sorted(_ purchases: [Int]) -> [Int] {
        purchases.sorted { (events.times[$0], $0) < (events.times[$1], $1) }
    }

    /// - Returns: whether all that was returned was found.
    mutating func takeBack(_ event: Int) -> Bool {
        var quantity = abs(events.values[event])
        let item = events.items[event]
        let purchases =
            events.users[event] != EventTable.none
            ? byUser[Key(owner: events.users[event], item: item)]
            : byBasket[Key(owner: events.baskets[event], item: item)]
        for purchase in (purchases ?? []).reversed() where quantity > 0 {
            guard isBefore(purchase, event), let rest = left[purchase], rest > 0 else { continue }
            let taken = min(rest, quantity)
            left[purchase] = Self.difference(rest, taken)
            quantity = Self.difference(quantity, taken)
        }
        return quantity == 0
    }

    /// What is left after something no larger is taken away: 0 where it is but a rounding error, as
    /// of 0.3 - 0.1 - 0.2.
    private static func difference(_ quantity: Float, _ taken: Float) -> Float {
        let left = quantity - taken
        return left > 1e-5 * quantity ? left : 0
    }

    private func isBefore(_ purchase: Int, _ event: Int) -> Bool {
        let (bought, returned) = (events.times[purchase], events.times[event])
        guard bought != EventTable.noTime, returned != EventTable.noTime else {
            return purchase < event
        }
        return bought <= returned
    }
}
