internal import CKernels

/// A ranker laid out for the kernels: it scores candidates in blocks.
///
/// The shopper's half of the first layer is computed once for all her candidates. Allocates nothing
/// once made; threads may share it, each with a ``RankerScratch`` of its own. A candidate's score
/// does not depend on the others in its block.
///
/// `@unchecked Sendable`: its memory is written by `init` alone.
package final class RankerNetwork: @unchecked Sendable {
    package let parts: RankerParts
    /// D where the deep part takes vectors, else 0.
    package let dimensions: Int
    /// F, the number of features.
    package let featureCount: Int
    private var layers: [Layer] = []
    /// The widest layer.
    fileprivate let width: Int
    private let values: UnsafeMutablePointer<Float>
    /// Where the first layer's weights of the shopper's vector start, shape `[D, outputs]`.
    private let shopperWeights: Int

    /// The most candidates that go through the deep part in one pass.
    package static let blockMax = 512

    /// Shapes: weights `[inputs, outputs]`, then biases `[outputs]`; outputs are padded with zeros
    /// to the kernels' block.
    private struct Layer {
        var inputs: Int
        var outputs: Int
        var weights: Int
        var biases: Int { weights + inputs * outputs }
        var end: Int { biases + outputs }
    }

    /// - Parameter dimensions: D of the model's vectors, 0 where it has none.
    package init(_ parts: RankerParts, dimensions: Int) {
        self.parts = parts
        self.dimensions = parts.usesVectors ? dimensions : 0
        featureCount = parts.features.count
        var inputs = featureCount + self.dimensions
        var end = 0
        for layer in parts.layers {
            let outputs = paddedCount(layer.biases.count)
            layers.append(Layer(inputs: inputs, outputs: outputs, weights: end))
            end = layers.last!.end
            inputs = outputs
        }
        shopperWeights = end
        end += self.dimensions * (layers.first?.outputs ?? 0)
        width = layers.map(\.outputs).max() ?? 0
        values = .allocate(capacity: max(1, end))
        values.initialize(repeating: 0, count: max(1, end))
        for (place, layer) in layers.enumerated() { fill(layer, from: parts.layers[place], place) }
    }

    deinit { values.deallocate() }

    /// The first layer's columns are the features, the shopper's vector and the item's.
    private func fill(_ layer: Layer, from source: RankerParts.Layer, _ place: Int) {
        let shopper = place == 0 ? featureCount..<featureCount + dimensions : 0..<0
        let known = place == 0 ? layer.inputs + dimensions : parts.layers[place - 1].biases.count
        precondition(
            source.weights.columns == known, "layer \(place): \(source.weights.columns) != \(known)"
        )
        for output in source.biases.indices {
            values[layer.biases + output] = source.biases[output]
            for column in 0..<source.weights.columns {
                let value = source.weights.values[output * source.weights.columns + column]
                if shopper.contains(column) {
                    let row = column - shopper.lowerBound
                    values[shopperWeights + row * layer.outputs + output] = value
                } else {
                    let row = column < shopper.lowerBound ? column : column - shopper.count
                    values[layer.weights + row * layer.outputs + output] = value
                }
            }
        }
    }

    /// Whether there is a deep part.
    package var hasLayers: Bool { !layers.isEmpty }

    /// Where a feature stands among a candidate's inputs; nil where the ranker does not ask for it.
    package func column(of feature: RankerFeature) -> Int? {
        parts.features.firstIndex(of: feature)
    }

    /// The wide part with the bias, of the `F` features.
    package func wide(_ features: UnsafePointer<Float>) -> Float {
        var sum = parts.bias
        for k in 0..<featureCount { sum += parts.wide[k] * features[k] }
        return sum
    }

    /// Says whose candidates come next.
    ///
    /// - Parameter vector: `dimensions` floats; nil where nothing is known of her, which counts as
    ///   zeros.
    package func setShopper(_ vector: UnsafePointer<Float>?, in scratch: RankerScratch) {
        guard let first = layers.first else { return }
        scratch.start.update(from: values + first.biases, count: first.outputs)
        guard let vector, dimensions > 0 else { return }
        sc_gemm(
            scratch.start, first.outputs, vector, dimensions, 1, values + shopperWeights,
            first.outputs, 1, first.outputs, dimensions)
    }

    /// Computes the deep part of the first `count` candidates in `scratch.inputs` for the shopper
    /// who was set last, and leaves it in `scratch.deep`.
    ///
    /// - Complexity: O(count x weights), as matrix products.
    package func runDeep(count: Int, in scratch: RankerScratch) {
        precondition(0...Self.blockMax ~= count, "\(count) candidates")
        var (x, y) = (scratch.inputs, scratch.first)
        for (place, layer) in layers.enumerated() {
            let start = place == 0 ? scratch.start : values + layer.biases
            for row in 0..<count {
                (y + row * layer.outputs).update(from: start, count: layer.outputs)
            }
            sc_gemm(
                y, layer.outputs, x, layer.inputs, 1, values + layer.weights, layer.outputs, count,
                layer.outputs, layer.inputs)
            if place < layers.count - 1 {
                for k in 0..<count * layer.outputs { y[k] = max(0, y[k]) }
            } else {
                for row in 0..<count { scratch.deep[row] = y[row * layer.outputs] }
            }
            (x, y) = (y, place % 2 == 0 ? scratch.second : scratch.first)
        }
    }
}

/// The memory that one thread ranks with.
///
/// `@unchecked Sendable`: one thread at a time uses it.
package final class RankerScratch: @unchecked Sendable {
    /// Shape `[blockMax, F + D]`: each candidate's features and, where the deep part takes vectors,
    /// the item's.
    package let inputs: UnsafeMutablePointer<Float>
    /// Floats from one candidate's inputs to the next one's.
    package let stride: Int
    /// Shape `[blockMax]`.
    package let deep: UnsafeMutablePointer<Float>
    fileprivate let start: UnsafeMutablePointer<Float>
    fileprivate let first: UnsafeMutablePointer<Float>
    fileprivate let second: UnsafeMutablePointer<Float>

    package init(_ network: RankerNetwork) {
        let block = RankerNetwork.blockMax
        stride = network.featureCount + network.dimensions
        let count = block * (stride + 1) + network.width * (1 + 2 * block)
        inputs = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: count)
        inputs.initialize(repeating: 0, count: count)
        deep = inputs + block * stride
        start = deep + block
        first = start + network.width
        second = first + block * network.width
    }

    deinit { inputs.deallocate() }
}
