/// A weighted sum of features of a candidate as the second stage of a ranker: what ranks where there is
/// no time for trees, or instead of them.
///
/// Its sum is the log-odds of an item being taken, as that of ``TreeEnsemble`` is.
///
/// Invariant: `weights.count == features.count`; no feature twice.
package struct LinearStage: Sendable, Equatable {
    package var features: [RankerFeature]
    package var weights: [Float]
    /// The score where all features are 0.
    package var bias: Float

    package init(features: [RankerFeature], weights: [Float], bias: Float) {
        precondition(features.count == weights.count, "\(features.count) != \(weights.count)")
        self.features = features
        self.weights = weights
        self.bias = bias
    }
}
