/// The candidates that a diverse slate is picked from, with what each of them is worth beside those
/// that were picked.
struct DiversePool {
    /// How many times the slate's length the pool holds.
    static let factor = 5

    private var items: [CandidateRanker.Taken] = []
    /// Between 0 for the worst and 1 for the best.
    private var relevances: [Float] = []
    /// The largest likeness to any that was picked.
    private var likenesses: [Float] = []
    private var diversity: Float = 0

    var count: Int { items.count }

    mutating func removeAll() {
        items.removeAll(keepingCapacity: true)
        relevances.removeAll(keepingCapacity: true)
        likenesses.removeAll(keepingCapacity: true)
    }

    mutating func append(_ item: CandidateRanker.Taken) { items.append(item) }

    /// To be called once all are there.
    mutating func arrange(diversity: Float) {
        self.diversity = diversity
        let worst = items.reduce(Float.infinity) { min($0, $1.rank) }
        let best = items.reduce(-Float.infinity) { max($0, $1.rank) }
        for item in items {
            relevances.append(best > worst ? (item.rank - worst) / (best - worst) : 1)
            likenesses.append(0)
        }
    }

    /// Takes the one that is worth most; of equals the better ranked.
    mutating func takeNext() -> CandidateRanker.Taken? {
        var place: Int?
        var most = -Float.infinity
        for other in items.indices {
            let worth = (1 - diversity) * relevances[other] - diversity * likenesses[other]
            if worth > most { (place, most) = (other, worth) }
        }
        guard let place else { return nil }
        relevances.remove(at: place)
        likenesses.remove(at: place)
        return items.remove(at: place)
    }

    /// Notes that an item was picked.
    mutating func note(_ picked: UInt32, _ likeness: Likeness) {
        for place in items.indices {
            likenesses[place] = max(likenesses[place], likeness(picked, items[place].ordinal))
        }
    }
}

/// How alike two items are, 0 to 1: by the share of their category paths that is the same, or by the
/// cosine of their vectors, whichever is more.
struct Likeness {
    private let items: ItemTable
    private let lookUp: ItemLookUp

    init(_ items: ItemTable, _ lookUp: ItemLookUp) {
        self.items = items
        self.lookUp = lookUp
    }

    func callAsFunction(_ a: UInt32, _ b: UInt32) -> Float {
        max(0, shelfOverlap(a, b), cosine(a, b))
    }

    private func shelfOverlap(_ a: UInt32, _ b: UInt32) -> Float {
        let (own, other) = (items.category(of: a), items.category(of: b))
        guard own >= 0, other >= 0 else { return 0 }
        return items.categoryPaths.overlap(own, other)
    }

    private func cosine(_ a: UInt32, _ b: UInt32) -> Float {
        guard let own = lookUp.row(of: a), let other = lookUp.row(of: b), own.norm > 0,
            other.norm > 0
        else { return 0 }
        return lookUp.product(own, other) / (own.norm * other.norm)
    }
}
