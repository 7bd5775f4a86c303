/// One of each group of variants: none where the basket has one, and at most one on a slate.
struct VariantPlaces {
    private let items: ItemTable
    /// By group; false but for those in `basketGroups` and `used`.
    private var isInBasket: [Bool]
    private var isTaken: [Bool]
    private var basketGroups: [Int] = []
    private var used: [Int] = []

    init(_ items: ItemTable) {
        self.items = items
        isInBasket = Array(repeating: false, count: items.groupCount)
        isTaken = isInBasket
        basketGroups.reserveCapacity(items.groupCount)
        used.reserveCapacity(items.groupCount)
    }

    /// Whether any item is a variant.
    var isActive: Bool { items.groupCount > 0 }

    /// Whether one of the basket's items is, so that an item alone may be kept off.
    var barsSome: Bool { !basketGroups.isEmpty }

    mutating func read(basket: [UInt32]) {
        for group in basketGroups { isInBasket[group] = false }
        basketGroups.removeAll(keepingCapacity: true)
        guard isActive else { return }
        for ordinal in basket {
            let group = items.group(of: ordinal)
            guard group >= 0, !isInBasket[group] else { continue }
            isInBasket[group] = true
            basketGroups.append(group)
        }
    }

    /// Whether the item is a variant of what is in the basket.
    func isBarred(_ ordinal: UInt32) -> Bool {
        let group = items.group(of: ordinal)
        return group >= 0 && isInBasket[group]
    }

    /// Whether no variant of the item has a place yet.
    func hasRoom(for ordinal: UInt32) -> Bool {
        let group = items.group(of: ordinal)
        return group < 0 || !isTaken[group]
    }

    mutating func take(_ ordinal: UInt32) {
        let group = items.group(of: ordinal)
        guard group >= 0, !isTaken[group] else { return }
        isTaken[group] = true
        used.append(group)
    }

    mutating func free() {
        for group in used { isTaken[group] = false }
        used.removeAll(keepingCapacity: true)
    }
}
