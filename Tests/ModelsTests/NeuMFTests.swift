import CKernels
import Foundation
import Interactions
import Models
import Synchronization
import Testing

@Suite struct NeuMFTests {
    private var small: NeuMF {
        var model = NeuMF()
        model.factors = 16
        model.tower = [32, 16]
        model.epochs = 15
        return model
    }

    @Test func `the held-out diagonal of a checkerboard returns first`() throws {
        let data = makeCheckerboard(size: 50)
        let parts = try small.train(on: data, with: TrainingContext(threads: 2, seed: 1))
        let lists = try #require(parts.userLists)
        for user in 0..<50 {
            #expect(lists.items[lists.range(of: user)].first == Int32(user))
        }
    }

    @Test
    func `lists are the best of the items that were not taken, with the network's probabilities`()
        throws
    {
        let data = makeRandomData(users: 40, items: 60, pairs: 600, seed: 91)
        var model = small
        model.listMax = 7
        let context = TrainingContext(threads: 2, seed: 1)
        let lists = try #require(try model.train(on: data, with: context).userLists)
        let network = try model.network(on: data, with: context)
        let taken = Set(data.interactions.columns)
        for user in 0..<40 {
            let own = Set(data.interactions.columns[data.interactions.row(user)])
            let open = (0..<Int32(60)).filter { taken.contains($0) && !own.contains($0) }
            let scores = network.scores(user: user, candidates: open)
            let best = zip(open, scores).sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(7)
            let range = lists.range(of: user)
            #expect(Array(lists.items[range]) == best.map(\.0), "user \(user)")
            #expect(
                zip(lists.scores[range], best).allSatisfy { abs($0 - 1 / (1 + exp(-$1.1))) < 1e-5 })
        }
    }

    @Test func `the bytes do not depend on the number of threads`() throws {
        let data = makeRandomData(users: 200, items: 120, pairs: 9_000, seed: 92)
        var model = small
        model.epochs = 2
        model.listMax = 120
        let reference = try model.train(on: data, with: TrainingContext(threads: 1, seed: 7))
        for threads in [1, 2, 3, 8] {
            let parts = try model.train(on: data, with: TrainingContext(threads: threads, seed: 7))
            #expect(parts.userLists == reference.userLists, "\(threads) threads")
        }
    }

    @Test func `no data and settings out of range are refused, and training can be cancelled`()
        throws
    {
        let changes: [(String, @Sendable (inout NeuMF) -> Void)] = [
            ("factors must", { $0.factors = 20 }), ("tower must", { $0.tower = [64] }),
            ("tower must", { $0.tower = [48, 16] }), ("epochs must", { $0.epochs = 0 }),
            ("negatives must", { $0.negatives = 0 }), ("list_max must", { $0.listMax = 0 }),
            ("learning_rate must", { $0.learningRate = .nan }),
            ("regularization must", { $0.regularization = -1 }), ("no event", { _ in }),
            ("training was cancelled", { _ in }),
        ]
        for (rule, change) in changes {
            var model = small
            change(&model)
            let data =
                rule == "no event"
                ? TrainingData(interactions: makeMatrix([[]], columns: 2), baskets: nil)
                : makeCheckerboard(size: 8)
            let steps = Mutex(0)
            let context = TrainingContext(
                threads: 1, seed: 1, report: { _ in steps.withLock { $0 += 1 } },
                isCancelled: { steps.withLock { $0 == 2 } })
            let error = #expect(throws: TrainingError.self) {
                try model.train(on: data, with: context)
            }
            #expect(try #require(error).description.hasPrefix("neumf: \(rule)"))
        }
    }

    @Test func `slopes are those of the cross-entropy, by central differences`() throws {
        try DenseAlgebra.require(for: "this test")
        let probe = Probe(seed: 93)
        let slopes = probe.slopes()
        #expect(abs(slopes.loss - probe.loss()) < 1e-4)
        var generator = SeededGenerator(seed: 94)
        for _ in 0..<60 {
            let place = Int.random(in: 0..<probe.dense.count, using: &generator)
            let expected = probe.difference { $0.dense[place] += $1 }
            #expect(abs(Double(slopes.dense[place]) - expected) < 5e-3, "dense \(place)")
            let column = Int.random(in: 0..<32, using: &generator)
            // Each of the three samples has a user and an item of its own.
            let row = Int.random(in: 0..<3, using: &generator)
            let byUser = probe.difference { $0.users[row * 32 + column] += $1 }
            #expect(abs(Double(slopes.users[row * 32 + column]) - byUser) < 5e-3, "user \(column)")
            let byItem = probe.difference { $0.items[row * 32 + column] += $1 }
            #expect(abs(Double(slopes.items[row * 32 + column]) - byItem) < 5e-3, "item \(column)")
        }
    }
}

