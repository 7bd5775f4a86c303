import Interactions
import ModelParts
import Models
import Synchronization
import Testing

@Suite struct IALSTests {
    let data = makeRandomData(users: 150, items: 100, pairs: 2_000, seed: 41)

    /// A model, its parts, and the losses that it reported.
    private func train(_ change: (inout IALS) -> Void = { _ in }) throws -> (
        model: IALS, parts: ModelParts, losses: [Double]
    ) {
        var model = IALS()
        model.dimensions = 24
        model.epochs = 8
        model.foldIn.unobservedWeight = 0.3
        change(&model)
        let losses = Mutex<[Double]>([])
        let context = TrainingContext(threads: 2, seed: 5) { step in
            losses.withLock { $0.append(step.loss ?? .nan) }
        }
        let parts = try model.fit(on: data, with: context)
        return (model, parts, losses.withLock { $0 })
    }

    @Test func `folding in a training user gives her trained vector, bit for bit`() throws {
        let embeddings = try #require(try train().parts.embeddings)
        let users = try #require(embeddings.users)
        let solver = FoldInSolver(
            items: embeddings.items, parameters: try #require(embeddings.foldIn))
        let scratch = FoldInScratch(dimensions: embeddings.items.columns)
        for user in 0..<users.rows {
            let history = data.interactions.columns[data.interactions.row(user)]
            let vector = solver.vector(history: history, items: embeddings.items, scratch: scratch)
            #expect(vector == Array(users[row: user]), "user \(user)")
        }
    }

    @Test(arguments: [1, 0.5, 0] as [Float])
    func `the reported loss is the objective, and never rises`(exponent: Float) throws {
        let (model, parts, losses) = try train { $0.foldIn.regularizationExponent = exponent }
        #expect(losses.count == 8)
        for (before, after) in zip(losses, losses.dropFirst()) {
            #expect(after <= before * (1 + 1e-6))
        }
        let expected = plainLoss(try #require(parts.embeddings), model.foldIn)
        #expect(abs(try #require(losses.last) - expected) < 1e-5 * expected)
    }

    @Test(arguments: [16, 32] as [Int])
    func `by blocks the loss is the objective, never rises, and ends where whole systems end`(
        block: Int
    ) throws {
        let dimensions = 40
        let (model, parts, losses) = try train {
            $0.dimensions = dimensions
            $0.block = block
            $0.epochs = 30
        }
        for (before, after) in zip(losses, losses.dropFirst()) {
            #expect(after <= before * (1 + 1e-6))
        }
        let expected = plainLoss(try #require(parts.embeddings), model.foldIn)
        let last = try #require(losses.last)
        #expect(abs(last - expected) < 1e-5 * expected)
        let whole = try train {
            $0.dimensions = dimensions
            $0.epochs = 30
        }
        #expect(abs(last - (try #require(whole.losses.last))) < 0.01 * last)
    }

    @Test func `a block as large as the system is the system`() throws {
        let whole = try train().losses
        let block = try train { $0.block = 32 }.losses
        #expect(whole == block)
    }

    @Test func `another seed gives another model of nearly the same loss`() throws {
        let (model, parts, losses) = try train()
        let other = try model.train(on: data, with: TrainingContext(threads: 2, seed: 6))
        #expect(bits(other) != bits(parts))
        let loss = plainLoss(try #require(other.embeddings), model.foldIn)
        #expect(abs(loss - losses[7]) < 0.05 * losses[7])
    }

    @Test func `users and items without an event have the zero vector`() throws {
        let matrix = makeMatrix([[0], [], [2]], columns: 3)
        let parts = try IALS().train(
            on: TrainingData(interactions: matrix, baskets: nil),
            with: TrainingContext(threads: 1, seed: 1))
        let embeddings = try #require(parts.embeddings)
        #expect(embeddings.items[row: 1].allSatisfy { $0 == 0 })
        #expect(try #require(embeddings.users)[row: 1].allSatisfy { $0 == 0 })
        #expect(embeddings.items[row: 0].contains { $0 != 0 })
    }

    @Test func `left at 0, the weight of the unobserved follows how much was observed`() throws {
        let found = try #require(
            try train { $0.foldIn.unobservedWeight = 0 }.parts.embeddings?.foldIn)
        let pairs = data.interactions.rows * data.interactions.columnCount
        let share = Double(data.interactions.nonZeroCount) / Double(pairs)
        #expect(abs(Double(found.unobservedWeight) - 6.75 * share) < 1e-6)
        let given = try train { $0.foldIn.unobservedWeight = 0.125 }
        #expect(given.parts.embeddings?.foldIn?.unobservedWeight == 0.125)
    }

    @Test func `settings out of range are refused by name`() throws {
        let changes: [(String, @Sendable (inout IALS) -> Void)] = [
            ("dimensions", { $0.dimensions = 0 }), ("dimensions", { $0.dimensions = 1025 }),
            ("epochs", { $0.epochs = 0 }),
            ("regularization", { $0.foldIn.regularization = 0 }),
            ("unobserved_weight", { $0.foldIn.unobservedWeight = .nan }),
            ("regularization_exponent", { $0.foldIn.regularizationExponent = 1.1 }),
            ("initial_deviation", { $0.initialDeviation = .infinity }),
        ]
        for (name, change) in changes {
            let error = #expect(throws: TrainingError.self) { try train(change) }
            #expect(try #require(error).description.hasPrefix("ials: \(name) must"))
        }
    }

    @Test func `a lambda that single precision cannot carry is an error, not a model`() throws {
        let error = #expect(throws: TrainingError.self) {
            try train {
                $0.foldIn.regularization = 1e-30
                $0.foldIn.unobservedWeight = 1e-30
            }
        }
        #expect(try #require(error).description.contains("positive definite"))
    }

    /// The objective as the docs state it, pair by pair.
    private func plainLoss(_ embeddings: EmbeddingParts, _ parameters: FoldInParameters) -> Double {
        guard let users = embeddings.users else { return .nan }
        func power(_ base: Double) -> Double {
            switch parameters.regularizationExponent {
            case 0: 1
            case 1: base
            default: base.squareRoot()  // nu = 1/2
            }
        }
        func norm(_ row: ArraySlice<Float>) -> Double { row.reduce(0) { $0 + Double($1 * $1) } }
        let (alpha, lambda) = (
            Double(parameters.unobservedWeight), Double(parameters.regularization)
        )
        let (userCount, itemCount) = (Double(users.rows), Double(embeddings.items.rows))
        var loss = 0.0
        for user in 0..<users.rows {
            let history = Set(data.interactions.columns[data.interactions.row(user)])
            for item in 0..<embeddings.items.rows {
                let score = zip(users[row: user], embeddings.items[row: item])
                    .reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                loss += alpha * score * score
                if history.contains(Int32(item)) { loss += (score - 1) * (score - 1) }
            }
            let weight = power(Double(history.count) + alpha * itemCount)
            loss += lambda * weight * norm(users[row: user])
        }
        let audiences = data.interactions.transposed()
        for item in 0..<embeddings.items.rows {
            let weight = power(Double(audiences.row(item).count) + alpha * userCount)
            loss += lambda * weight * norm(embeddings.items[row: item])
        }
        return loss
    }
}
