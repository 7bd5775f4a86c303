/// At most so many places of a slate for one category.
struct CategoryPlaces {
    private let items: ItemTable
    private var most = 0
    private var level = 0
    /// Places taken so far by category; zero but for those in `used`.
    private var counts: [Int32]
    private var used: [Int32] = []

    init(_ items: ItemTable) {
        self.items = items
        counts = Array(repeating: 0, count: items.categoryPaths.ancestorCount)
        used.reserveCapacity(items.categoryPaths.count)
    }

    var isActive: Bool { most > 0 }

    mutating func read(_ rules: borrowing QueryRules) {
        (most, level) = (rules.perCategoryMax, rules.categoryLevel)
    }

    /// Whether the item's category has room for it; items without one always have.
    func hasRoom(for ordinal: UInt32) -> Bool {
        category(of: ordinal).map { counts[$0] < most } ?? true
    }

    mutating func take(_ ordinal: UInt32) {
        guard let category = category(of: ordinal) else { return }
        if counts[category] == 0 { used.append(Int32(category)) }
        counts[category] += 1
    }

    mutating func free() {
        for category in used { counts[Int(category)] = 0 }
        used.removeAll(keepingCapacity: true)
    }

    private func category(of ordinal: UInt32) -> Int? {
        guard isActive else { return nil }
        let path = items.category(of: ordinal)
        return path < 0 ? nil : items.categoryPaths.ancestor(of: path, level: level)
    }
}
