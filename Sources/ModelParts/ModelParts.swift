/// A directed edge from item to item.
package enum Relation: String, CaseIterable, Sendable {
    case complement, substitute, similar, rebuy
}

/// What every algorithm trains to, so that serving never knows which one it was.
package struct ModelParts: Sendable {
    /// Vectors whose inner product is the score; nil for algorithms without any.
    package var embeddings: EmbeddingParts?
    /// Item -> item lists, strongest first.
    package var neighbors: [Relation: NeighborLists] = [:]
    /// A linear item model: a user's score for item i is the sum over the items j of her history of
    /// the weight j -> i. Weights may be negative; lists are sorted by weight, largest first. Lifts
    /// and confidences are 0.
    package var itemWeights: NeighborLists?
    /// What a user is to be shown, by user instead of by item, strongest first: for algorithms
    /// whose score of a known user has no smaller form. Lifts and confidences are 0.
    package var userLists: NeighborLists?
    /// How the scores of the other parts make one; nil where one of them speaks for all.
    package var ranker: RankerParts?
    /// What ``itemWeights`` lost when it was cut for serving; nil where it is whole.
    package var itemWeightsCut: ListCut?
    /// By item that nobody took yet, the items that it is described like, with their shares; what a ranker
    /// asks of such an item is the sum of theirs by share. Empty lists for all others; nil where no item is
    /// new. Lifts and confidences are 0.
    package var newItems: NeighborLists?
    /// What dated baskets tell of items and shoppers; nil where there are none.
    package var profiles: Profiles?
    /// How often each item was taken, shape `[I]`; the fallback tier ranks by it.
    package var popularity: [Float]

    package init(popularity: [Float]) { self.popularity = popularity }

    /// The feature that speaks for a model without a ranker of its own.
    package var speaker: RankerFeature {
        if userLists != nil { return .userList }
        if itemWeights != nil { return .itemWeights }
        if embeddings != nil { return .product }
        if neighbors[.complement] != nil { return .complement }
        return neighbors[.similar] != nil ? .similar : .popularity
    }

    /// The same, or nil where a ranker speaks for it.
    package var soleSpeaker: RankerFeature? { ranker == nil ? speaker : nil }
}

package struct EmbeddingParts: Sendable {
    /// Shape `[I, D]`.
    package var items: Matrix
    /// Shape `[U, D]`; nil where users have no vector of their own.
    package var users: Matrix?
    /// How a user vector is computed from a history; nil where it cannot be.
    package var foldIn: FoldInParameters?

    package init(items: Matrix, users: Matrix?, foldIn: FoldInParameters?) {
        self.items = items
        self.users = users
        self.foldIn = foldIn
    }
}
