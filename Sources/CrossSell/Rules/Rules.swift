/// What keeps items off a slate, and what changes their order, in one pass and one order.
///
/// The rules that look at one item alone are asked of every candidate, in the order of ``Rule``;
/// those that limit places are asked as the slate is filled, best first.
final class Rules {
    let flags: ItemFlags
    /// The facts that have to be looked into before an item may be on the slate.
    private(set) var barring: ItemFlags.Fact = []
    private var allowsOnlyNamed = false
    private var includesDue = false
    private let habits: ShopperHabits?
    private var catalog: CatalogRules
    private var categoryPlaces: CategoryPlaces
    private var variantPlaces: VariantPlaces
    private var newItemPlaces: NewItemPlaces
    private let basketItemPlaces = BasketItemPlaces()
    private(set) var boosts: Boosts
    private(set) var diversity: Float = 0
    /// How many items each rule kept off so far, by its number.
    private let leftOut: UnsafeMutableBufferPointer<UInt32>
    /// Whether they are counted.
    var counts = true
    private let itemCount: Int

    init(_ items: ItemTable, _ flags: ItemFlags, _ habits: ShopperHabits?) {
        self.flags = flags
        self.habits = habits
        catalog = CatalogRules(items)
        categoryPlaces = CategoryPlaces(items)
        variantPlaces = VariantPlaces(items)
        newItemPlaces = NewItemPlaces(items)
        boosts = Boosts(items)
        leftOut = .allocate(capacity: Rule.allCases.count + 1)
        leftOut.initialize(repeating: 0)
        itemCount = items.count
    }

    deinit { leftOut.deallocate() }

    /// Takes over what a query asks for, once its context is known.
    ///
    /// - Parameters:
    ///   - k: the length of the slate.
    ///   - lists: those that speak for basket items; nil where a model has none.
    func read(
        _ rules: borrowing QueryRules, k: Int, _ context: ShopperContext, _ lookUp: ItemLookUp,
        lists: EdgeLists?
    ) {
        barring = [.inBasket, .excluded, .unavailable]
        if !rules.includesPurchased { barring.insert(.boughtBefore) }
        if !rules.includesOutOfStock { barring.insert(.outOfStock) }
        if rules.leavesOutSubstitutes { barring.insert(.substitute) }
        allowsOnlyNamed = !rules.allowed.isEmpty
        includesDue = rules.includesDue && !rules.includesPurchased
        catalog.read(rules, basket: context.basket)
        categoryPlaces.read(rules)
        variantPlaces.read(basket: context.basket)
        newItemPlaces.read(rules, k: k)
        basketItemPlaces.read(
            rules, basket: context.basket, lists: lists, itemCount: itemCount)
        boosts.read(rules, lookUp)
        diversity = rules.diversity
        leftOut.update(repeating: 0)
    }

    // MARK: One item alone

    /// Whether the rules that look at one item alone allow it.
    func allows(_ ordinal: UInt32) -> Bool { quickCheck.allows(ordinal) || verdict(ordinal) == nil }

    /// Tells of most items that no rule asks about them, for as long as no flag is set.
    struct QuickCheck {
        fileprivate let facts: ItemFlags.View
        fileprivate let barring: ItemFlags.Fact
        fileprivate let factsSuffice: Bool

        /// Where this is false, ``Rules/verdict(_:)`` tells.
        @inline(__always)
        func allows(_ ordinal: UInt32) -> Bool { factsSuffice && !facts.has(barring, ordinal) }
    }

    var quickCheck: QuickCheck {
        QuickCheck(
            facts: flags.view, barring: barring,
            factsSuffice: !allowsOnlyNamed && !catalog.isActive && !variantPlaces.barsSome)
    }

    /// The first rule that keeps the item off; nil where none does.
    func verdict(_ ordinal: UInt32) -> Rule? {
        let facts = flags.facts(of: ordinal)
        let barred = facts.intersection(barring)
        if barred.contains(.inBasket) { return .inBasket }
        if barred.contains(.excluded) { return .excluded }
        if allowsOnlyNamed, !facts.contains(.named) { return .notAllowed }
        if barred.contains(.boughtBefore), !(includesDue && habits?.isDue(ordinal) == true) {
            return .boughtBefore
        }
        if barred.contains(.outOfStock) { return .outOfStock }
        if barred.contains(.unavailable) { return .unavailable }
        if catalog.isActive, let rule = catalog.verdict(ordinal) { return rule }
        if barred.contains(.substitute) { return .substitute }
        return variantPlaces.barsSome && variantPlaces.isBarred(ordinal) ? .variant : nil
    }

    /// How many items a rule kept off since the query was read.
    func leftOut(by rule: Rule) -> UInt32 { leftOut[Int(rule.rawValue)] }

    /// Notes that a rule kept an item off.
    func count(_ rule: Rule) { if counts { leftOut[Int(rule.rawValue)] += 1 } }

    // MARK: Places

    /// Whether items compete for places, so that a slate may need more candidates than its length.
    var limitsPlaces: Bool {
        categoryPlaces.isActive || basketItemPlaces.isActive || variantPlaces.isActive
    }

    /// Whether new items compete for places, which leaves those of all others alone.
    var limitsNewItems: Bool { newItemPlaces.isActive }

    /// Whether the order is another than that of the scores.
    var reorders: Bool { boosts.isActive || diversity > 0 }

    /// The first rule that has no room left for an item; nil where all have.
    func refusal(of ordinal: UInt32) -> Rule? {
        if categoryPlaces.isActive, !categoryPlaces.hasRoom(for: ordinal) { return .categoryPlaces }
        if basketItemPlaces.isActive, !basketItemPlaces.hasRoom(for: ordinal) {
            return .basketItemPlaces
        }
        if variantPlaces.isActive, !variantPlaces.hasRoom(for: ordinal) { return .variant }
        return newItemPlaces.isActive && !newItemPlaces.hasRoom(for: ordinal)
            ? .newItemPlaces : nil
    }

    func takePlace(_ ordinal: UInt32) {
        if categoryPlaces.isActive { categoryPlaces.take(ordinal) }
        if basketItemPlaces.isActive { basketItemPlaces.take(ordinal) }
        if variantPlaces.isActive { variantPlaces.take(ordinal) }
        if newItemPlaces.isActive { newItemPlaces.take(ordinal) }
    }

    /// Gives all places back.
    func freePlaces() {
        categoryPlaces.free()
        basketItemPlaces.free()
        variantPlaces.free()
        newItemPlaces.free()
    }
}
