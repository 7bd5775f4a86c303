import Foundation
import Interactions
import ModelParts
import Models
import Synchronization
import Testing

/// When training by epochs ends, and what it keeps.
@Suite struct EarlyStoppingTests {
    /// Runs a loop whose epoch k has the k-th figure.
    private func run(
        figures: [Double], start: Double? = nil, patience: Int,
        report: @escaping @Sendable (TrainingProgress) -> Void = { _ in }
    ) throws -> (kept: Int?, epochs: Int) {
        var steps = TrainingSteps(
            model: "test", total: figures.count,
            context: TrainingContext(threads: 1, seed: 0, report: report))
        var done = 0
        let loop = EpochLoop(epochs: figures.count, patience: patience, learningRate: 1)
        let judge = { (done == 0 ? start! : figures[done - 1], { done }) }
        let kept = try loop.run(&steps, judge: judge, judgesStart: start != nil) { _ in
            done += 1
            return 1
        }
        return (kept, done)
    }

    @Test func `training ends after as many epochs without a better figure as patience says`()
        throws
    {
        let figures = [0.1, 0.3, 0.2, 0.3, 0.4, 0.1, 0.2, 0.3, 0.9]
        #expect(try run(figures: figures, patience: 1) == (2, 3))
        #expect(try run(figures: figures, patience: 2) == (2, 4))
        #expect(try run(figures: figures, patience: 3) == (5, 8))
        #expect(try run(figures: figures, patience: 4) == (9, 9))
    }

    @Test func `without patience all epochs are run, and the best is kept`() throws {
        #expect(try run(figures: [0.1, 0.5, 0.2, 0.3], patience: 0) == (2, 4))
    }

    @Test func `the start is kept where no epoch is better`() throws {
        #expect(try run(figures: [0.5, 0.4, 0.9], start: 0.5, patience: 2) == (0, 2))
        #expect(try run(figures: [0.5, 0.6, 0.9], start: 0.5, patience: 2) == (3, 3))
    }

    @Test func `progress reaches its end where training stops early`() throws {
        let reported = Mutex<[Int]>([])
        let outcome = try run(figures: [0.5, 0.4, 0.3, 0.2, 0.1], patience: 1) { progress in
            reported.withLock { $0.append(progress.step) }
            #expect(progress.steps == 5)
        }
        #expect(outcome == (1, 2))
        #expect(reported.withLock { $0 } == [1, 2, 5])
    }

    @Test func `the rate falls in equal steps, or by a share`() throws {
        func rates(_ decay: EpochLoop.Decay) throws -> [Float] {
            var rates: [Float] = []
            var steps = TrainingSteps(
                model: "test", total: 4, context: TrainingContext(threads: 1, seed: 0))
            let loop = EpochLoop(epochs: 4, patience: 0, learningRate: 8, decay: decay)
            let none: Void? = try loop.run(&steps, judge: nil) { rate in
                rates.append(rate)
                return 0
            }
            #expect(none == nil)
            return rates
        }
        #expect(try rates(.linear) == [8, 6, 4, 2])
        #expect(try rates(.geometric(0.5)) == [8, 4, 2, 1])
    }

