import Evaluation
import Interactions
import Models
import Testing

@Suite struct BasketCompletionTests {
    private func rows(_ matrix: SparseMatrix) -> [[Int32]] {
        (0..<matrix.rows).map { Array(matrix.columns[matrix.row($0)]) }
    }

    /// A basket a line, one time unit after the other, each of a user.
    private func makeShop(
        _ baskets: [[Int32]], users: [Int32]? = nil, time: (Int) -> Int64 = { Int64($0) }
    ) -> Dataset {
        let events = baskets.enumerated().flatMap { basket, items in
            items.map {
                (
                    user: users?[basket] ?? 0, item: $0, time: time(basket),
                    basket: Int32(basket)
                )
            }
        }
        return makeDataset(users: 3, items: 6, baskets: baskets.count, events)
    }

    @Test func `one frequent item of each later basket is hidden, and all others are its context`()
        throws
    {
        // Items 0, 1, 2 are frequent, 3 is in one training basket, 4 and 5 in none.
        let shop = makeShop(
            Array(repeating: [0, 1, 2], count: 7) + [[0, 3]] + [[0, 3, 4], [3, 4]])
        let plan = try EventSplits(dataset: shop).makeBasketPlan()
        let split = plan.splits[0]
        let task = split.tasks[0]
        #expect(split.training.baskets?.rows == 8)
        // The last basket has nothing that can be hidden.
        #expect(task.count == 1 && task.context == .basket && task.excludesContext)
        #expect(rows(task.relevant) == [[0]])
        // The rare item is context; the one that the training part does not know cannot be.
        #expect(rows(task.contexts) == [[3]])
        #expect(task.unrankable == [4, 5])
        let inner = try split.makeValidation()
        #expect(inner.training.baskets?.rows == 6)
        #expect(inner.tasks[0].count == 2)
    }

    @Test func `users whom the training part does not know are nobody, and are judged apart`()
        throws
    {
        let shop = makeShop(
            Array(repeating: [0, 1], count: 16) + Array(repeating: [0, 1], count: 4),
            users: Array(repeating: 0, count: 16) + [0, 1, -1, 2])
        let plan = try EventSplits(dataset: shop).makeBasketPlan()
        let task = plan.splits[0].tasks[0]
        #expect(task.users == [0, -1, -1, -1])
        let scorer = try BatchScorer(
            parts: makeParts(scores: [2, 1, 0, 0, 0, 0]), task: task, threads: 1)
        let judgement = Judgement(of: scorer, at: [1])
        let measure = Measure(.hitRate, at: 1)
        #expect(judgement.figures(measure, userIsKnown: true).count == 1)
        #expect(judgement.figures(measure, userIsKnown: false).count == 3)
        // Each basket is {0, 1}, of which one is left to be ranked, and nothing beats it.
        #expect(judgement.mean(measure, userIsKnown: false) == 1)
    }

    @Test func `each item of a basket can be hidden in turn, and then its figures are the means`()
        throws
    {
        let shop = makeShop(
            Array(repeating: [0, 1, 2], count: 7) + [[0, 3]] + [[0, 1, 2], [0, 3, 4]])
        func plan(_ queriesMax: Int?) throws -> EvaluationPlan {
            try EventSplits(dataset: shop).makeBasketPlan(
                BasketCompletion(hiding: .each, queriesMax: queriesMax))
        }
        let task = try plan(nil).splits[0].tasks[0]
        #expect(rows(task.relevant) == [[0], [1], [2], [0]])
        #expect(rows(task.contexts) == [[1, 2], [0, 2], [0, 1], [3]])
        #expect(task.groups == [0, 0, 0, 1] && task.judgedCount == 2)
        let scorer = try BatchScorer(
            parts: makeParts(scores: [5, 0, 4, 1, 0, 0]), task: task, threads: 1)
        let judgement = Judgement(of: scorer, at: [1])
        // Item 3 beats item 1 alone; of the second basket all beat it.
        #expect(judgement.figures(Measure(.hitRate, at: 1)) == [2 / 3, 1])
        #expect(judgement.queryCount == 2 && judgement.userIsKnown.count == 2)
        // What is at most asked about are baskets.
        let fewer = try plan(1).splits[0].tasks[0]
        #expect(fewer.count == 3 && fewer.groups == [0, 0, 0])
        #expect(try plan(1).summary.contains(" 1 of the 2 baskets"))
    }

