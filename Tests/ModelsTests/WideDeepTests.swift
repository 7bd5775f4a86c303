import Evaluation
import Foundation
import Interactions
import ModelParts
import Models
import ReferenceScorer
import Testing

@Suite struct WideDeepTests {
    @Test func `the gradient is the slope of the loss`() throws {
        try DenseAlgebra.require(for: "this test")
        var generator = SeededGenerator(seed: 5)
        let (features, inputs, count) = (3, 11, 37)
        let network = WideDeepNetwork(
            features: features, inputs: inputs, hidden: [20, 7], generator: &generator)
        // The last layer starts at zero, where nothing below it has a slope.
        for k in 0..<network.parameterCount {
            network.parameters[k] += Float(generator.nextNormal() * 0.1)
        }
        let rows = (0..<count * inputs).map { _ in Float(generator.nextNormal()) }
        let labels = (0..<count).map { _ in Float(generator.next() >> 63) }
        var scratch = Array(repeating: Float(0), count: network.scratchCount(count))
        func logits() -> [Float] {
            var logits = Array(repeating: Float(0.25), count: count)
            network.forward(rows, count: count, scratch: &scratch, logits: &logits)
            return logits
        }
        func loss() -> Double {
            zip(logits(), labels).reduce(0) {
                $0 + log1p(exp(Double($1.0))) - Double($1.0) * Double($1.1)
            }
        }
        let slopes = zip(logits(), labels).map { 1 / (1 + exp(-$0)) - $1 }
        var gradient = Array(repeating: Float(0), count: network.parameterCount)
        network.backward(
            rows, slopes: slopes, count: count, scratch: &scratch, gradient: &gradient)
        for k in 0..<network.parameterCount {
            let (kept, step) = (network.parameters[k], Float(2e-3))
            network.parameters[k] = kept + step
            let above = loss()
            network.parameters[k] = kept - step
            let slope = (above - loss()) / Double(2 * step)
            network.parameters[k] = kept
            // A step may pass the kink of a rectified unit.
            #expect(abs(slope - Double(gradient[k])) < 0.06 + 0.02 * abs(slope), "\(k)")
        }
    }

    @Test func `a setting of the first stage that cannot be is refused`() {
        var model = RecommenderTests.smallWideDeep
        model.factors.epochs = -100
        let error = #expect(throws: TrainingError.self) {
            try model.train(
                on: makeRandomData(users: 50, items: 40, pairs: 500, seed: 3),
                with: TrainingContext(threads: 1, seed: 4))
        }
        #expect(error?.description.contains("epochs must be at least 1, not -100") == true)
    }

    @Test func `without an epoch the order is that of the first stage`() throws {
        let data = makeRandomData(users: 120, items: 80, pairs: 2_000, seed: 3)
        var model = RecommenderTests.smallWideDeep
        model.epochs = 0
        let context = TrainingContext(threads: 2, seed: 4)
        let first = PartsScorer(
            parts: try model.factors.fit(on: data, with: context), histories: data.interactions)
        let whole = PartsScorer(
            parts: try model.fit(on: data, with: context), histories: data.interactions)
        let items = Array(0..<Int32(80))
        for user in 0..<120 {
            let one = first.scores(user: user, candidates: items)
            let other = whole.scores(user: user, candidates: items)
            let order = items.sorted { one[Int($0)] > one[Int($1)] }
            for (a, b) in zip(order, order.dropFirst()) {
                #expect(other[Int(a)] > other[Int(b)] - 1e-4)
            }
        }
    }

    @Test func `vectors in other coordinates are turned back, and products stay`() {
        var generator = SeededGenerator(seed: 6)
        func random(_ rows: Int) -> Matrix {
            Matrix(
                rows: rows, columns: 5,
                values: (0..<5 * rows).map { _ in Float(generator.nextNormal()) })
        }
        /// Two axes by an angle, two swapped, and one reflected.
        func turn(_ matrix: Matrix) -> Matrix {
            let values = (0..<matrix.rows).flatMap { row in
                let v = Array(matrix[row: row])
                return [0.6 * v[0] - 0.8 * v[1], 0.8 * v[0] + 0.6 * v[1], v[3], v[2], -v[4]]
            }
            return Matrix(rows: matrix.rows, columns: 5, values: values)
        }
        let (items, users) = (random(40), random(30))
        let other = EmbeddingParts(items: turn(items), users: turn(users), foldIn: nil)
        let back = other.turned(towards: items)
        #expect(zip(back.items.values, items.values).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(zip(back.users!.values, users.values).allSatisfy { abs($0 - $1) < 1e-5 })
        // Of vectors that span less than the space, any turn of the rest would do.
        let flat = EmbeddingParts(
            items: Matrix(rows: 40, columns: 5), users: nil, foldIn: nil)
        #expect(flat.turned(towards: items).items == flat.items)
    }

    @Test func `what co-occurs beyond what factors see is learned from held-out items`() throws {
        // Pairs 2 n and 2 n + 1 go together, and nothing else does.
        var generator = SeededGenerator(seed: 9)
        var rows: [[Int32]] = []
        for _ in 0..<800 {
            let pairs = (0..<100).shuffled(using: &generator).prefix(4)
            rows.append(pairs.flatMap { [Int32(2 * $0), Int32(2 * $0 + 1)] }.sorted())
        }
        let full = makeMatrix(rows, columns: 200)
        let asked = makeMatrix(rows.map { Array($0.dropLast()) }, columns: 200)
        var model = WideDeep()
        model.factors.dimensions = 8
        model.factors.epochs = 4
        let data = TrainingData(interactions: asked, baskets: nil)
        let context = TrainingContext(threads: 2, seed: 2)
        let parts = try model.train(on: data, with: context)
        let ranker = try #require(parts.ranker)
        #expect(ranker.usesVectors && ranker.layers.count == 3)
        #expect(parts.itemWeights?.items.isEmpty == false)
        func hits(_ parts: ModelParts) -> Int {
            let scorer = PartsScorer(parts: parts, histories: asked)
            return (0..<800).count { user in
                let taken = Set(asked.columns[asked.row(user)])
                let others = (0..<Int32(200)).filter { !taken.contains($0) }
                let scores = scorer.scores(user: user, candidates: others)
                let best = others[scores.indices.max { scores[$0] < scores[$1] }!]
                return full.columns[full.row(user)].contains(best)
            }
        }
        let first = hits(try model.factors.train(on: data, with: context))
        #expect(hits(parts) > 500, "\(hits(parts)), \(first) by the first stage alone")
        #expect(hits(parts) > first)
    }

    @Test func `settings out of range are refused by name`() {
        func check(_ name: String, _ change: (inout WideDeep) -> Void) {
            var model = WideDeep()
            change(&model)
            let error = #expect(throws: TrainingError.self) {
                try model.train(
                    on: makeCheckerboard(size: 4), with: TrainingContext(threads: 1, seed: 1))
            }
            #expect(error?.description.contains(name) == true)
        }
        check("held_out_share") { $0.heldOutShare = 1 }
        check("hidden") { $0.hidden = [] }
        check("epochs") { $0.epochs = -1 }
        check("negatives") { $0.negatives = 0 }
        check("learning_rate") { $0.learningRate = .infinity }
        check("cross_rate") { $0.crossRate = 0 }
        check("cross_l1") { $0.crossL1 = -1 }
        check("cross_l2") { $0.crossL2 = .nan }
        check("regularization") { $0.regularization = -1 }
        check("dimensions") { $0.factors.dimensions = 0 }
    }
}
