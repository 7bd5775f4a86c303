internal import ModelParts

extension WideDeepNetwork {
    /// A copy of the parameters.
    func snapshot() -> [Float] {
        Array(UnsafeBufferPointer(start: parameters, count: parameterCount))
    }
}

extension WideDeepSamples {
    /// The network as it is served: what rows were scaled by goes into its weights, and crosses
    /// count as they are.
    ///
    /// - Parameter parameters: the network's, as they were at some time.
    func ranker(_ network: WideDeepNetwork, _ parameters: [Float]) -> RankerParts {
        var ranker = RankerParts(
            features: features, wide: features.map { _ in 0 }, bias: parameters[features.count],
            usesVectors: true)
        for k in features.indices {
            ranker.wide[k] = parameters[k] * scales[k]
            ranker.bias -= parameters[k] * scales[k] * means[k]
        }
        ranker.wide[Self.crossColumn] = 1
        let last = network.layers.count - 1
        for (place, layer) in network.layers.enumerated() {
            let outputs = place == last ? 1 : layer.outputs
            var weights = Matrix(rows: outputs, columns: layer.inputs)
            var biases = Array(parameters[layer.biases..<layer.biases + outputs])
            for output in 0..<outputs {
                for input in 0..<layer.inputs {
                    var weight = parameters[layer.weights + input * layer.outputs + output]
                    if place == 0 {
                        // The network never saw the crosses.
                        weight *= input == Self.crossColumn ? 0 : scales[input]
                        biases[output] -= weight * means[input]
                    }
                    weights.values[output * layer.inputs + input] = weight
                }
            }
            ranker.layers.append(RankerParts.Layer(weights: weights, biases: biases))
        }
        return ranker
    }
}