/// Three samples of a network with 16 factors and the tower 32, 16, 16.
private struct Probe {
    var users: [Float]
    var items: [Float]
    var dense: [Float]
    let labels: [Float] = [1, 0, 1]

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func normals(_ count: Int) -> [Float] {
            (0..<count).map { _ in Float(generator.nextNormal() / 3) }
        }
        users = normals(3 * 32)
        items = normals(3 * 32)
        dense = normals(33 * 16 + 17 * 16 + 33)
    }

    func slopes() -> (loss: Double, dense: [Float], users: [Float], items: [Float]) {
        var (byDense, byUser, byItem) = (
            dense.map { _ in Float(0) }, users.map { _ in Float(0) }, items.map { _ in Float(0) }
        )
        let loss = users.withUnsafeBufferPointer { users in
            items.withUnsafeBufferPointer { items in
                dense.withUnsafeBufferPointer { dense in
                    var model = sc_neumf(
                        users: users.baseAddress!, items: items.baseAddress!, factors: 16,
                        inputs: 16, layers: 2, widths: (16, 16, 0, 0), dense: dense.baseAddress!)
                    precondition(sc_neumf_dense_count(&model) == dense.count)
                    var scratch = Array(
                        repeating: Float(0), count: sc_neumf_scratch_count(&model, 3))
                    var logits: [Float] = [0, 0, 0]
                    let ids: [Int32] = [0, 1, 2]
                    sc_neumf_forward(&model, ids, ids, 3, &scratch, &logits)
                    return sc_neumf_backward(
                        &model, ids, ids, labels, logits, 3, &scratch, &byDense, &byUser, &byItem)
                }
            }
        }
        return (loss, byDense, byUser, byItem)
    }

    /// The same forward pass by the book.
    func loss() -> Double {
        (0..<3).reduce(0.0) { sum, k in
            let user = users[k * 32..<k * 32 + 32].map { Double($0) }
            let item = items[k * 32..<k * 32 + 32].map { Double($0) }
            var x = Array(user[16...]) + Array(item[16...])
            var place = 0
            for out in [16, 16] {
                x = (0..<out).map { column in
                    let bias = Double(dense[place + x.count * out + column])
                    let sum = x.indices.reduce(bias) {
                        $0 + x[$1] * Double(dense[place + $1 * out + column])
                    }
                    return max(0, sum)
                }
                place += (place == 0 ? 33 : 17) * out
            }
            let top = zip(user, item).prefix(16).map { $0 * $1 } + x
            let logit = top.indices.reduce(Double(dense[place + 32])) {
                $0 + top[$1] * Double(dense[place + $1])
            }
            return sum + log(1 + exp(labels[k] == 1 ? -logit : logit))
        }
    }

    func difference(_ move: (inout Probe, Float) -> Void) -> Double {
        let step: Float = 1e-3
        var (up, down) = (self, self)
        move(&up, step)
        move(&down, -step)
        return (up.loss() - down.loss()) / Double(2 * step)
    }
}
