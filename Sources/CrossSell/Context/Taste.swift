internal import EmbeddingStore
internal import ModelParts

/// What one list of items, a history or a basket, says of the shopper: a vector, and how it came
/// about.
///
/// Scratch of one engine, filled anew for each request.
///
/// Its variables are used by one thread and never by two accesses at once; that is not checked as the
/// program runs, which would take a tenth of a small call.
final class Taste {
    /// The shopper's vector as this list has it, shape `[D]`, with zeros after it as rows of the
    /// store have them.
    let vector: UnsafeMutablePointer<Float>
    /// Whether `vector` says anything.
    @exclusivity(unchecked) private(set) var isKnown = false
    /// The share of this vector in the one that candidates are scored with.
    @exclusivity(unchecked) var weight: Float = 0

    private let dimensions: Int
    /// The list, each item once, newest last.
    @exclusivity(unchecked) private var items: [UInt32] = []
    /// The items that have vectors, and those.
    @exclusivity(unchecked) private var known: [UInt32] = []
    @exclusivity(unchecked) private var rows: [UnsafePointer<Float>] = []
    private let solver: FoldInSolver?
    private let scratch: FoldInScratch?
    private enum Explanation { case untried, ready, impossible }
    /// Whether `scratch` holds the system that gives a vector for `rows`.
    @exclusivity(unchecked) private var explanation = Explanation.untried
    private let solution: UnsafeMutablePointer<Float>
    /// What `rows` points into: `itemsMax` vectors of `paddedDimensions` floats.
    private let vectors: UnsafeMutablePointer<Float>
    private let paddedDimensions: Int

    /// - Parameters:
    ///   - dimensions: D.
    ///   - paddedDimensions: the length of a row with the zeros after it; at least D.
    ///   - itemsMax: the longest list.
    init(dimensions: Int, paddedDimensions: Int, itemsMax: Int, solver: FoldInSolver?) {
        self.dimensions = dimensions
        vector = .allocate(capacity: paddedDimensions)
        vector.initialize(repeating: 0, count: paddedDimensions)
        solution = .allocate(capacity: paddedDimensions)
        solution.initialize(repeating: 0, count: paddedDimensions)
        self.paddedDimensions = paddedDimensions
        vectors = .allocate(capacity: itemsMax * paddedDimensions)
        items.reserveCapacity(itemsMax)
        known.reserveCapacity(itemsMax)
        rows.reserveCapacity(itemsMax)
        self.solver = solver
        scratch = solver.map { FoldInScratch(dimensions: $0.dimensions) }
    }

    deinit {
        vector.deallocate()
        solution.deallocate()
        vectors.deallocate()
    }

    /// Takes a vector that is known already for the items' own.
    ///
    /// - Complexity: O(D), whatever the length of the list.
    func use(_ stored: StoreRow, _ reader: StoreReader, of items: [UInt32]) {
        begin(items)
        reader.read(stored, into: vector)
        isKnown = true
    }

    /// Computes the vector from the items: folded in where the model says how, else their mean.
    func solve(_ items: [UInt32], _ lookUp: ItemLookUp) {
        begin(items)
        readRows(lookUp)
        guard !rows.isEmpty else { return }
        if solver != nil {
            isKnown = foldIn(into: vector)
        } else {
            vector.update(repeating: 0, count: dimensions)
            for row in rows {
                for d in 0..<dimensions { vector[d] += row[d] / Float(rows.count) }
            }
            isKnown = true
        }
    }

    /// Makes ``loudest(for:dot:)`` possible where the vector was not folded in here.
    func prepareToExplain(_ lookUp: ItemLookUp) {
        guard explanation == .untried, solver != nil else { return }
        if rows.isEmpty { readRows(lookUp) }
        guard !rows.isEmpty, foldIn(into: solution) else { return explanation = .impossible }
    }

    /// The item of this list that gives most of a candidate's inner product, and how much,
    /// weighted.
    ///
    /// The split is exact: the score is the sum over the list's items j of `y_j . (A^-1 y_i)`,
    /// where A is the system that the fold-in solved. nil where no item gives anything.
    ///
    /// - Parameter dot: the inner product of two padded vectors.
    /// - Complexity: O(D^2 + D x the newest ``explainedMax`` items).
    /// - Source: Hu, Koren and Volinsky 2008, section 5, "Explaining recommendations".
    func loudest(
        for candidate: UnsafePointer<Float>,
        dot: (UnsafePointer<Float>, UnsafePointer<Float>) -> Float
    ) -> (item: UInt32, share: Float)? {
        guard explanation == .ready else { return nil }
        var (best, most): (UInt32?, Float) = (nil, 0)
        forEachShare(of: candidate, dot: dot) { if $1 > most { (best, most) = ($0, $1) } }
        return best.map { ($0, most) }
    }

    /// Gives each item of this list with what it has of a candidate's inner product, weighted.
    ///
    /// Where the vector was folded in, the split is that of ``loudest(for:dot:)``, and of the mean of the
    /// items' vectors each has its own inner product's part. Nothing is known of how any other vector came
    /// about.
    ///
    /// - Complexity: O(D^2 + D x the newest ``explainedMax`` items); older ones are left out.
    func forEachShare(
        of candidate: UnsafePointer<Float>,
        dot: (UnsafePointer<Float>, UnsafePointer<Float>) -> Float,
        _ body: (_ item: UInt32, _ share: Float) -> Void
    ) {
        guard weight > 0, !rows.isEmpty else { return }
        var scale = weight
        var left = candidate
        if let solver, let scratch {
            guard explanation == .ready else { return }
            solver.explain(item: candidate, into: solution, scratch: scratch)
            left = UnsafePointer(solution)
        } else {
            scale /= Float(rows.count)
        }
        // Older items hardly ever lead, and a reason must not cost more than the ranking.
        for position in rows.indices.suffix(Self.explainedMax) {
            body(known[position], scale * dot(left, rows[position]))
        }
    }

    private func begin(_ items: [UInt32]) {
        self.items.removeAll(keepingCapacity: true)
        self.items.append(contentsOf: items)
        known.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        isKnown = false
        explanation = .untried
        weight = 0
        vector.update(repeating: 0, count: dimensions)
    }

    private func readRows(_ lookUp: ItemLookUp) {
        for item in items {
            guard let row = lookUp.row(of: item) else { continue }
            let vector = vectors + rows.count * paddedDimensions
            lookUp.reader.read(row, into: vector)
            known.append(item)
            rows.append(UnsafePointer(vector))
        }
    }

    private func foldIn(into target: UnsafeMutablePointer<Float>) -> Bool {
        guard let solver, let scratch else { return false }
        let isSolved =
            rows.withUnsafeBufferPointer {
                solver.solve(
                    history: $0.baseAddress!, count: $0.count, into: target, scratch: scratch)
            } != nil
        explanation = isSolved ? .ready : .impossible
        return isSolved
    }

    static let explainedMax = 128
}
