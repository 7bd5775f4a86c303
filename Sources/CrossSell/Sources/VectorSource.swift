internal import EmbeddingStore
internal import ModelParts

/// The shopper's vector as a source: the items whose inner product with it is largest, and that of
/// any other candidate.
///
/// Her vector is the sum of the basket's and the history's, by their shares. Both are solved apart,
/// since one solve over both would let a long history drown the basket.
final class VectorSource {
    let basket: Taste
    let history: Taste
    /// Shape `[D]`, with zeros after it as rows of the store have them.
    private let shopper: UnsafeMutableBufferPointer<Float>
    private let dimensions: Int
    private var nearest: NearestResults
    private let lookUp: ItemLookUp
    private let users: StoreReader
    private let column: Int

    init?(
        _ generation: Generation, _ lookUp: ItemLookUp, users: StoreReader,
        _ columns: CandidateColumns, limits: EngineLimits
    ) {
        guard generation.dimensions > 0, let column = columns.column(of: .product) else {
            return nil
        }
        self.lookUp = lookUp
        self.users = users
        self.column = column
        dimensions = generation.dimensions
        let padded = max(lookUp.reader.paddedDimensions, users.paddedDimensions)
        func taste(_ itemsMax: Int) -> Taste {
            Taste(
                dimensions: generation.dimensions, paddedDimensions: padded, itemsMax: itemsMax,
                solver: generation.foldIn)
        }
        basket = taste(limits.basketItems)
        history = taste(limits.historyItems)
        shopper = .allocate(capacity: padded)
        shopper.initialize(repeating: 0)
        nearest = NearestResults(
            capacity: max(2 * limits.slateItems + 50, RankerNetwork.blockMax))
    }

    deinit { shopper.deallocate() }

    /// The shopper's vector, shape `[D]`.
    var vector: UnsafePointer<Float> { UnsafePointer(shopper.baseAddress!) }

    /// Computes the shopper's vector.
    ///
    /// The history's part is her stored vector where she has one and no history came with the call,
    /// else what folding in gives.
    ///
    /// - Returns: whether anything is known of her.
    func resolve(_ context: ShopperContext, historyShare: Float) -> Bool {
        basket.solve(context.basket, lookUp)
        if let stored = context.storedRow {
            history.use(stored, users, of: context.past)
        } else {
            history.solve(context.past, lookUp)
        }
        let shares = ContextShares(
            historyShare: historyShare, hasBasket: basket.isKnown, hasHistory: history.isKnown)
        basket.weight = shares.basket
        history.weight = shares.history
        let (past, present, sum) = (history.vector, basket.vector, shopper.baseAddress!)
        for d in 0..<dimensions {
            sum[d] = shares.history * past[d] + shares.basket * present[d]
        }
        return basket.isKnown || history.isKnown
    }

    /// Gives the candidates from a position on their inner products.
    func complete(from position: Int, _ columns: CandidateColumns) {
        for place in position..<columns.count {
            let ordinal = columns[place]
            if let row = lookUp.row(of: ordinal) {
                columns.set(lookUp.reader.product(vector, row), of: ordinal, in: column)
            }
        }
    }

    /// Adds the allowed items closest to the shopper's vector, at least `count` of them where there
    /// are as many.
    func addNearest(_ count: Int, _ rules: Rules, _ columns: CandidateColumns) {
        // The query is allowed by construction: finite vectors of the model's own length.
        try? lookUp.reader.nearest(
            to: UnsafeBufferPointer(rebasing: shopper[..<dimensions]),
            k: min(count, nearest.capacity), into: &nearest, where: { rules.allows($0) })
        for rank in 0..<nearest.count {
            let neighbor = nearest[rank]
            columns.add(neighbor.row.ordinal)
            columns.set(neighbor.score, of: neighbor.row.ordinal, in: column)
        }
    }

    /// Writes each item's inner product; NaN where it has no vector.
    func score(_ ids: [IDView], into scores: inout [Float]) {
        scores.withUnsafeMutableBufferPointer { scores in
            ids.withUnsafeBufferPointer {
                lookUp.reader.score(
                    UnsafeBufferPointer(rebasing: shopper[..<dimensions]), ids: $0, into: scores)
            }
        }
    }

    /// The past or basket item that gives most of a candidate's inner product, and how much.
    func loudest(for ordinal: UInt32) -> (item: UInt32, share: Float)? {
        guard let row = lookUp.vector(of: ordinal) else { return nil }
        let present = basket.loudest(for: row, dot: lookUp.dot)
        // Explaining a history may take folding it in; where the basket's part outweighs all of it,
        // it is not asked.
        guard history.weight > 0,
            (present?.share ?? 0) < history.weight * lookUp.dot(history.vector, row)
        else { return present }
        history.prepareToExplain(lookUp)
        let past = history.loudest(for: row, dot: lookUp.dot)
        return (past?.share ?? 0) > (present?.share ?? 0) ? past : present
    }

    /// Gives each item of basket and history with what it has of a candidate's inner product, as far as
    /// that can be told; what the shares lack to it is nobody's.
    func forEachShare(of ordinal: UInt32, _ body: (_ item: UInt32, _ share: Float) -> Void) {
        guard let row = lookUp.vector(of: ordinal) else { return }
        basket.forEachShare(of: row, dot: lookUp.dot, body)
        guard history.weight > 0 else { return }
        history.prepareToExplain(lookUp)
        history.forEachShare(of: row, dot: lookUp.dot, body)
    }

    /// A candidate's inner product.
    func part(of ordinal: UInt32) -> Float {
        lookUp.row(of: ordinal).map { lookUp.reader.product(vector, $0) } ?? 0
    }

    /// The id of an item, one put while serving too; nil where it was deleted since.
    func id(of ordinal: UInt32) -> IDView? { lookUp.id(of: ordinal) }
}
