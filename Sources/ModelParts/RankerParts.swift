/// What a ranker is told of a shopper and an item, one number each.
///
/// All are 0 where the parts they come from are silent.
package enum RankerFeature: String, CaseIterable, Sendable {
    /// The inner product of the shopper's vector and the item's.
    case product
    /// The sum, over the shopper's items, of their item weights that lead to the item.
    case itemWeights = "item_weights"
    /// The item's score on the shopper's own list.
    case userList = "user_list"
    /// The sum, over the shopper's items, of the scores that their complements have.
    case complement
    /// The sum, over the shopper's items, of the scores that their similar items have.
    case similar
    /// ln(1 + popularity).
    case popularity
    /// ln(1 + the number of the shopper's items); the same for all candidates, so that it only
    /// tells a deep part how much the sums weigh.
    case historyLength = "history_length"
    /// The sum, over the items in the basket, of their item weights that lead to the item.
    case basketWeights = "basket_weights"
    /// The largest of these; 0 where none is above it.
    case basketWeightMax = "basket_weight_max"
    /// The sum, over the shopper's past items, of their item weights that lead to the item.
    case historyWeights = "history_weights"
    /// The number of items in the basket.
    case basketLength = "basket_length"
    /// In how many baskets the shopper was before; see ``Habits``.
    case basketCount = "basket_count"
    /// The share of the shopper's baskets that hold the item.
    case boughtShare = "bought_share"
    /// How often she bought it, her newest baskets counting most; ``Habits/lately``.
    case boughtLately = "bought_lately"
    /// How often she bought it, the last weeks counting most; ``Habits/recently``.
    case boughtRecently = "bought_recently"
    /// Days since she bought it last; ``neverBought`` where she never did.
    case boughtAge = "bought_age"
    /// ``Habits/intervals``; ``neverBought`` where she bought it fewer than two times.
    case boughtInterval = "bought_interval"
    /// ``boughtAge`` as a share of the days until she, or else most, would buy it again; ``neverBought``
    /// where neither is known. See ``Profiles/dues``.
    case boughtDue = "bought_due"
    /// ln(1 + ``Profiles/monthSales``), and the same of ``Profiles/weekSales``.
    case monthPopularity = "month_popularity"
    case weekPopularity = "week_popularity"
    /// ``Profiles/repeatRates``.
    case repeatRate = "repeat_rate"

    /// The value of ``boughtAge`` for what the shopper never bought: longer than any habit.
    package static let neverBought: Float = 1e4

    /// Whether it tells what the shopper bought before, by ``Habits``.
    package var isHabit: Bool {
        switch self {
        case .boughtShare, .boughtLately, .boughtRecently, .boughtAge, .boughtInterval, .boughtDue,
            .basketCount:
            true
        default: false
        }
    }

    /// Whether it tells how an item sells, whoever asks.
    package var isSales: Bool {
        switch self {
        case .popularity, .monthPopularity, .weekPopularity, .repeatRate: true
        default: false
        }
    }

    /// The value of ``popularity`` for an item that was taken `count` times.
    package static func popularity(_ count: Float) -> Float { logarithm(1 + count) }

    /// The value of ``historyLength`` for so many different items.
    package static func historyLength(_ count: Int) -> Float { logarithm(1 + Float(count)) }
}

/// What ranks candidates by what the other parts say of them.
///
/// Where there are ``trees``, their sum is the score, and the weighted sum only finds which
/// candidates they see. ``linear`` takes their place where there is no time for them, or where there are
/// none. Without either it is a network.
///
/// With f the features of a pair, its score is `wide . f + deep(f, x, y) + bias`. The deep part is
/// a chain of dense layers, all but the last one rectified, over the features and, where
/// ``usesVectors`` says so, the shopper's vector x and the item's y after them. Without layers
/// there is no deep part: a ranker of that kind is a weighted sum of models.
///
/// Source: Cheng et al. 2016, "Wide & deep learning for recommender systems", equation 3, without
/// the final sigmoid, which changes no order. The products of features that its wide part crosses
/// are ``ModelParts/itemWeights``: a weight for "took j, is shown i".
///
/// Invariant: `wide.count == features.count`; the first layer's inputs are `features.count`, plus
/// 2 D where vectors are used; each other layer's are the outputs of the one before; the last one
/// has one output. Vectors are used only where there are layers and embeddings. There are no
/// layers where there are trees, or a linear second stage.
package struct RankerParts: Sendable, Equatable {
    /// `outputs = weights inputs + biases`.
    package struct Layer: Sendable, Equatable {
        /// Shape `[outputs, inputs]`.
        package var weights: Matrix
        /// Shape `[outputs]`.
        package var biases: [Float]

        package init(weights: Matrix, biases: [Float]) {
            precondition(weights.rows == biases.count, "\(weights.rows) != \(biases.count)")
            self.weights = weights
            self.biases = biases
        }
    }

    /// In the order of the inputs; no feature twice.
    package var features: [RankerFeature]
    /// The wide part's weight of each feature.
    package var wide: [Float]
    package var bias: Float
    package var layers: [Layer]
    package var usesVectors: Bool
    /// The second stage of a ranker without layers.
    package var trees: TreeEnsemble?
    /// What ranks instead of them where they are too slow, or not there.
    package var linear: LinearStage?
    /// How much the history counts where there is a basket too, 0 to 1; the basket counts the rest.
    ///
    /// Either counts 1 where there is no other. A long history would otherwise drown the basket.
    package var historyShare: Float

    /// The history's usual share. Lists are summed over a whole history, which takes a small share to
    /// weigh no more than a basket; a vector is of one length whatever it was made of. Both were
    /// chosen on baskets of Online Retail, coop100 and The Complete Journey.
    package static func usualHistoryShare(_ features: [RankerFeature]) -> Float {
        features.contains { [.itemWeights, .complement, .similar].contains($0) } ? 0.01 : 0.1
    }

    /// The ranker of a model whose score is one feature.
    package init(speaker: RankerFeature) { self.init(features: [speaker], wide: [1]) }

    package init(
        features: [RankerFeature], wide: [Float], bias: Float = 0, layers: [Layer] = [],
        usesVectors: Bool = false
    ) {
        precondition(features.count == wide.count, "\(features.count) != \(wide.count)")
        self.features = features
        self.wide = wide
        self.bias = bias
        self.layers = layers
        self.usesVectors = usesVectors
        historyShare = Self.usualHistoryShare(features)
    }
}
