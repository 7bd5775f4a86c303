/// A shop's events with the tables that name what they number, and what is known of the items.
package struct Dataset: Sendable {
    package var users = IdentifierTable()
    package var items = IdentifierTable()
    package var baskets = IdentifierTable()
    package var events = EventTable()
    /// What the events' file or a catalog beside it says of the items; `catalog.count ==
    /// items.count`.
    package var catalog = Catalog()

    package init() {}
}

/// What is known of each item, by item number: columns of equal length.
package struct Catalog: Sendable {
    /// A stock that nobody tracks.
    package static let untrackedStock: Int32 = -1

    /// Empty when not known.
    package private(set) var titles: [String] = []
    /// From the broadest to the finest, such as `["Kitchen", "Tea", "Teapots"]`; empty when not
    /// known.
    package private(set) var categories: [[String]] = []
    /// In the shop's currency; 0 when not known.
    package private(set) var prices: [Float] = []
    /// Pieces at hand, or `untrackedStock`.
    package private(set) var stocks: [Int32] = []
    /// What the item is a variant of, such as the parent SKU of a shirt's sizes; empty for none.
    package private(set) var groups: [String] = []
    /// From when on it can be had, in seconds since 1970 UTC; `Int64.min` where it always can.
    package private(set) var availableFrom: [Int64] = []
    /// Whether it is sold no more.
    package private(set) var isDiscontinued: [Bool] = []
    /// What the shop earns on one piece, in its currency; may be negative; nil when not known.
    package private(set) var margins: [Float?] = []
    /// `name=value`, sorted; empty when not known.
    package private(set) var attributes: [[String]] = []

    package init() {}

    package var count: Int { titles.count }

    /// Makes room for items up to `count - 1`, about which nothing is known yet.
    package mutating func grow(to count: Int) {
        while titles.count < count {
            titles.append("")
            categories.append([])
            prices.append(0)
            stocks.append(Self.untrackedStock)
            groups.append("")
            availableFrom.append(.min)
            isDiscontinued.append(false)
            margins.append(nil)
            attributes.append([])
        }
    }

    /// Replaces the facts that are given, and keeps the others.
    package mutating func update(
        item: Int, title: String? = nil, category: [String]? = nil, price: Float? = nil,
        stock: Int32? = nil, group: String? = nil, availableFrom: Int64? = nil,
        isDiscontinued: Bool? = nil, margin: Float? = nil, attributes: [String]? = nil
    ) {
        grow(to: item + 1)
        if let title { titles[item] = title }
        if let category { categories[item] = category }
        if let price { prices[item] = price }
        if let stock { stocks[item] = stock }
        if let group { groups[item] = group }
        if let availableFrom { self.availableFrom[item] = availableFrom }
        if let margin { margins[item] = margin }
        if let isDiscontinued { self.isDiscontinued[item] = isDiscontinued }
        if let attributes { self.attributes[item] = attributes.sorted() }
    }
}
