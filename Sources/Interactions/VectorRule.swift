/// The rule for every vector that is served.
package enum VectorRule {
    package static let dimensionsMax = 4096
    /// The largest Euclidean norm: no inner product of two such vectors overflows a `Float`.
    package static let normMax: Float = 1e18
}
