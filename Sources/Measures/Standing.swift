/// Where one relevant item stands among others by score.
///
/// Equal scores carry no order, and whatever order a program gives them must not earn it points.
/// Each measure is therefore its expected value over all orders of the equals, all equally likely.
/// Source: McSherry and Najork 2008, "Computing information retrieval performance measures
/// efficiently in the presence of tied scores".
package struct Standing: Sendable, Equatable {
    /// How many others score higher; those that are not numbers count as higher.
    package var higher: Int
    /// How many others score the same.
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

    /// The expected value of a measure of a list with the one relevant item.
    package func expected(_ measure: (RelevantRanks) -> Double) -> Double {
        var sum = 0.0
        for rank in higher + 1...higher + tied + 1 {
            sum += measure(RelevantRanks([rank], relevantCount: 1))
        }
        return sum / Double(tied + 1)
    }
}
