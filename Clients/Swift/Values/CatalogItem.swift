/// What the shop says of an item. What is nil or empty is not said, and putting it leaves what was
/// there.
public struct CatalogItem: Sendable, Hashable, Codable {
    /// Which item.
    public var id: String
    /// At most 1,024 bytes.
    public var title: String
    /// From the broadest to the finest, such as `["Kitchen", "Tea"]`.
    public var category: [String]
    /// In the shop's currency, 0 or more.
    public var price: Float?
    /// Pieces at hand, 0 or more; -1 where nobody tracks them.
    public var stock: Int32?
    /// What the item is a variant of.
    public var group: String
    /// From when on it can be had, in seconds since 1970 UTC.
    public var availableFrom: Int64?
    /// Whether it is sold no more.
    public var isDiscontinued: Bool?
    /// `name=value`, at most 64.
    public var attributes: [String]

    /// Makes an item of which nothing is said.
    public init(id: String, price: Float? = nil, stock: Int32? = nil) {
        (self.id, self.price, self.stock) = (id, price, stock)
        (title, category, group, attributes) = ("", [], "", [])
    }
}

/// What the catalog says of items that the caller named.
public struct FoundItems: Sendable, Hashable, Codable {
    /// In the order asked, without the unknown ones.
    public var items: [CatalogItem]
    /// Positions, in the ids asked about, of those that the catalog does not have; ascending.
    public var unknown: [Int]

    /// Makes an answer, as tests of a service need.
    public init(items: [CatalogItem], unknown: [Int] = []) {
        (self.items, self.unknown) = (items, unknown)
    }
}
