internal import ModelParts

extension ScoringEngine {
    /// Takes the best `k` that the rules allow; of equal scores the better seller, then the lower
    /// number.
    ///
    /// A heap in place: it gives only as many as are taken, and needs no memory of its own as a
    /// sort would.
    ///
    /// - Parameter ranker: where it has a deep part, what that adds to the totals.
    func rank(_ query: borrowing Query, by ranker: CandidateRanker? = nil) {
        order.removeAll(keepingCapacity: true)
        for position in candidates.indices
        where isAllowed(candidates[position].ordinal, query.includesOutOfStock) {
            order.append(Int32(position))
        }
        makeHeap(&order)
        ranker?.shortlist.removeAll(keepingCapacity: true)
        while slate.count < query.k, let best = takeBest(ranker) {
            let candidate = candidates[Int(best)]
            guard takesPlace(candidate.ordinal, query) else { continue }
            slate.append(
                RankedItem(
                    ordinal: candidate.ordinal, id: candidate.id, score: candidate.total,
                    reasons: 0..<0))
        }
        freePlaces()
    }

    /// The best candidate that is left. With a deep part: of those that went through it, and the
    /// next ones go through it only when none of them is left.
    private func takeBest(_ ranker: CandidateRanker?) -> Int32? {
        guard let ranker, ranker.network.hasLayers else { return removeBest(&order) }
        if ranker.shortlist.isEmpty {
            while ranker.shortlist.count < RankerNetwork.blockMax, let best = removeBest(&order) {
                ranker.shortlist.append(best)
            }
            addDeepPart(ranker)
            makeHeap(&ranker.shortlist)
        }
        return removeBest(&ranker.shortlist)
    }

    private func makeHeap(_ heap: inout [Int32]) {
        for start in (0..<heap.count / 2).reversed() { siftDown(&heap, start) }
    }

    private func removeBest(_ heap: inout [Int32]) -> Int32? {
        guard let best = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown(&heap, 0)
        }
        return best
    }

    private func siftDown(_ heap: inout [Int32], _ start: Int) {
        var parent = start
        while true {
            var best = parent
            for child in 2 * parent + 1..<2 * parent + 3 where child < heap.count {
                if precedes(heap[child], heap[best]) { best = child }
            }
            guard best != parent else { return }
            heap.swapAt(parent, best)
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
