package import ModelParts

/// One summand of a score: what the ranker makes of one thing that it was told. The parts of an item
/// add up to its score, or where that is a probability to its log-odds, but for rounding.
package struct ScorePart {
    package enum Source: Equatable {
        /// What the score is before anything is known of shopper and item.
        case base
        case feature(RankerFeature)
        /// The shopper's vector and the item's, as inputs of a network.
        case vectors
        /// The item's share of all sales: the whole score where nothing is known of the shopper.
        case salesShare
    }

    package var source: Source
    /// What the ranker was told, in the feature's unit; 0 where it is no single number.
    package var value: Float
    package var contribution: Float
    /// Positions in ``Engine/shares``, the largest first; they add up to `contribution`. Empty where
    /// the part is no sum over basket and history.
    package var shares: Range<Int>

    /// The part's name: that of the feature in bundles, or `base`, `vectors` or `sales_share`.
    package var name: IDView { Self.names[source.place] }

    private static let names = TextTable(count: RankerFeature.allCases.count + 3) { place in
        place < RankerFeature.allCases.count
            ? RankerFeature.allCases[place].rawValue
            : ["base", "vectors", "sales_share"][place - RankerFeature.allCases.count]
    }
}

extension ScorePart.Source {
    fileprivate var place: Int {
        let count = RankerFeature.allCases.count
        return switch self {
        case .feature(let feature): RankerFeature.allCases.firstIndex(of: feature)!
        case .base: count
        case .vectors: count + 1
        case .salesShare: count + 2
        }
    }
}

/// What one item of basket or history has of a part.
package struct ItemShare {
    /// nil for what is left to all that are not named.
    package var item: UInt32?
    /// That item's id, valid until the engine's next turn.
    package var itemID: IDView?
    package var contribution: Float
}
