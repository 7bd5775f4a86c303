internal import ModelParts

/// How large the numbers get that are made from a bundle's tensors.
///
/// Each value by itself is within ``BundleFormat/values``, and each vector within
/// ``BundleFormat/normMax``. Products and layers multiply, so their bounds are worked out here and
/// must stay below ``BundleFormat/scoreMax``: a score is never infinite or not a number.
struct Magnitudes {
    /// More entries than one shopper's history and basket have.
    private static let historyMax = 4_096
    /// Above the weights with which the tastes of a shopper are summed.
    private static let tasteWeight = 8.0

    /// Of the shopper's vector, times the item's: at most this norm each, and this product.
    private(set) var shopper = 0.0
    private(set) var item = 0.0

    private let set: TensorSet

    init(of parts: ModelParts, in set: TensorSet) throws(BundleError) {
        self.set = set
        guard let embeddings = parts.embeddings else { return }
        item = Self.normMax(of: embeddings.items)
        shopper = max(item, embeddings.users.map(Self.normMax) ?? 0)
        if let foldIn = embeddings.foldIn {
            try checkFoldIn(foldIn, items: embeddings.items)
        }
        shopper *= Self.tasteWeight
    }

    /// A vector that solves `A x = sum of y` is at most as long as `|sum of y|` divided by A's least
    /// eigenvalue, which is at least the ridge.
    private mutating func checkFoldIn(
        _ parameters: FoldInParameters, items: Matrix
    ) throws(BundleError) {
        let n = Double(Self.historyMax)
        let unobserved = Double(parameters.unobservedWeight) * Double(items.rows)
        // Longer histories have larger sums: n / n^nu does not fall, nu being at most 1.
        let ridge =
            Double(parameters.regularization)
            * power(n + unobserved, Double(parameters.regularizationExponent))
        let folded = n * item / ridge
        guard (n + unobserved) * item * item <= BundleFormat.scoreMax,
            folded * max(1, item) * Self.tasteWeight <= BundleFormat.scoreMax
        else {
            throw set.problem(
                "item_embeddings",
                "vectors up to a norm of \(item) with the manifest's \"fold_in\" can make"
                    + " scores above \(BundleFormat.scoreMax); scale them, or regularize more")
        }
        shopper = max(shopper, folded)
    }

    /// The largest value of a feature.
    private func bound(_ feature: RankerFeature, _ parts: ModelParts) -> Double {
        func sum(_ lists: NeighborLists?) -> Double {
            Double(lists?.scores.reduce(0) { max($0, abs($1)) } ?? 0) * Double(Self.historyMax)
        }
        return switch feature {
        case .product: shopper * item
        case .itemWeights, .basketWeights, .basketWeightMax, .historyWeights:
            sum(parts.itemWeights)
        case .userList: sum(parts.userLists)
        case .complement: sum(parts.neighbors[.complement])
        case .similar: sum(parts.neighbors[.similar])
        case .popularity, .monthPopularity, .weekPopularity:
            Double(RankerFeature.popularity(BundleFormat.values.upperBound))
        case .historyLength: Double(RankerFeature.historyLength(Self.historyMax))
        case .basketLength: Double(Self.historyMax)
        case .basketCount, .boughtShare, .boughtLately, .boughtRecently, .boughtAge,
            .boughtInterval, .boughtDue, .repeatRate:
            Double(BundleFormat.values.upperBound)
        }
    }

    /// Refuses a ranker that could make a score that is too large.
    func check(_ ranker: RankerParts, of parts: ModelParts) throws(BundleError) {
        let features = ranker.features.map { bound($0, parts) }
        let wide = zip(ranker.wide, features).reduce(abs(Double(ranker.bias))) {
            $0 + abs(Double($1.0)) * $1.1
        }
        try expect(wide, "ranker.wide", "weights")
        if let linear = ranker.linear {
            let sum = zip(linear.weights, linear.features).reduce(abs(Double(linear.bias))) {
                $0 + abs(Double($1.0)) * bound($1.1, parts)
            }
            try expect(sum, "ranker.linear.weights", "weights")
        }
        var inputs = features
        if ranker.usesVectors {
            let dimensions = parts.embeddings?.items.columns ?? 0
            inputs += Array(repeating: shopper, count: dimensions)
            inputs += Array(repeating: item, count: dimensions)
        }
        for (place, layer) in ranker.layers.enumerated() {
            let weights = layer.weights
            inputs = (0..<weights.rows).map { row in
                inputs.indices.reduce(abs(Double(layer.biases[row]))) {
                    let weight = weights.values[row * weights.columns + $1]
                    return $0 + abs(Double(weight)) * inputs[$1]
                }
            }
            try expect(inputs.max() ?? 0, "ranker.layers.\(place).weights", "layer")
        }
    }

    private func expect(_ bound: Double, _ tensor: String, _ what: String) throws(BundleError) {
        guard bound <= BundleFormat.scoreMax else {
            throw set.problem(
                tensor,
                "this \(what) can make values of \(bound), above \(BundleFormat.scoreMax)")
        }
    }

    private static func normMax(of matrix: Matrix) -> Double {
        (0..<matrix.rows).reduce(0) { max($0, norm(of: $1, in: matrix.values, matrix.columns)) }
    }

    /// The Euclidean norm of a row.
    static func norm(of row: Int, in values: [Float], _ columns: Int) -> Double {
        var squares = 0.0
        for i in row * columns..<(row + 1) * columns {
            squares += Double(values[i]) * Double(values[i])
        }
        return squares.squareRoot()
    }
}
