internal import ModelParts

/// The ranker as tensors and back.
extension ModelBundle {
    static func tensors(_ ranker: RankerParts) -> [Tensor] {
        var tensors = TextColumns.tensors("ranker.features", ranker.features.map(\.rawValue))
        tensors.append(Tensor("ranker.wide", .float32(ranker.wide)))
        tensors.append(Tensor("ranker.bias", .float32([ranker.bias])))
        tensors.append(Tensor("ranker.history_share", .float32([ranker.historyShare])))
        if let trees = ranker.trees { tensors += Self.tensors(trees) }
        if let linear = ranker.linear {
            tensors += TextColumns.tensors(
                "ranker.linear.features", linear.features.map(\.rawValue))
            tensors.append(Tensor("ranker.linear.weights", .float32(linear.weights)))
            tensors.append(Tensor("ranker.linear.bias", .float32([linear.bias])))
        }
        for (place, layer) in ranker.layers.enumerated() {
            let name = "ranker.layers.\(place)"
            let weights = layer.weights
            tensors.append(
                Tensor(
                    "\(name).weights", .float32(weights.values),
                    shape: [weights.rows, weights.columns]))
            tensors.append(Tensor("\(name).biases", .float32(layer.biases)))
        }
        return tensors
    }

    /// - Parameter parts: the other parts, which the features must come from.
    static func ranker(
        _ set: inout TensorSet, for parts: ModelParts
    ) throws(BundleError) -> RankerParts? {
        guard set.contains("ranker.features.bytes") else { return nil }
        let features = try takeFeatures(&set, "ranker.features", parts)
        var ranker = RankerParts(
            features: features,
            wide: try set.takeFloats("ranker.wide", count: features.count),
            bias: try set.takeFloats("ranker.bias", count: 1, absent: 0)[0])
        ranker.historyShare = try set.takeFloats(
            "ranker.history_share", count: 1, absent: ranker.historyShare)[0]
        guard 0...1 ~= ranker.historyShare else {
            throw set.problem("ranker.history_share", "is \(ranker.historyShare), not 0 to 1")
        }
        ranker.trees = try trees(&set, for: parts)
        if set.contains("ranker.linear.features.bytes") {
            let features = try takeFeatures(&set, "ranker.linear.features", parts)
            ranker.linear = LinearStage(
                features: features,
                weights: try set.takeFloats("ranker.linear.weights", count: features.count),
                bias: try set.takeFloats("ranker.linear.bias", count: 1, absent: 0)[0])
        }
        while ranker.trees == nil, ranker.linear == nil,
            set.contains("ranker.layers.\(ranker.layers.count).weights")
        {
            try takeLayer(&set, &ranker, parts)
        }
        if let last = ranker.layers.last, last.biases.count != 1 {
            throw set.problem(
                "ranker.layers.\(ranker.layers.count - 1).weights",
                "has \(last.biases.count) rows, but the last layer has one")
        }
        return ranker
    }

    /// The features that a tensor names, each of which the parts must have something to say of.
    static func takeFeatures(
        _ set: inout TensorSet, _ tensor: String, _ parts: ModelParts
    ) throws(BundleError) -> [RankerFeature] {
        var features: [RankerFeature] = []
        for name in try set.takeStrings(tensor, rows: nil) {
            guard let feature = RankerFeature(rawValue: name) else {
                let names = RankerFeature.allCases.map(\.rawValue).joined(separator: ", ")
                throw set.problem(
                    "\(tensor).bytes", "'\(name)' is no feature; there are \(names)")
            }
            guard !features.contains(feature) else {
                throw set.problem("\(tensor).bytes", "'\(name)' occurs twice")
            }
            if let missing = parts.missing(for: feature) {
                throw set.problem("\(tensor).bytes", "'\(name)' needs \(missing)")
            }
            features.append(feature)
        }
        guard !features.isEmpty else { throw set.problem("\(tensor).bytes", "is empty") }
        return features
    }

    private static func takeLayer(
        _ set: inout TensorSet, _ ranker: inout RankerParts, _ parts: ModelParts
    ) throws(BundleError) {
        let place = ranker.layers.count
        let name = "ranker.layers.\(place)"
        guard place < BundleFormat.rankerLayersMax else {
            throw set.problem(
                "\(name).weights", "there are at most \(BundleFormat.rankerLayersMax) layers")
        }
        let weights = try set.takeMatrix("\(name).weights")
        if let before = ranker.layers.last?.biases.count {
            guard weights.columns == before else {
                throw set.problem(
                    "\(name).weights",
                    "has \(weights.columns) columns, but layer \(place - 1) has \(before) rows")
            }
        } else {
            let vectors = 2 * (parts.embeddings?.items.columns ?? 0)
            let count = ranker.features.count
            guard weights.columns == count || weights.columns == count + vectors else {
                throw set.problem(
                    "\(name).weights",
                    "has \(weights.columns) columns, not \(count) as there are features"
                        + (vectors > 0 ? ", nor \(count + vectors) with two vectors" : ""))
            }
            ranker.usesVectors = weights.columns > count
        }
        ranker.layers.append(
            RankerParts.Layer(
                weights: weights,
                biases: try set.takeFloats("\(name).biases", count: weights.rows)))
    }
}

extension ModelParts {
    /// The tensor that is missing for a feature to say anything; nil where it is there.
    fileprivate func missing(for feature: RankerFeature) -> String? {
        switch feature {
        case .product: embeddings == nil ? "item_embeddings" : nil
        case .itemWeights: itemWeights == nil ? "item_weights" : nil
        case .userList: userLists == nil ? "user_lists" : nil
        case .complement: neighbors[.complement] == nil ? "neighbors.complement" : nil
        case .similar: neighbors[.similar] == nil ? "neighbors.similar" : nil
        case .popularity, .historyLength, .basketLength: nil
        case .basketWeights, .basketWeightMax, .historyWeights:
            itemWeights == nil ? "item_weights" : nil
        case .boughtShare, .boughtLately, .boughtRecently, .boughtAge, .boughtInterval,
            .boughtDue, .basketCount:
            profiles == nil ? "habits.items" : nil
        case .monthPopularity, .weekPopularity, .repeatRate:
            profiles == nil ? "profiles.month_sales" : nil
        }
    }
}
