internal import Glibc

extension RelevantRanks {
    /// Discounted gain with gains of 0 and 1, over that of the best possible list: NDCG@k.
    ///
    /// Source: Jarvelin and Kekalainen 2002, "Cumulated gain-based evaluation of IR techniques".
    ///
    /// - Parameter k: nil for no cut.
    package func ndcg(at k: Int? = nil) -> Double {
        guard relevantCount > 0 else { return 0 }
        let k = k ?? .max
        let gain = ranks.prefix { $0 <= k }.reduce(0) { $0 + Self.discount(rank: $1) }
        let best = (1...min(k, relevantCount)).reduce(0) { $0 + Self.discount(rank: $1) }
        return gain / best
    }

    /// 1 / log2(1 + rank), for ranks from 1.
    private static func discount(rank: Int) -> Double { 1 / log2(Double(rank) + 1) }
}
