/// What can keep an item off a slate, in the order in which the rules are asked.
///
/// The numbers are those of the contract's `Rule`.
package enum Rule: Int32, CaseIterable, Sendable {
    case inBasket = 1
    /// Named by the call as never to be returned.
    case excluded
    /// Not among the items that the call names as the only ones.
    case notAllowed
    case boughtBefore
    case outOfStock
    case price
    /// Basket and item together cost more than the budget.
    case budget
    case category
    /// Taken too rarely to be trusted.
    case support
    /// A substitute of a basket item.
    case substitute
    /// One too many of its category.
    case categoryPlaces
    /// One too many that the same basket item speaks for.
    case basketItemPlaces
    /// Sold no more, or not yet; asked behind `outOfStock`.
    case unavailable
    /// A variant of a basket item, or of one on the slate.
    case variant
    /// One too many that nobody took yet.
    case newItemPlaces
}
