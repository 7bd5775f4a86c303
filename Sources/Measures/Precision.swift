extension RelevantRanks {
    /// The share of the first k places that hold a relevant item; empty places count.
    package func precision(at k: Int) -> Double { Double(count(at: k)) / Double(k) }

    /// The precision at the place of each relevant item, summed, over min(k, relevant items).
    ///
    /// Its mean over queries is MAP@k. Source: Buckley and Voorhees 2000, "Evaluating evaluation
    /// measure stability".
    package func averagePrecision(at k: Int) -> Double {
        guard relevantCount > 0 else { return 0 }
        var sum = 0.0
        for (place, rank) in ranks.enumerated() where rank <= k {
            sum += Double(place + 1) / Double(rank)
        }
        return sum / Double(min(k, relevantCount))
    }
}
