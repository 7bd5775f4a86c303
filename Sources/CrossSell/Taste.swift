internal import EmbeddingStore
internal import ModelParts

/// What one list of items, a history or a basket, says of the shopper: a vector, and how it came
/// about.
///
/// Scratch of one engine, filled anew for each request.
final class Taste {
    /// The shopper's vector as this list has it, shape `[D]`.
    let vector: UnsafeMutableBufferPointer<Float>
    /// The items' vectors, each item once, newest last; valid until the engine's turn ends.
    private(set) var rows: [UnsafePointer<Float>] = []
    /// The items whose vectors `rows` are.
    private(set) var items: [(ordinal: UInt32, id: IDView)] = []
    /// Whether `vector` says anything.
    private(set) var isKnown = false
    /// The share of this vector in the one that candidates are scored with.
    var weight: Float = 0
    private var seen: OrdinalIndex
    private let solver: FoldInSolver?
    private let scratch: FoldInScratch?
    /// Whether `scratch` holds the system that gave a vector for `rows`.
    private var canExplain = false
    private let explanation: UnsafeMutableBufferPointer<Float>

    /// - Parameters:
    ///   - dimensions: D.
    ///   - paddedDimensions: the length of a row with the zeros after it; at least D.
    ///   - itemsMax: the longest list.
    init(dimensions: Int, paddedDimensions: Int, itemsMax: Int, solver: FoldInSolver?) {
        vector = .allocate(capacity: max(1, dimensions))
        vector.initialize(repeating: 0)
        explanation = .allocate(capacity: paddedDimensions)
        explanation.initialize(repeating: 0)
        seen = OrdinalIndex(capacity: itemsMax)
        rows.reserveCapacity(itemsMax)
        items.reserveCapacity(itemsMax)
        self.solver = solver
        scratch = solver.map { FoldInScratch(dimensions: $0.dimensions) }
    }

    deinit {
        vector.deallocate()
        explanation.deallocate()
    }

    func removeAll() {
        rows.removeAll(keepingCapacity: true)
        items.removeAll(keepingCapacity: true)
        seen.removeAll()
        isKnown = false
        canExplain = false
        weight = 0
    }

    /// Adds an item unless it is there already.
    func append(_ ordinal: UInt32, _ row: StoreRow) {
        guard seen.insert(ordinal)?.isNew == true else { return }
        rows.append(row.vector)
        items.append((ordinal, row.id))
    }

    /// Takes a vector that is known already.
    func use(_ stored: UnsafePointer<Float>) {
        vector.baseAddress!.update(from: stored, count: vector.count)
        isKnown = true
    }

    /// Computes the vector from the items: folded in where the model says how, else their mean.
    func solve() {
        guard !rows.isEmpty else { return }
        if solver != nil {
            isKnown = foldIn(into: vector)
        } else {
            vector.update(repeating: 0)
            for row in rows {
                for d in vector.indices { vector[d] += row[d] / Float(rows.count) }
            }
            isKnown = true
        }
    }

    /// Makes ``loudest(for:)`` possible where the vector was not folded in here.
    func prepareToExplain() {
        if !canExplain, !rows.isEmpty { _ = foldIn(into: explanation) }
    }

    private func foldIn(into target: UnsafeMutableBufferPointer<Float>) -> Bool {
        guard let solver, let scratch else { return false }
        canExplain =
            rows.withUnsafeBufferPointer {
                solver.solve(
                    history: $0.baseAddress!, count: $0.count, into: target.baseAddress!,
                    scratch: scratch)
            } != nil
        return canExplain
    }

    /// The item of this list that gives most of a candidate's inner product, and how much,
    /// weighted.
    ///
    /// The split is exact: the score is the sum over the list's items j of `y_j . (A^-1 y_i)`,
    /// where A is the system that the fold-in solved. nil where no item gives anything.
    ///
    /// - Parameter dot: the inner product of two padded vectors.
    /// - Source: Hu, Koren and Volinsky 2008, section 5, "Explaining recommendations".
    func loudest(
        for candidate: UnsafePointer<Float>,
        dot: (UnsafePointer<Float>, UnsafePointer<Float>) -> Float
    ) -> (item: UInt32, id: IDView, share: Float)? {
        guard canExplain, weight > 0, let solver, let scratch else { return nil }
        solver.explain(item: candidate, into: explanation.baseAddress!, scratch: scratch)
        var best = -1
        var most: Float = 0
        // Older items hardly ever lead, and a reason must not cost more than the ranking.
        for position in rows.indices.suffix(Self.explainedMax) {
            let part = dot(explanation.baseAddress!, rows[position])
            if part > most { (best, most) = (position, part) }
        }
        return best < 0 ? nil : (items[best].ordinal, items[best].id, most * weight)
    }

    private static let explainedMax = 128
}
