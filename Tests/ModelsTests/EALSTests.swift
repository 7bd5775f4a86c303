import Foundation
import Interactions
import ModelParts
import Models
import Synchronization
import Testing

@Suite struct EALSTests {
    let data = makeRandomData(users: 120, items: 80, pairs: 1_500, seed: 61)

    private func train(_ change: (inout EALS) -> Void = { _ in }) throws -> (
        model: EALS, embeddings: EmbeddingParts, losses: [Double]
    ) {
        var model = EALS()
        model.dimensions = 19
        model.epochs = 6
        model.unobservedWeight = 20
        model.regularization = 0.3
        change(&model)
        let losses = Mutex<[Double]>([])
        let context = TrainingContext(threads: 2, seed: 5) { step in
            losses.withLock { $0.append(step.loss ?? .nan) }
        }
        let parts = try model.fit(on: data, with: context)
        return (model, try #require(parts.embeddings), losses.withLock { $0 })
    }

    @Test(arguments: [-0.5, 0, 0.4, 1] as [Float])
    func `the reported loss is the objective, and never rises`(exponent: Float) throws {
        let (model, embeddings, losses) = try train { $0.popularityExponent = exponent }
        #expect(losses.count == 6)
        for (before, after) in zip(losses, losses.dropFirst()) {
            #expect(after <= before * (1 + 1e-6))
        }
        let expected = plainLoss(embeddings, model, pairs: pairs())
        #expect(abs(try #require(losses.last) - expected) < 1e-5 * expected)
    }

    @Test func `one user and one item have a score that can be worked out by hand`() throws {
        // (pq - 1)^2 + lambda (p^2 + q^2) is least at p = q with p^2 = 1 - lambda.
        var model = EALS()
        model.dimensions = 1
        model.epochs = 200
        model.unobservedWeight = 1
        model.regularization = 0.3
        let parts = try model.fit(
            on: TrainingData(interactions: makeMatrix([[0]], columns: 1), baskets: nil),
            with: TrainingContext(threads: 1, seed: 1))
        #expect(abs(score(try #require(parts.embeddings), 0, 0) - 0.7) < 1e-5)
    }

    @Test
    func `an update lowers the objective of the new data and touches its user and item alone`()
        throws
    {
        let (model, embeddings, _) = try train()
        let updater = EALSUpdater(
            model: model, embeddings: embeddings, histories: data.interactions, newWeight: 1,
            turns: 3)
        var pairs = pairs()
        var before = embeddings
        for user in [3, 40, 90, 17, 3] {
            let item = try #require(
                (0..<80).last { !pairs.contains(Pair(user: user, item: $0)) })
            pairs.insert(Pair(user: user, item: item))
            let loss = plainLoss(before, model, pairs: pairs)
            updater.record(user: user, item: item)
            let after = updater.embeddings
            // Sums that did not follow would let the objective rise sooner or later.
            #expect(plainLoss(after, model, pairs: pairs) <= loss * (1 + 1e-6))
            #expect(score(after, user, item) > score(before, user, item))
            #expect(changedRows(before.items, after.items) == [item])
            #expect(changedRows(try #require(before.users), try #require(after.users)) == [user])
            before = after
        }
    }

    @Test func `users and items without an event have the zero vector`() throws {
        let matrix = makeMatrix([[0], [], [2]], columns: 3)
        var model = EALS()
        model.regularization = 0.01
        let parts = try model.train(
            on: TrainingData(interactions: matrix, baskets: nil),
            with: TrainingContext(threads: 1, seed: 1))
        let embeddings = try #require(parts.embeddings)
        #expect(embeddings.items[row: 1].allSatisfy { $0 == 0 })
        #expect(try #require(embeddings.users)[row: 1].allSatisfy { $0 == 0 })
        #expect(embeddings.items[row: 0].contains { $0 != 0 })
    }

    @Test func `settings out of range are refused by name`() throws {
        let changes: [(String, @Sendable (inout EALS) -> Void)] = [
            ("dimensions", { $0.dimensions = 0 }), ("epochs", { $0.epochs = 0 }),
            ("regularization", { $0.regularization = 0 }),
            ("unobserved_weight", { $0.unobservedWeight = .nan }),
            ("popularity_exponent", { $0.popularityExponent = 1.1 }),
            ("initial_deviation", { $0.initialDeviation = .infinity }),
        ]
        for (name, change) in changes {
            let error = #expect(throws: TrainingError.self) { try train(change) }
            #expect(try #require(error).description.hasPrefix("eals: \(name) must"))
        }
    }

    private struct Pair: Hashable {
        var user: Int
        var item: Int
    }

    private func pairs() -> Set<Pair> {
        var pairs: Set<Pair> = []
        for user in 0..<data.interactions.rows {
            for entry in data.interactions.row(user) {
                pairs.insert(Pair(user: user, item: Int(data.interactions.columns[entry])))
            }
        }
        return pairs
    }

    private func score(_ embeddings: EmbeddingParts, _ user: Int, _ item: Int) -> Double {
        zip(embeddings.users?[row: user] ?? [], embeddings.items[row: item])
            .reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }

    private func changedRows(_ before: Matrix, _ after: Matrix) -> Set<Int> {
        Set((0..<before.rows).filter { Array(before[row: $0]) != Array(after[row: $0]) })
    }

    /// The objective as the docs state it, pair by pair; the weights are those of the data trained
    /// on.
    private func plainLoss(_ embeddings: EmbeddingParts, _ model: EALS, pairs: Set<Pair>) -> Double
    {
        let counts = (0..<data.interactions.columnCount).map { item in
            data.interactions.columns.count { $0 == Int32(item) }
        }
        let powers = counts.map { count -> Double in
            guard count > 0 else { return 0 }
            return pow(Double(count), Double(model.popularityExponent))
        }
        let sum = powers.reduce(0, +)
        var loss = 0.0
        for user in 0..<data.interactions.rows {
            for item in counts.indices {
                let value = score(embeddings, user, item)
                if pairs.contains(Pair(user: user, item: item)) {
                    loss += (value - 1) * (value - 1)
                } else {
                    loss += Double(model.unobservedWeight) * powers[item] / sum * value * value
                }
            }
        }
        let norm = (embeddings.items.values + (embeddings.users?.values ?? []))
            .reduce(0.0) { $0 + Double($1) * Double($1) }
        return loss + Double(model.regularization) * norm
    }
}
