package import ModelParts

/// How an answer was found, best first: a ladder that a request steps down where the model has
/// nothing to go on, or where its deadline leaves no time.
package enum Tier: Int, Sendable, CaseIterable {
    /// All that the model knows of shopper, basket and items, ranked by its whole ranker.
    case full = 1
    /// The same without the ranker's second stage, for want of time.
    case linear = 2
    /// What is bought together with the basket's and the history's items, for want of time.
    case neighbors = 3
    /// What sells best: nothing is known of the shopper, or there was no time for more.
    case popular = 4

    /// Such as `neighbors`.
    package var name: String { String(describing: self) }
}

/// One item of a slate.
package struct RankedItem {
    /// The item's ordinal; at or past the catalog's count for items put while serving.
    package var ordinal: UInt32
    /// Valid until the engine's next turn.
    package var id: IDView
    package var score: Float
    /// Positions in ``Engine/reasons``, strongest first.
    package var reasons: Range<Int>
    /// Positions in ``Engine/parts``, what the score adds up from; empty unless they were asked for.
    package var parts = 0..<0
    /// How probable it was that the item got this place; 1 unless the place is explored.
    package var propensity: Float = 1
}

/// Why an item is on the slate: one part of its score.
package struct Reason {
    package enum Kind: Int {
        case boughtTogether = 1
        case taste = 2
        case popular = 3
        case boughtBefore = 4
        /// Nobody took it yet; `item` is what it is described like most.
        case new = 5
    }
    package var kind: Kind
    /// The basket item or past item that gave most of this part; nil where none can be named.
    package var item: UInt32?
    /// That item's id, valid until the engine's next turn.
    package var itemID: IDView?
    /// How much of the score this part is, in the score's unit, or of a probability in log-odds;
    /// positive, or 0 of an item that is new.
    package var contribution: Float
    /// How many times more often than by chance baskets with `item` hold this one; 0 where not
    /// known.
    package var lift: Float = 0
    /// The share of `item`'s baskets that hold this one, 0 to 1.
    package var confidence: Float = 0
    /// What is known of how the shopper bought it; nil where that is no reason.
    package var habit: Habit?

    /// How the shopper bought an item before.
    package struct Habit: Equatable {
        /// In how many baskets.
        package var times: Float
        /// Days from one of them to the next, on average; 0 where there is one.
        package var intervalDays: Float
        /// Days from the last one to the newest event in the training data.
        package var ageDays: Float
    }
}

/// One item of a Related answer.
package struct RelatedItem {
    package var relation: Relation
    package var ordinal: UInt32
    /// Valid until the engine's next turn.
    package var id: IDView
    package var score: Float
    package var lift: Float = 0
    package var confidence: Float = 0
    /// Of a rebuy, the usual days from one purchase to the next, and half of what lies between the
    /// quartiles; 0 where not known.
    package var intervalDays: Float = 0
    package var spreadDays: Float = 0
}
