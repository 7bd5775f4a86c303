extension RelevantRanks {
    /// 1 where a relevant item is among the first k.
    package func hitRate(at k: Int) -> Double { count(at: k) > 0 ? 1 : 0 }

    /// The share of the relevant items that are among the first k.
    package func recall(at k: Int) -> Double {
        relevantCount > 0 ? Double(count(at: k)) / Double(relevantCount) : 0
    }
}
