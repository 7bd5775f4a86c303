/// At which places of a ranked list the relevant items stand: all that the measures of a list take.
///
/// Every measure is 0 to 1, the more the better, and 0 where nothing is relevant; only the first k
/// places count. Invariant: `ranks` ascends strictly from 1 or more; `ranks.count <= relevantCount`.
package struct RelevantRanks: Sendable, Equatable {
    /// From 1. Relevant items that are not in the list have none.
    package let ranks: [Int]
    /// How many items are relevant, in the list or not.
    package let relevantCount: Int

    package init(_ ranks: [Int], relevantCount: Int) {
        precondition(ranks.count <= relevantCount, "\(ranks.count) of \(relevantCount)")
        self.ranks = ranks
        self.relevantCount = relevantCount
    }

    /// - Parameter list: the best item first, none twice.
    /// - Complexity: O(list).
    package init<Item: Hashable>(in list: some Sequence<Item>, relevant: Set<Item>) {
        self.init(
            list.enumerated().filter { relevant.contains($0.element) }.map { $0.offset + 1 },
            relevantCount: relevant.count)
    }

    /// How many relevant items are among the first k.
    func count(at k: Int) -> Int { ranks.prefix { $0 <= k }.count }
}
