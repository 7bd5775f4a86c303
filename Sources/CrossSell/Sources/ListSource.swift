internal import CKernels
internal import ModelParts

/// One kind of list as a source: the lists of basket and history are summed into one column.
///
/// The score of a linear item model is the sum, over the items a shopper took, of the weights that
/// lead from them to a candidate. Basket and history count by their shares.
struct ListSource {
    let feature: RankerFeature
    let lists: ServedLists
    private let column: Int

    /// nil where the model has no such lists, or no ranker asks for them.
    init?(_ feature: RankerFeature, _ lists: ServedLists?, _ columns: CandidateColumns) {
        guard let lists, let column = columns.column(of: feature) else { return nil }
        self.feature = feature
        self.lists = lists
        self.column = column
    }

    /// How many edges ``write(_:_:to:)`` walks.
    func edgeCount(_ context: ShopperContext) -> Int {
        var count = 0
        for item in context.basket { count += lists.count(of: Int(item)) }
        for item in context.listedPast { count += lists.count(of: Int(item)) }
        return count
    }

    /// Adds what basket and history lead to.
    ///
    /// - Returns: whether they lead to anything.
    /// - Complexity: O(edges of the lists), in one pass.
    func write(_ context: ShopperContext, _ shares: ContextShares, to columns: CandidateColumns)
        -> Bool
    {
        var speaks = false
        for item in context.basket {
            let edges = lists[clamped: item]
            columns.add(edges, share: shares.basket, to: column)
            speaks = speaks || !edges.isEmpty
        }
        guard shares.history != 0 else { return speaks }
        for item in context.listedPast {
            let edges = lists[clamped: item]
            columns.add(edges, share: shares.history, to: column)
            speaks = speaks || !edges.isEmpty
        }
        return speaks
    }
}

/// The list of a known user as a source.
struct UserListSource {
    let lists: EdgeLists
    private let column: Int

    init?(_ lists: EdgeLists?, _ columns: CandidateColumns) {
        guard let lists, let column = columns.column(of: .userList) else { return nil }
        self.lists = lists
        self.column = column
    }

    func write(_ context: ShopperContext, _ shares: ContextShares, to columns: CandidateColumns)
        -> Bool
    {
        guard let row = context.userRow, lists.count(of: row) > 0 else { return false }
        columns.add(lists[row], share: shares.history, to: column)
        return true
    }
}

/// How much basket and history count in one request; each 1 where there is no other.
struct ContextShares: Equatable {
    var basket: Float
    var history: Float

    /// - Parameters:
    ///   - hasBasket: whether the basket says anything.
    ///   - hasHistory: whether the history, or what is stored of the user, says anything.
    init(historyShare: Float, hasBasket: Bool, hasHistory: Bool) {
        basket = !hasBasket ? 0 : hasHistory ? 1 - historyShare : 1
        history = !hasHistory ? 0 : hasBasket ? historyShare : 1
    }
}

extension EdgeLists {
    /// An item's edges; none for ordinals past the catalog.
    subscript(clamped item: UInt32) -> UnsafeBufferPointer<sc_edge> {
        Int(item) < rows ? self[Int(item)] : UnsafeBufferPointer(start: nil, count: 0)
    }
}
