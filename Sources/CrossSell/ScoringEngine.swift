internal import CKernels
package import EmbeddingStore

/// Answers Score, Recommend and Related for one model, on one thread.
///
/// Pure: no clock, no input or output. All scratch space is allocated when the engine is made and
/// reused, so a request allocates nothing once the arrays have grown to its size. What a call
/// leaves in ``slate``, ``reasons``, ``scores`` and ``unknown`` is valid until the next call or
/// ``endTurn()``.
package final class ScoringEngine {
    package let model: ServingModel
    package let limits: EngineLimits
    let weights: BlendWeights
    package let itemReader: StoreReader
    package let userReader: StoreReader

    /// The ranked answer of the last `recommend`.
    package internal(set) var slate: [RankedItem] = []
    /// What ``RankedItem/reasons`` points into.
    package internal(set) var reasons: [Reason] = []
    /// The answer of the last `score`, in the order asked; NaN for unknown items.
    package internal(set) var scores: [Float] = []
    /// Ids of the last query's basket, history and exclusions that the model does not know.
    package internal(set) var unknown: [IDView] = []
    /// Positions of unknown ids among the items of the last `score`.
    package internal(set) var unknownPositions: [UInt32] = []

    // The context of the request under way.
    var basket: [UInt32] = []
    var past: OrdinalIndex
    var excluded: OrdinalIndex
    let historyTaste: Taste
    let basketTaste: Taste
    /// What candidates are scored with: both tastes, weighted.
    let userVector: UnsafeMutableBufferPointer<Float>
    /// `userVector` with zeros after it, as rows of the store have them.
    private let paddedUserVector: UnsafeMutableBufferPointer<Float>

    // The candidates of the request under way; `candidates[i]` belongs to `index.ordinals[i]`.
    var index: OrdinalIndex
    var candidates: [Candidate] = []
    var nearest: NearestResults
    var order: [Int32] = []
    /// What ranks them where the model says how.
    let ranker: CandidateRanker?
    /// Places taken so far by category; zero but for those in `usedCategories`.
    var categoryCounts: [Int32]
    var usedCategories: [Int32] = []

    /// - Throws: ``StoreError`` where the stores have no room for another reader.
    package init(
        model: ServingModel, limits: EngineLimits = .init(), weights: BlendWeights = .init()
    ) throws(StoreError) {
        self.model = model
        self.limits = limits
        self.weights = weights
        itemReader = try model.itemStore.makeReader()
        userReader = try model.userStore.makeReader()
        excluded = OrdinalIndex(
            capacity: limits.basketItems + limits.exclusions + limits.historyItems)
        past = OrdinalIndex(capacity: limits.historyItems)
        historyTaste = Taste(
            dimensions: model.dimensions, paddedDimensions: itemReader.paddedDimensions,
            itemsMax: limits.historyItems, solver: model.foldIn)
        basketTaste = Taste(
            dimensions: model.dimensions, paddedDimensions: itemReader.paddedDimensions,
            itemsMax: limits.basketItems, solver: model.foldIn)
        index = OrdinalIndex(capacity: Self.candidatesMax)
        candidates.reserveCapacity(index.capacity)
        order.reserveCapacity(index.capacity)
        let candidatesMax = index.capacity
        ranker = model.ranker.map { CandidateRanker($0, candidatesMax: candidatesMax) }
        categoryCounts = Array(repeating: 0, count: model.categories.count)
        nearest = NearestResults(capacity: 2 * limits.slateItems + 50)
        paddedUserVector = .allocate(capacity: itemReader.paddedDimensions)
        paddedUserVector.initialize(repeating: 0)
        userVector = UnsafeMutableBufferPointer(
            rebasing: paddedUserVector[..<max(1, model.dimensions)])
    }

    deinit { paddedUserVector.deallocate() }

    /// The most items one request ranks: all neighbors of a full basket in lists of 200, and more;
    /// beyond it new items are left out, and those that are there still gain.
    static let candidatesMax = 65_536

    /// Says that nothing of the answers so far is held any more; call it when the loop's turn ends.
    package func endTurn() {
        itemReader.quiesce()
        userReader.quiesce()
    }

    // MARK: Small lookups

    func ordinal(of id: IDView) -> UInt32? {
        if let number = model.itemNumbers.index(of: id.assumingMemoryBound(to: UInt8.self)) {
            return UInt32(number)
        }
        return model.dimensions > 0 ? itemReader.find(id)?.ordinal : nil
    }

    /// The vector of a catalog item; nil where there is none, or where it was deleted.
    func vector(of ordinal: UInt32) -> UnsafePointer<Float>? {
        guard model.dimensions > 0, Int(ordinal) < model.items.count else { return nil }
        return itemReader.find(model.items[Int(ordinal)])?.vector
    }

    /// The inner product of two padded vectors, with the very bits that the store's searches give.
    func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>) -> Float {
        var (row, score): (UnsafePointer<Float>?, Float) = (b, 0)
        sc_dot_rows(a, &row, 1, itemReader.paddedDimensions, &score)
        return score
    }
}

/// How the sources of a score are added up.
///
/// The inner product and the neighbor part both lie near 0 ... 1 by construction: iALS regresses
/// on 1 for what was taken and 0 for the rest, and the neighbor part is a probability.
package struct BlendWeights: Sendable {
    package var embedding: Float = 1
    package var neighbors: Float = 1
    /// The share of the history in the user vector where there is a basket too: a long history
    /// would drown it.
    package var history: Float = 0.2

    package init() {}
}
