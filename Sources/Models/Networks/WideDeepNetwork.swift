internal import CKernels
package import Interactions
internal import ModelParts

/// The dense parameters of ``WideDeep`` while it is trained: the wide weights of the features, and
/// the layers of the deep part.
///
/// The logit of a row z = [f, x, y] is `wide . f + bias + deep(z)`. All layers but the last are
/// rectified; each is padded with zeros to the kernels' block, and the first output of the last one
/// counts. One row of parameters holds all of it, and AdaGrad's sums of squared gradients stand
/// beside it (Duchi, Hazan and Singer 2011).
///
/// `@unchecked Sendable`: threads only read while gradients are taken; one takes the step.
package final class WideDeepNetwork: @unchecked Sendable {
    struct Layer {
        var inputs: Int
        var outputs: Int
        /// Shape `[inputs, outputs]`, and right behind them the biases, shape `[outputs]`.
        var weights: Int
        var biases: Int { weights + inputs * outputs }
    }

    /// F, the first columns of a row.
    package let features: Int
    /// The columns of a row.
    package let inputs: Int
    let layers: [Layer]
    /// `[F wide weights, bias, layers]`.
    package let parameters: UnsafeMutablePointer<Float>
    package let parameterCount: Int
    private let squares: UnsafeMutablePointer<Float>
    private let widest: Int

    /// The last layer starts at zero, and so does the deep part.
    ///
    /// - Parameter hidden: the widths of the layers but the last.
    package init(features: Int, inputs: Int, hidden: [Int], generator: inout SeededGenerator) {
        self.features = features
        self.inputs = inputs
        var (layers, end, width) = ([Layer](), features + 1, inputs)
        for outputs in hidden + [1] {
            let outputs = paddedCount(outputs)
            layers.append(Layer(inputs: width, outputs: outputs, weights: end))
            end += (width + 1) * outputs
            width = outputs
        }
        self.layers = layers
        parameterCount = end
        widest = layers.map(\.outputs).max()!
        parameters = .allocate(capacity: 2 * end)
        parameters.initialize(repeating: 0, count: 2 * end)
        squares = parameters + end
        squares.update(repeating: Self.squaresStart, count: end)
        for (place, width) in hidden.enumerated() {
            let layer = layers[place]
            // As He, Zhang, Ren and Sun 2015 have it for rectified units.
            let scale = (2 / Double(layer.inputs)).squareRoot()
            for input in 0..<(place == 0 ? layer.inputs : hidden[place - 1]) {
                for output in 0..<width {
                    parameters[layer.weights + input * layer.outputs + output] = Float(
                        generator.nextNormal() * scale)
                }
            }
        }
    }

    deinit { parameters.deallocate() }

    private static let squaresStart: Float = 1e-3

    /// The floats of scratch that so many rows need.
    package func scratchCount(_ rows: Int) -> Int {
        rows * (layers.reduce(0) { $0 + $1.outputs } + 2 * widest)
    }

    /// Computes the logits of rows, and leaves their activations in `scratch`.
    ///
    /// - Parameters:
    ///   - rows: shape `[count, inputs]`.
    ///   - logits: what the wide part has besides; the network's own is added.
    package func forward(
        _ rows: UnsafePointer<Float>, count: Int, scratch: UnsafeMutablePointer<Float>,
        logits: UnsafeMutablePointer<Float>
    ) {
        var (x, y) = (rows, scratch)
        for (place, layer) in layers.enumerated() {
            let isLast = place == layers.count - 1
            sc_dense_forward(
                parameters + layer.weights, x, count, layer.inputs, layer.outputs, !isLast, y)
            guard !isLast else { break }
            x = UnsafePointer(y)
            y += count * layer.outputs
        }
        let outputs = layers.last!.outputs
        for row in 0..<count {
            var sum = parameters[features] + y[row * outputs]
            for k in 0..<features { sum += parameters[k] * rows[row * inputs + k] }
            logits[row] += sum
        }
    }

    /// Adds the gradient of a loss to `gradient`, from what ``forward(_:count:scratch:logits:)``
    /// left.
    ///
    /// - Parameters:
    ///   - slopes: the loss's derivative by each row's logit.
    ///   - gradient: `parameterCount` floats.
    package func backward(
        _ rows: UnsafePointer<Float>, slopes: UnsafePointer<Float>, count: Int,
        scratch: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<count {
            for k in 0..<features { gradient[k] += slopes[row] * rows[row * inputs + k] }
            gradient[features] += slopes[row]
        }
        var activation = scratch + count * layers.dropLast().reduce(0) { $0 + $1.outputs }
        var delta = activation + count * layers.last!.outputs
        var below = delta + count * widest
        delta.update(repeating: 0, count: count * layers.last!.outputs)
        for row in 0..<count { delta[row * layers.last!.outputs] = slopes[row] }
        for place in layers.indices.reversed() {
            let layer = layers[place]
            if place > 0 { activation -= count * layer.inputs }
            let x = place == 0 ? rows : UnsafePointer(activation)
            sc_dense_backward(
                parameters + layer.weights, x, delta, count, layer.inputs, layer.outputs,
                gradient + layer.weights, place > 0 ? below : nil)
            guard place > 0 else { return }
            sc_dense_rectify(x, below, count * layer.inputs)
            swap(&delta, &below)
        }
    }

    /// One step of AdaGrad.
    ///
    /// - Parameter decay: the weight of half the squared norm of the layers' parameters.
    func step(_ gradient: UnsafePointer<Float>, scale: Float, rate: Float, decay: Float) {
        for k in 0..<parameterCount {
            let slope = gradient[k] * scale + (k > features ? decay * parameters[k] : 0)
            squares[k] += slope * slope
            parameters[k] -= rate * slope / squares[k].squareRoot()
        }
    }
}
