/// What is to be expected of an item that nobody took yet, by the items that are described like it.
///
/// With n over the ``neighborsMax`` items that were taken whose descriptions have the largest cosine to its
/// own, each at least ``cosineMin``, the share of n is
///
///     a_n = cos(c, n) / (prior + sum of cosines)
///
/// and any quantity x of the new item c is expected to be the sum of a_n x_n. Shares sum to less than 1, so
/// that of what is like little, little is expected.
///
/// Source: regressing factors on content is Gantner et al. 2010, "Learning attribute-to-feature mappings
/// for cold-start recommendations", section III, with its k nearest neighbors as the mapping; weights are
/// mapped in the same way.
package struct ContentRegression: Sendable {
    /// At least 1.
    package var neighborsMax = 8
    /// Above 0, at most 1.
    package var cosineMin: Float = 0.1
    /// In units of a cosine; 0 or more.
    package var prior: Float = 0.5
    /// The new items that one item's list may gain, the strongest; at least 1.
    package var targetsMax = 10
    /// What descriptions are made of.
    package var terms = CatalogTerms(priceWeight: 1)

    package init() {}

    /// The items that one is described like, with their shares, the largest first.
    ///
    /// - Parameter near: the nearest ones, by cosine, best first; at least as many as count.
    package func shares(
        _ near: [(item: Int32, cosine: Float)]
    ) -> [(item: Int32, share: Float)] {
        let near = near.prefix(neighborsMax).filter { $0.cosine >= cosineMin }
        let total = near.reduce(prior) { $0 + $1.cosine }
        return near.map { ($0.item, $0.cosine / total) }
    }
}
