extension RelevantRanks {
    /// 1 / the rank of the first relevant item, where that is at most k. Its mean over queries is
    /// MRR@k.
    package func reciprocalRank(at k: Int) -> Double {
        guard let first = ranks.first, first <= k else { return 0 }
        return 1 / Double(first)
    }
}
