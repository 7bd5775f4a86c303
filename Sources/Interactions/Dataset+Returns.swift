/// What ``Dataset/nettingReturns()`` did with a shop's returns.
package struct NettedReturns: Sendable, Equatable, Encodable {
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
        let events = events
        let (kinds, values) = (events.kinds, events.values)
        let isReturn = zip(kinds, values).map { kind, value in
            kind == .return || (kind == .purchase && value < 0)
        }
        let returns = isReturn.indices.filter { isReturn[$0] }
        guard !returns.isEmpty else { return (self, report) }
        var netting = ReturnNetting(events: events, returns: returns)
        let times = events.times
        // By time; those of equal or unknown time in the order read.
        for event in returns.sorted(by: { (times[$0], $0) < (times[$1], $1) }) {
            if netting.takeBack(event) { report.matched += 1 } else { report.unmatched += 1 }
        }
        let left = netting.left
        var kept: [Int] = []
        kept.reserveCapacity(events.count - returns.count)
        for event in left.indices where !isReturn[event] {
            if left[event] != values[event] {
                guard left[event] != 0 else {
                    report.purchasesRemoved += 1
                    continue
                }
                report.purchasesReduced += 1
            }
            kept.append(event)
        }
        var netted = self
        netted.events = events.keeping(kept, values: left)
        return (netted, report)
    }
}

/// The purchases that returns may take back, and how much of each is left.
private struct ReturnNetting {
    private let events: EventTable
    /// By what somebody returned: the purchases of it by the same owner, oldest first.
    private var purchases: [[Int]] = []
    private var byUser = PairTable()
    private var byBasket = PairTable()
    /// By event, its value less what was taken back.
    private(set) var left: [Float]

    /// - Parameter returns: the events that take back, by number.
    init(events: EventTable, returns: [Int]) {
        self.events = events
        left = events.values
        let (users, items, baskets) = (events.users, events.items, events.baskets)
        // Most items are never returned: theirs are passed over without a look-up.
        var isReturned = Array(repeating: false, count: Int(items.max() ?? 0) + 1)
        for event in returns {
            isReturned[Int(items[event])] = true
            let isNew =
                users[event] != EventTable.none
                ? byUser.insert(users[event], items[event], purchases.count)
                : byBasket.insert(baskets[event], items[event], purchases.count)
            if isNew { purchases.append([]) }
        }
        let (kinds, values) = (events.kinds, events.values)
        for event in items.indices
        where isReturned[Int(items[event])] && kinds[event] == .purchase && values[event] > 0 {
            if let slot = byUser[users[event], items[event]] { purchases[slot].append(event) }
            if let slot = byBasket[baskets[event], items[event]] { purchases[slot].append(event) }
        }
        let times = events.times
        for slot in purchases.indices {
            purchases[slot].sort { (times[$0], $0) < (times[$1], $1) }
        }
    }

    /// - Returns: whether all that was returned was found.
    mutating func takeBack(_ event: Int) -> Bool {
        var quantity = abs(events.values[event])
        let (user, item) = (events.users[event], events.items[event])
        let slot =
            user != EventTable.none ? byUser[user, item] : byBasket[events.baskets[event], item]
        guard let slot else { return quantity == 0 }
        for purchase in purchases[slot].reversed() where quantity > 0 {
            let rest = left[purchase]
            guard rest > 0, isBefore(purchase, event) else { continue }
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

/// Numbers by pairs of an owner and an item, in open addressing: a look-up is a multiplication and
/// mostly one read. Invariant: a power of two of slots, at most half of them full.
private struct PairTable {
    private var keys: [UInt64] = []
    private var numbers: [Int] = []
    private var count = 0
    /// No pair of an owner has it: owners are at least 0.
    private static let empty = UInt64.max

    private static func key(_ owner: Int32, _ item: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: owner)) << 32 | UInt64(UInt32(bitPattern: item))
    }

    subscript(owner: Int32, item: Int32) -> Int? {
        guard count > 0, owner >= 0 else { return nil }
        let key = Self.key(owner, item)
        let slot = slot(of: key)
        return keys[slot] == key ? numbers[slot] : nil
    }

    /// - Returns: false where the pair has a number already, or no owner.
    mutating func insert(_ owner: Int32, _ item: Int32, _ number: Int) -> Bool {
        guard owner >= 0 else { return false }
        if 2 * (count + 1) > keys.count { grow() }
        let key = Self.key(owner, item)
        let slot = slot(of: key)
        guard keys[slot] == Self.empty else { return false }
        (keys[slot], numbers[slot]) = (key, number)
        count += 1
        return true
    }

    /// Where the key is, or may be put.
    private func slot(of key: UInt64) -> Int {
        let mask = keys.count - 1
        var slot = Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 32) & mask
        while keys[slot] != key, keys[slot] != Self.empty { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func grow() {
        let (oldKeys, oldNumbers) = (keys, numbers)
        keys = Array(repeating: Self.empty, count: max(64, 2 * oldKeys.count))
        numbers = Array(repeating: 0, count: keys.count)
        for (key, number) in zip(oldKeys, oldNumbers) where key != Self.empty {
            let slot = slot(of: key)
            (keys[slot], numbers[slot]) = (key, number)
        }
    }
}
