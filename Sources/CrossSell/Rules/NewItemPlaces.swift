/// A limit to how many items that nobody took yet are on one slate: what is expected of them is less sure
/// than what is known of others.
struct NewItemPlaces {
    private let items: ItemTable
    private var placesMax = 0
    private var taken = 0

    init(_ items: ItemTable) { self.items = items }

    /// Whether the shop has any such item.
    var isActive: Bool { items.hasNew }

    /// - Parameter k: the length of the slate, of which one in ``itemsForOne``, and one of the rest, may
    ///   be new where the rules say nothing else.
    mutating func read(_ rules: borrowing QueryRules, k: Int) {
        taken = 0
        let usual = (k + Self.itemsForOne - 1) / Self.itemsForOne
        placesMax =
            rules.leavesOutNewItems ? 0 : rules.newItemsMax > 0 ? rules.newItemsMax : usual
    }

    static let itemsForOne = 10

    func hasRoom(for ordinal: UInt32) -> Bool { taken < placesMax || !items.isNew(ordinal) }

    mutating func take(_ ordinal: UInt32) { taken += items.isNew(ordinal) ? 1 : 0 }

    mutating func free() { taken = 0 }
}
