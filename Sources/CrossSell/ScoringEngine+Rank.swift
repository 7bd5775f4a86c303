extension ScoringEngine {
    /// Takes the best `k` that the rules allow; of equal scores the better seller, then the lower
    /// number.
    ///
    /// A heap in place: it gives only as many as are taken, and needs no memory of its own as a
    /// sort would.
    func rank(_ query: borrowing Query) {
        order.removeAll(keepingCapacity: true)
        for position in candidates.indices
        where isAllowed(candidates[position].ordinal, query.includesOutOfStock) {
            order.append(Int32(position))
        }
        for start in (0..<order.count / 2).reversed() { siftDown(start) }
        while slate.count < query.k, let best = order.first {
            let last = order.removeLast()
            if !order.isEmpty {
                order[0] = last
                siftDown(0)
            }
            let candidate = candidates[Int(best)]
            guard takesPlace(candidate.ordinal, query) else { continue }
            slate.append(
                RankedItem(
                    ordinal: candidate.ordinal, id: candidate.id, score: candidate.total,
                    reasons: 0..<0))
        }
        freePlaces()
    }

    private func siftDown(_ start: Int) {
        var parent = start
        while true {
            var best = parent
            for child in 2 * parent + 1..<2 * parent + 3 where child < order.count {
                if precedes(order[child], order[best]) { best = child }
            }
            guard best != parent else { return }
            order.swapAt(parent, best)
            parent = best
        }
    }

    private func precedes(_ one: Int32, _ other: Int32) -> Bool {
        let (a, b) = (candidates[Int(one)], candidates[Int(other)])
        if a.total != b.total { return a.total > b.total }
        let (soldA, soldB) = (popularity(of: a.ordinal), popularity(of: b.ordinal))
        return soldA != soldB ? soldA > soldB : a.ordinal < b.ordinal
    }

    /// The item's share of all taken items; 0 for items put while serving.
    func popularity(of ordinal: UInt32) -> Float {
        Int(ordinal) < model.popularity.count ? model.popularity[Int(ordinal)] : 0
    }

    // MARK: The limit per category

    /// Whether the item's category has room for it; takes the room where it has.
    func takesPlace(_ ordinal: UInt32, _ query: borrowing Query) -> Bool {
        guard query.perCategoryMax > 0, Int(ordinal) < model.categoryNumbers.count else {
            return true
        }
        let category = model.categoryNumbers[Int(ordinal)]
        guard category >= 0 else { return true }
        guard categoryCounts[Int(category)] < query.perCategoryMax else { return false }
        if categoryCounts[Int(category)] == 0 { usedCategories.append(category) }
        categoryCounts[Int(category)] += 1
        return true
    }

    /// Gives all categories their room back.
    func freePlaces() {
        for category in usedCategories { categoryCounts[Int(category)] = 0 }
        usedCategories.removeAll(keepingCapacity: true)
    }
}