    @Test func `a loss that is not finite is an error that names the model and its rate`() throws {
        var steps = TrainingSteps(
            model: "test", total: 2, context: TrainingContext(threads: 1, seed: 0))
        let loop = EpochLoop(epochs: 2, patience: 0, learningRate: 3)
        let error = #expect(throws: TrainingError.self) {
            let _: Void? = try loop.run(&steps, judge: nil) { _ in .nan }
        }
        #expect(error?.description.contains("test: the loss is no longer finite") == true)
        #expect(error?.description.contains("3.0") == true)
    }

    @Test func `one item of a tenth of the users is held out, and only that`() throws {
        let data = makeRandomData(users: 400, items: 60, pairs: 6_000, seed: 9)
        var generator = SeededGenerator(seed: 1)
        let heldOut = try #require(HeldOutItems(data.interactions, generator: &generator))
        let (all, rest) = (data.interactions, heldOut.rest)
        var losers = 0
        for user in 0..<400 {
            let (before, after) = (
                Set(all.columns[all.row(user)]), Set(rest.columns[rest.row(user)])
            )
            #expect(after.isSubset(of: before))
            #expect(before.count - after.count <= 1)
            if before != after {
                losers += 1
                #expect(before.count >= 4)
            }
        }
        #expect(losers == 40)
        #expect(all.nonZeroCount - rest.nonZeroCount == 40)
    }

    @Test func `where nobody shares an item nothing is held out`() {
        var generator = SeededGenerator(seed: 1)
        let alone = makeMatrix(
            (0..<300).map { user in (0..<4).map { 4 * user + $0 } }, columns: 1_200)
        #expect(HeldOutItems(alone, generator: &generator) == nil)
    }

    @Test func `lists hold nothing that was taken, though some of it was held out`() throws {
        // Two of a user's items are hers alone, and one of them may be the one held out.
        var rows = (0..<300).map { user in (0..<4).map { Int32(5 * user + 7 * $0) % 40 } }
        for user in 0..<300 { rows[user] += [Int32(40 + 2 * user), Int32(41 + 2 * user)] }
        let matrix = makeMatrix(rows, columns: 640)
        var model = NeuMF()
        model.factors = 16
        model.tower = [32, 16]
        (model.epochs, model.patience, model.listMax) = (2, 1, 640)
        let parts = try model.train(
            on: TrainingData(interactions: matrix, baskets: nil),
            with: TrainingContext(threads: 2, seed: 3))
        let lists = try #require(parts.userLists)
        for user in 0..<300 {
            #expect(Set(lists.items[lists.range(of: user)]).isDisjoint(with: rows[user]))
        }
    }

    @Test func `of too few users nothing is held out`() {
        var generator = SeededGenerator(seed: 1)
        let data = makeRandomData(users: 150, items: 60, pairs: 3_000, seed: 9)
        #expect(HeldOutItems(data.interactions, generator: &generator) == nil)
    }

    @Test func `the figure is the mean NDCG of the held-out items among all others`() throws {
        let data = makeRandomData(users: 300, items: 50, pairs: 4_000, seed: 2)
        var generator = SeededGenerator(seed: 7)
        let heldOut = try #require(HeldOutItems(data.interactions, generator: &generator))
        let (all, rest) = (data.interactions, heldOut.rest)
        func random(_ rows: Int) -> Matrix {
            Matrix(
                rows: rows, columns: 5,
                values: (0..<rows * 5).map { _ in Float(generator.nextNormal()) })
        }
        let embeddings = EmbeddingParts(items: random(50), users: random(300), foldIn: nil)
        let taken = Set(rest.columns)
        var (sum, errors, count) = (0.0, 0.0, 0)
        for user in 0..<300 {
            let after = Set(rest.columns[rest.row(user)])
            for entry in all.row(user) where !after.contains(all.columns[entry]) {
                func score(_ item: Int32) -> Double {
                    zip(embeddings.users![row: user], embeddings.items[row: Int(item)])
                        .reduce(0) { $0 + Double($1.0) * Double($1.1) }
                }
                let item = all.columns[entry]
                let rank = taken.subtracting(after).filter { score($0) >= score(item) }.count
                sum += 1 / log2(Double(rank) + 1)
                errors +=
                    (score(item) - Double(all.values[entry]))
                    * (score(item) - Double(all.values[entry]))
                count += 1
            }
        }
        #expect(count == 30)
        for threads in [1, 3] {
            #expect(abs(heldOut.ndcg(of: embeddings, threads: threads) - sum / 30) < 1e-12)
        }
        #expect(abs(heldOut.squaredError(of: embeddings) - errors / 30) < 1e-5)
        let same = EmbeddingParts(
            items: Matrix(rows: 50, columns: 5), users: Matrix(rows: 300, columns: 5), foldIn: nil)
        #expect(heldOut.ndcg(of: same, threads: 1) < 1 / log2(30.0))
    }

    /// Each with many more epochs than the noise of random data is worth.
    static var models: [any Recommender] {
        var bpr = RecommenderTests.smallBPR
        (bpr.epochs, bpr.patience) = (200, 2)
        var warp = RecommenderTests.smallWARP
        (warp.epochs, warp.patience) = (200, 2)
        var towers = RecommenderTests.smallTwoTower
        (towers.epochs, towers.patience) = (200, 2)
        var neumf = NeuMF()
        neumf.factors = 16
        neumf.tower = [32, 16]
        (neumf.epochs, neumf.patience) = (200, 2)
        var svd = SVDPlusPlus()
        (svd.dimensions, svd.epochs, svd.patience) = (8, 200, 2)
        return [bpr, warp, towers, neumf, svd]
    }

    @Test(arguments: models)
    func `a model that learns nothing more ends early, the same at any thread count`(
        model: any Recommender
    ) throws {
        var data = makeRandomData(users: 300, items: 60, pairs: 5_000, seed: 4)
        if model is SVDPlusPlus {
            var generator = SeededGenerator(seed: 3)
            data.hasRatings = true
            let pairs = data.interactions
            data.interactions = SparseMatrix(
                rows: pairs.rows, columnCount: pairs.columnCount, rowOffsets: pairs.rowOffsets,
                columns: pairs.columns,
                values: pairs.values.map { _ in Float(Int.random(in: 1...5, using: &generator)) })
        }
        let outcomes = try [1, 2].map { threads in
            let reports = Mutex(0)
            let context = TrainingContext(
                threads: threads, seed: 5, report: { _ in reports.withLock { $0 += 1 } })
            let parts = try model.train(on: data, with: context)
            #expect(reports.withLock { $0 } < 200)
            return parts
        }
        #expect(outcomes[0].embeddings?.items == outcomes[1].embeddings?.items)
        #expect(outcomes[0].embeddings?.users == outcomes[1].embeddings?.users)
        #expect(outcomes[0].userLists == outcomes[1].userLists)
    }
}
