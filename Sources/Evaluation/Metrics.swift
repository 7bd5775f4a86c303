internal import Glibc

/// Where the one relevant candidate stands among the others by score.
///
/// Equal scores carry no order, and whatever order a program gives them must not earn it points.
/// Each metric is therefore its expected value over all orders of the equals, all equally likely.
/// Source: McSherry and Najork 2008, "Computing information retrieval performance measures
/// efficiently in the presence of tied scores".
package struct Standing: Sendable, Equatable {
    /// How many candidates score higher; those that are not numbers count as higher.
    package var higher: Int
    /// How many other candidates score the same.
    package var tied: Int

    package init(higher: Int, tied: Int) {
        self.higher = higher
        self.tied = tied
    }

    /// A score that is not a number stands last.
    package init(of score: Float, among others: some Sequence<Float>) {
        self.init(higher: 0, tied: 0)
        for other in others where !(score > other) {
            if score == other { tied += 1 } else { higher += 1 }
        }
    }

    /// HR@k: 1 where the relevant candidate is among the first k.
    package func hitRate(at k: Int) -> Double { expected(at: k) { _ in 1 } }

    /// NDCG@k with one relevant candidate: 1 / log2(1 + rank) where the rank, from 1, is at most k.
    package func ndcg(at k: Int) -> Double { expected(at: k, gain: Metrics.discount) }

    /// 1 / rank, from 1, where the rank is at most k; its mean over cases is MRR@k.
    package func reciprocalRank(at k: Int) -> Double { expected(at: k) { 1 / Double($0) } }

    private func expected(at k: Int, gain: (Int) -> Double) -> Double {
        var sum = 0.0
        for rank in (higher + 1)..<(higher + tied + 2) where rank <= k { sum += gain(rank) }
        return sum / Double(tied + 1)
    }
}

/// Measures of a ranked list against a set of relevant items; 0 to 1, the more the better.
///
/// The list holds no item twice, and only its first k count. With nothing relevant every measure is
/// 0.
package enum Metrics {
    /// 1 where a relevant item is in the list.
    package static func hitRate<Item: Hashable>(
        _ ranked: some Sequence<Item>, relevant: Set<Item>, at k: Int
    ) -> Double {
        ranked.prefix(k).contains(where: relevant.contains) ? 1 : 0
    }

    /// The share of the relevant items that are in the list.
    package static func recall<Item: Hashable>(
        _ ranked: some Sequence<Item>, relevant: Set<Item>, at k: Int
    ) -> Double {
        recall(ranked.map(relevant.contains), relevantCount: relevant.count, at: k)
    }

    /// The share of the first k places that hold a relevant item; empty places count.
    package static func precision<Item: Hashable>(
        _ ranked: some Sequence<Item>, relevant: Set<Item>, at k: Int
    ) -> Double {
        precision(ranked.map(relevant.contains), at: k)
    }

    /// The precision at the place of each relevant item, summed, over min(k, relevant items).
    ///
    /// Its mean over queries is MAP@k. Source: Buckley and Voorhees 2000, "Evaluating evaluation
    /// measure stability".
    package static func averagePrecision<Item: Hashable>(
        _ ranked: some Sequence<Item>, relevant: Set<Item>, at k: Int
    ) -> Double {
        averagePrecision(ranked.map(relevant.contains), relevantCount: relevant.count, at: k)
    }

    /// 1 / rank, from 1, of the first relevant item.
    package static func reciprocalRank<Item: Hashable>(
        _ ranked: some Sequence<Item>, relevant: Set<Item>, at k: Int
    ) -> Double {
        reciprocalRank(ranked.map(relevant.contains), at: k)
    }

    /// Discounted gain with gains of 0 and 1, over that of the best possible list.
    ///
    /// Source: Jarvelin and Kekalainen 2002, "Cumulated gain-based evaluation of IR techniques".
    package static func ndcg<Item: Hashable>(
        _ ranked: some Sequence<Item>, relevant: Set<Item>, at k: Int
    ) -> Double {
        ndcg(ranked.map(relevant.contains), relevantCount: relevant.count, at: k)
    }

    // The same of a list of which it is only known, place by place, whether the item is relevant.

    static func recall(_ hits: [Bool], relevantCount: Int, at k: Int) -> Double {
        guard relevantCount > 0 else { return 0 }
        return Double(hits.prefix(k).count { $0 }) / Double(relevantCount)
    }

    static func precision(_ hits: [Bool], at k: Int) -> Double {
        Double(hits.prefix(k).count { $0 }) / Double(k)
    }

    static func averagePrecision(_ hits: [Bool], relevantCount: Int, at k: Int) -> Double {
        var found = 0
        var sum = 0.0
        for (index, isHit) in hits.prefix(k).enumerated() where isHit {
            found += 1
            sum += Double(found) / Double(index + 1)
        }
        return relevantCount > 0 ? sum / Double(min(k, relevantCount)) : 0
    }

    static func reciprocalRank(_ hits: [Bool], at k: Int) -> Double {
        hits.prefix(k).firstIndex(of: true).map { 1 / Double($0 + 1) } ?? 0
    }

    static func ndcg(_ hits: [Bool], relevantCount: Int, at k: Int) -> Double {
        var gain = 0.0
        for (index, isHit) in hits.prefix(k).enumerated() where isHit {
            gain += discount(rank: index + 1)
        }
        let best = (0..<min(k, relevantCount)).reduce(0) { $0 + discount(rank: $1 + 1) }
        return best > 0 ? gain / best : 0
    }

    /// 1 / log2(1 + rank), for ranks from 1.
    static func discount(rank: Int) -> Double { 1 / log2(Double(rank + 1)) }
}