    @Test func `no more baskets are asked about than is allowed`() throws {
        let shop = makeShop(Array(repeating: [0, 1], count: 100))
        for (max, expected) in [(7, 7), (20, 20), (500, 20), (nil, 20)] {
            let plan = try EventSplits(dataset: shop).makeBasketPlan(
                BasketCompletion(queriesMax: max))
            #expect(plan.splits[0].tasks[0].count == expected)
            #expect(plan.summary.contains(" \(expected) of the 20 baskets"), "\(plan.summary)")
        }
    }

    @Test func `without times a share of baskets is drawn, another one for another seed`() throws {
        let shop = makeShop(
            (0..<40).map { [Int32($0 % 3), Int32($0 % 3) + 1, Int32($0 % 2) + 4] },
            time: { _ in EventTable.noTime })
        let plans = try [1, 1, 2].map { seed in
            try EventSplits(dataset: shop, seed: seed).makeBasketPlan()
        }
        for plan in plans {
            #expect(plan.splits[0].training.baskets?.rows == 32)
            #expect(plan.summary.hasPrefix("8 of 40 baskets (20 %), drawn by the seed"))
            #expect(try plan.splits[0].makeValidation().training.baskets?.rows == 25)
        }
        let contexts = plans.map { rows($0.splits[0].tasks[0].contexts) }
        #expect(contexts[0] == contexts[1] && contexts[0] != contexts[2])
        // What is drawn where times are there must be asked for.
        let timed = makeShop(Array(repeating: [0, 1], count: 10))
        let random = try EventSplits(dataset: timed).makeBasketPlan(
            BasketCompletion(split: .random))
        #expect(random.summary.contains("drawn by the seed"))
        #expect(try EventSplits(dataset: timed).makeBasketPlan().summary.contains("newest 2 of 10"))
    }

    @Test func `what cannot be split or asked is refused with its reason`() throws {
        let loose = makeDataset(users: 3, items: 3, [(0, 0, 1, -1), (0, 1, 2, -1)])
        let single = makeShop(Array(repeating: [0], count: 20))
        let timeless = makeShop(
            Array(repeating: [0, 1], count: 20), time: { _ in EventTable.noTime })
        let imported = makeShop(Array(repeating: [0, 1], count: 20), time: { _ in 5 })
        let cases: [(Dataset, BasketCompletion.Split?, String)] = [
            (loose, nil, "no baskets"), (loose, .random, "no baskets"),
            (makeShop([[0, 1]]), nil, "one basket alone"),
            (timeless, .time, "baskets without times"), (imported, .time, "baskets of one time"),
            (single, nil, "of 4 held-out baskets (of 20) none has two items and"),
        ]
        for (dataset, split, reason) in cases {
            let error = #expect(throws: EvaluationError.self) {
                try EventSplits(dataset: dataset).makeBasketPlan(BasketCompletion(split: split))
            }
            #expect(error?.description.hasPrefix(reason) == true, "\(String(describing: error))")
        }
    }

    @Test func `a time at which nearly all happened is no cut`() throws {
        // Ten events one by one, and then 90 in one moment, as an import leaves them.
        let events = (0..<100).map { event in
            (
                user: Int32(event % 10), item: Int32(event % 7), time: Int64(min(event, 10)),
                basket: Int32(-1)
            )
        }
        let dataset = makeDataset(users: 10, items: 7, events)
        let error = #expect(throws: EvaluationError.self) {
            try EventSplits(dataset: dataset).makeTemporalPlan()
        }
        #expect(error?.description.contains("90 of 100 (90 %)") == true)
    }
}
