import Evaluation
import Interactions
import Models
import ReferenceScorer
import Synchronization
import Testing

/// What every algorithm owes, run for each of them.
@Suite struct RecommenderTests {
    static let all: [any Recommender] = personal + [Popularity(), PersonalFrequency()]

    /// Those that tell one user from another.
    static let personal: [any Recommender] = [
        smallIALS, blockIALS, CoPurchase(), ItemKNN(), UserKNN(), EASE(), SLIM(), fewNeighbors,
        UPCF(), Content(), Association(), smallBPR, smallWARP, smallEALS, smallWideDeep,
        smallTwoTower, smallGraphFilter,
    ]

    static var smallIALS: IALS {
        var model = IALS()
        model.dimensions = 20
        model.epochs = 5
        return model
    }

    static var blockIALS: IALS {
        var model = smallIALS
        model.block = 16
        return model
    }

    /// Everybody would be a neighbor of everybody among so few users.
    static var fewNeighbors: TIFUKNN {
        var model = TIFUKNN()
        model.neighborsMax = 10
        return model
    }

    static var smallGraphFilter: GraphFilter {
        var model = GraphFilter()
        model.dimensions = 2
        return model
    }

    static var smallBPR: BPR {
        var model = BPR()
        model.dimensions = 6
        return model
    }

    static var smallWARP: WARP {
        var model = WARP()
        model.dimensions = 6
        model.regularization = 0.005
        return model
    }

    static var smallEALS: EALS {
        var model = EALS()
        model.dimensions = 20
        model.unobservedWeight = 20
        model.regularization = 0.01
        return model
    }

    static var smallWideDeep: WideDeep {
        var model = WideDeep()
        model.factors = smallIALS
        model.hidden = [16, 8]
        model.epochs = 3
        model.heldOutShare = 0.3
        return model
    }

    static var smallTwoTower: TwoTower {
        var model = TwoTower()
        model.dimensions = 16
        model.hidden = 16
        model.batch = 100
        model.epochs = 5
        return model
    }

    @Test(arguments: personal)
    func `the held-out diagonal of a checkerboard returns`(model: any Recommender) throws {
        let data = makeCheckerboard(size: 50)
        let parts = try model.train(on: data, with: TrainingContext(threads: 2, seed: 1))
        let scorer = PartsScorer(parts: parts, histories: data.interactions)
        for user in 0..<50 {
            let history = Set(data.interactions.columns[data.interactions.row(user)])
            let unseen = (0..<Int32(50)).filter { !history.contains($0) }
            let scores = scorer.scores(user: user, candidates: unseen)
            let best = scores.indices.max { scores[$0] < scores[$1] }
            #expect(best.map { unseen[$0] } == Int32(user))
        }
    }

    @Test(arguments: all)
    func `the bytes do not depend on the number of threads`(model: any Recommender) throws {
        // More items than one block of the Gramian, and rows longer than one packed panel.
        let data = makeRandomData(users: 600, items: 600, pairs: 15_000, seed: 31)
        let reference = bits(try model.train(on: data, with: TrainingContext(threads: 1, seed: 7)))
        for threads in [2, 3, 8] {
            let parts = try model.train(on: data, with: TrainingContext(threads: threads, seed: 7))
            #expect(bits(parts) == reference, "\(threads) threads")
        }
    }

    @Test(arguments: all)
    func `steps are reported one by one up to the last`(model: any Recommender) throws {
        let steps = Mutex<[TrainingProgress]>([])
        let context = TrainingContext(threads: 2, seed: 1) { step in
            steps.withLock { $0.append(step) }
        }
        _ = try model.train(on: makeCheckerboard(size: 20), with: context)
        let reported = steps.withLock { $0 }
        let count = try #require(reported.first).steps
        #expect(reported.map(\.step) == Array(1...count))
        #expect(reported.allSatisfy { $0.steps == count && $0.model == type(of: model).name })
    }

    @Test(arguments: all)
    func `popularity counts users or baskets, whichever are more`(model: any Recommender) throws {
        let users = makeMatrix([[0], [0], [2]], columns: 3)
        let baskets = makeMatrix([[0], [2], [2]], columns: 3)
        var data = TrainingData(interactions: users, baskets: baskets)
        data.orders = OrderHistories(offsets: [0, 1, 2, 3], baskets: baskets)
        var catalog = Catalog()
        for item in 0..<2 { catalog.update(item: item, attributes: ["color=blue"]) }
        data.catalog = catalog
        let parts = try model.train(on: data, with: TrainingContext(threads: 1, seed: 1))
        #expect(parts.popularity == [2, 0, 2])
    }

    @Test(arguments: all)
    func `data without a single event is refused`(model: any Recommender) {
        let empty = SparseMatrix(rows: 0, columnCount: 5, entries: [])
        #expect(throws: TrainingError.self) {
            try model.train(
                on: TrainingData(interactions: empty, baskets: nil),
                with: TrainingContext(threads: 1, seed: 1))
        }
    }

    @Test(arguments: personal)
    func `training that is cancelled ends with an error`(model: any Recommender) {
        let steps = Mutex(0)
        let context = TrainingContext(
            threads: 1, seed: 1, report: { _ in steps.withLock { $0 += 1 } },
            isCancelled: { steps.withLock { $0 == 2 } })
        #expect(throws: TrainingError.self) {
            try model.train(on: makeCheckerboard(size: 20), with: context)
        }
        #expect(steps.withLock { $0 } == 2)
    }
}
