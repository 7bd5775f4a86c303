/// A few facts about some of the items, one bit each, by ordinal; all others have none.
///
/// Reused from request to request: clearing costs what was set, not the number of items.
final class ItemFlags {
    /// Facts about an item in one request.
    struct Fact: OptionSet {
        let rawValue: UInt8
        static let inBasket = Fact(rawValue: 1)
        static let boughtBefore = Fact(rawValue: 2)
        static let excluded = Fact(rawValue: 4)
    }

    private var facts: UnsafeMutableBufferPointer<UInt8>
    private var flagged: [UInt32] = []

    /// - Parameters:
    ///   - items: how many ordinals there are at first; more are made room for.
    ///   - flaggedMax: how many items one request can flag, so that nothing grows later.
    init(items: Int, flaggedMax: Int) {
        facts = .allocate(capacity: max(1, items))
        facts.initialize(repeating: 0)
        flagged.reserveCapacity(flaggedMax)
    }

    deinit { facts.deallocate() }

    func removeAll() {
        for ordinal in flagged { facts[Int(ordinal)] = 0 }
        flagged.removeAll(keepingCapacity: true)
    }

    /// Whether the item has any of these facts.
    func has(_ some: Fact, _ ordinal: UInt32) -> Bool {
        Int(ordinal) < facts.count && facts[Int(ordinal)] & some.rawValue != 0
    }

    /// Notes a fact; false where it was known.
    func insert(_ fact: Fact, _ ordinal: UInt32) -> Bool {
        if Int(ordinal) >= facts.count { grow(toHold: Int(ordinal)) }
        let known = facts[Int(ordinal)]
        guard known & fact.rawValue == 0 else { return false }
        if known == 0 { flagged.append(ordinal) }
        facts[Int(ordinal)] = known | fact.rawValue
        return true
    }

    private func grow(toHold ordinal: Int) {
        let larger = UnsafeMutableBufferPointer<UInt8>.allocate(
            capacity: max(ordinal + 1, facts.count * 2))
        larger.initialize(repeating: 0)
        larger.baseAddress!.update(from: facts.baseAddress!, count: facts.count)
        facts.deallocate()
        facts = larger
    }
}
