internal import ModelParts

/// Item weights as a source that tells basket and history apart: a column each, and one of the
/// basket item that speaks loudest.
struct WeightSource {
    let lists: ServedLists
    private let basket: Int?
    private let basketMax: Int?
    private let history: Int?

    /// nil where the model has no item weights, or no ranker asks for any of the columns.
    init?(_ lists: ServedLists?, _ columns: CandidateColumns) {
        guard let lists else { return nil }
        self.lists = lists
        basket = columns.column(of: .basketWeights)
        basketMax = columns.column(of: .basketWeightMax)
        history = columns.column(of: .historyWeights)
        guard basket != nil || basketMax != nil || history != nil else { return nil }
    }

    /// The past items whose lists are summed: beside a basket the newest ``pastBesideBasket``, which
    /// trees were measured to rank as well by as by 100.
    func past(of context: ShopperContext) -> ArraySlice<UInt32> {
        context.basket.isEmpty
            ? context.listedPast : context.listedPast.suffix(Self.pastBesideBasket)
    }

    private static let pastBesideBasket = 32

    /// How many edges ``write(_:to:)`` walks.
    func edgeCount(_ context: ShopperContext) -> Int {
        var count = 0
        for item in context.basket { count += lists.count(of: Int(item)) }
        for item in past(of: context) { count += lists.count(of: Int(item)) }
        return count
    }

    /// Adds what basket and history lead to.
    ///
    /// - Returns: whether they lead to anything.
    /// - Complexity: O(edges of the lists).
    func write(_ context: ShopperContext, to columns: CandidateColumns) -> Bool {
        var speaks = false
        for item in context.basket {
            let edges = lists[clamped: item]
            speaks = speaks || !edges.isEmpty
            if let basket { columns.add(edges, share: 1, to: basket) }
            if let basketMax { columns.raise(edges, in: basketMax) }
        }
        guard let history else { return speaks }
        for item in past(of: context) {
            let edges = lists[clamped: item]
            speaks = speaks || !edges.isEmpty
            columns.add(edges, share: 1, to: history)
        }
        return speaks
    }
}

/// What a known shopper bought before as a source.
struct HabitSource {
    private let habits: ShopperHabits

    init?(_ columns: CandidateColumns) {
        guard let habits = columns.habits else { return nil }
        self.habits = habits
    }

    /// Adds what she bought.
    ///
    /// - Returns: whether she bought anything.
    func write(to columns: CandidateColumns) -> Bool {
        for item in habits.items { columns.add(UInt32(bitPattern: item)) }
        return !habits.items.isEmpty
    }
}
