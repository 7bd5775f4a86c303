import Evaluation
import Interactions
import Models
import ReferenceScorer
import Testing

@Suite struct ProtocolTests {
    private func rows(_ matrix: SparseMatrix) -> [[Int32]] {
        (0..<matrix.rows).map { Array(matrix.columns[matrix.row($0)]) }
    }

    @Test func `the files of LightGCN are read, and training items are not ranked`() throws {
        let split = try GivenSplit(
            train: ("train", ["0 1 3 2", "1 0", "", "2"]), test: ("test", ["0 0", "1", "2 4 1"]))
        let plan = split.makePlan()
        let one = plan.splits[0]
        #expect(rows(one.training.interactions) == [[1, 2, 3], [0], []])
        #expect(one.tasks[0].users == [0, 2])
        #expect(rows(one.tasks[0].contexts) == [[1, 2, 3], []])
        #expect(rows(one.tasks[0].relevant) == [[0], [1, 4]])
        #expect(one.tasks[0].excludesContext && one.tasks[0].candidates == nil)
        #expect(plan.leading == Measure(.ndcg, at: 20))
    }

    @Test func `errors in those files name file, line and reason`() {
        for (train, test, expected) in [
            (["0 x"], ["0 1"], "train, line 1: 'x' is not a whole number"),
            (["0 1"], ["0 1", "1 -2"], "test, line 2: '-2' is not a whole number"),
            (["0"], ["0 1"], "train: no items"),
        ] {
            let error = #expect(throws: EvaluationError.self) {
                try GivenSplit(train: ("train", train), test: ("test", test))
            }
            #expect(error?.description.hasPrefix(expected) == true, "\(expected)")
        }
    }

    @Test func `leave one out as a plan gives what a plain loop over the cases gives`() throws {
        let data = makeRandomData(users: 30, items: 25, pairs: 300, seed: 11)
        var generator = SeededGenerator(seed: 12)
        let cases = (0..<30).map { user in
            let drawn = (0..<Int32(25)).shuffled(using: &generator)
            return LeaveOneOut.Case(user: Int32(user), item: drawn[0], negatives: drawn[1...9])
        }
        let protocolCases = LeaveOneOut(training: data.interactions.withOnes, cases: cases)
        let parts = try IALS().train(
            on: TrainingData(interactions: protocolCases.training, baskets: nil),
            with: TrainingContext(threads: 1, seed: 1))
        let scorer = PartsScorer(parts: parts, histories: protocolCases.training)
        var (hitRate, reciprocalRank) = (0.0, 0.0)
        for one in protocolCases.cases {
            let scores = scorer.scores(
                user: Int(one.user), candidates: [one.item] + one.negatives)
            let rank = 1 + scores.dropFirst().count { $0 >= scores[0] }
            hitRate += rank <= 5 ? 1.0 / 30 : 0
            reciprocalRank += rank <= 5 ? 1 / Double(rank) / 30 : 0
        }
        let plan = protocolCases.makePlan(at: [5])
        let batch = try BatchScorer(parts: parts, task: plan.splits[0].tasks[0], threads: 2)
        let judgement = Judgement(of: batch, at: [5])
        #expect(abs(judgement.mean(Measure(.hitRate, at: 5)) - hitRate) < 1e-6)
        #expect(abs(judgement.mean(Measure(.reciprocalRank, at: 5)) - reciprocalRank) < 1e-6)
    }

    @Test func `what is held out to choose on is in no training row`() throws {
        let data = makeRandomData(users: 40, items: 60, pairs: 900, seed: 13)
        let split = try EvaluationSplit.holdingOut(of: data, seed: 1)
        #expect(split.training.baskets == nil)
        let before = rows(data.interactions)
        let kept = rows(split.training.interactions)
        for (query, user) in split.tasks[0].users.enumerated() {
            let held = rows(split.tasks[0].relevant)[query]
            #expect(held.count == max(1, before[Int(user)].count / 10))
            #expect((kept[Int(user)] + held).sorted() == before[Int(user)])
        }
        #expect(throws: EvaluationError.self) {
            let lonely = makeMatrix([[0], [1]], columns: 2)
            _ = try EvaluationSplit.holdingOut(
                of: TrainingData(interactions: lonely, baskets: nil), seed: 1)
        }
    }

    @Test func `what is held out of a row goes together`() throws {
        // Two groups of ten items; each user has all of one and some of the other.
        let histories: [[Int32]] = (0..<40).map { user in
            let own: Range<Int32> = user % 2 == 0 ? 0..<10 : 10..<20
            let other = user % 2 == 0 ? 10 : 0
            return own + [Int32(other + user % 10), Int32(other + (user + 3) % 10)].sorted()
        }
        let data = TrainingData(
            interactions: makeMatrix(histories.map { $0.sorted() }, columns: 20), baskets: nil)
        let split = try EvaluationSplit.holdingOut(of: data, share: 0.5, seed: 3)
        let held = rows(split.tasks[0].relevant)
        #expect(held.count == 40)
        var ofOneGroup = 0
        for items in held {
            #expect(items.count == 6)
            let low = items.count { $0 < 10 }
            if low == 0 || low == 6 { ofOneGroup += 1 }
        }
        // Drawn one by one, a third of the rows would be.
        #expect(ofOneGroup >= 32, "\(ofOneGroup)")
    }

    @Test func `the newest fifth of events is held out by time`() throws {
        // User 0 takes item t at time t; user 1 takes 0 at the start and, new to her, 3 at the end.
        let dataset = makeDataset(
            users: 2, items: 10,
            (0..<8).map { (user: 0, item: Int32($0), time: Int64($0), basket: -1) }
                + [(1, 0, 0, -1), (1, 3, 9, -1)])
        let plan = try EventSplits(dataset: dataset).makeTemporalPlan()
        let split = plan.splits[0]
        // 10 events: those at 7 and 9 are held out. Nobody took item 7 before, so nobody can be
        // asked for it.
        #expect(rows(split.training.interactions) == [[0, 1, 2, 3, 4, 5, 6], [0]])
        #expect(split.tasks[0].users == [1])
        #expect(rows(split.tasks[0].relevant) == [[3]])
        #expect(throws: EvaluationError.self) {
            let still = makeDataset(users: 1, items: 2, [(0, 0, 5, -1), (0, 1, 5, -1)])
            _ = try EventSplits(dataset: still).makeTemporalPlan()
        }
    }

    @Test func `folds hold out each pair once and never train on it`() throws {
        var generator = SeededGenerator(seed: 14)
        var events: [(user: Int32, item: Int32, time: Int64, basket: Int32)] = []
        for user in 0..<Int32(20) {
            for _ in 0..<15 {
                events.append((user, .random(in: 0..<12, using: &generator), 0, -1))
            }
        }
        let dataset = makeDataset(users: 20, items: 12, events)
        let all = rows(try TrainingData(dataset: dataset).interactions)
        let plan = try EventSplits(dataset: dataset).makeFoldPlan(folds: 3)
        #expect(plan.splits.count == 3)
        var seen = Array(repeating: [Int32](), count: 20)
        for split in plan.splits {
            let kept = rows(split.training.interactions)
            let held = rows(split.tasks[0].relevant)
            for (query, user) in split.tasks[0].users.enumerated() {
                seen[Int(user)] += held[query]
                #expect(Set(kept[Int(user)]).isDisjoint(with: held[query]))
                #expect((kept[Int(user)] + held[query]).sorted() == all[Int(user)])
            }
        }
        #expect(seen.map { $0.sorted() } == all)
        #expect(throws: EvaluationError.self) {
            try EventSplits(dataset: dataset).makeFoldPlan(folds: 1)
        }
    }

    private func nextBasket(
        history: String, future: String = #"{"7":[[-1],[2,0],[-1]],"10":[[-1],[1],[-1]]}"#,
        keys: String = #"{"item_num":3,"train":[],"val":["10"],"test":["7"]}"#
    ) throws -> NextBasket {
        try NextBasket(
            history: ("history", Array(history.utf8)), future: ("future", Array(future.utf8)),
            keySets: [("keys", Array(keys.utf8))])
    }

    @Test func `next baskets follow from all earlier ones, repeats included`() throws {
        let split = try nextBasket(
            history: #"{"10":[[-1],[1,1],[0],[-1]],"7":[[-1],[0],[0,2],[-1]]}"#)
        #expect(rows(split.baskets) == [[0], [0, 2], [1], [0]])
        #expect(split.basketUsers == [0, 0, 1, 1])
        #expect(split.interactions.values == [2, 1, 1, 1])
        let plan = try split.makePlan()
        let task = plan.splits[0].tasks[0]
        #expect(task.users == [0] && !task.excludesContext)
        #expect(rows(task.relevant) == [[0, 2]])
        let validation = try plan.splits[0].makeValidation()
        #expect(validation.tasks[0].users == [1])
        #expect(rows(validation.tasks[0].relevant) == [[1]])
    }

    @Test func `errors in those files name the file and what is wrong`() {
        let good = #"{"10":[[-1],[1],[-1]],"7":[[-1],[0],[-1]]}"#
        let cases: [(() throws -> NextBasket, String)] = [
            ({ try nextBasket(history: "[]") }, "history: it has the wrong type"),
            ({ try nextBasket(history: "{") }, "history: is not the JSON"),
            (
                { try nextBasket(history: #"{"7":[[3]]}"#) },
                "history, user '7': item 3 is not 0 to 2"
            ),
            ({ try nextBasket(history: good, keys: "{}") }, "keys: \"item_num\" is missing"),
            ({ try nextBasket(history: #"{"7":[[0]]}"#) }, "keys: user '10' has no history"),
        ]
        for (make, expected) in cases {
            let error = #expect(throws: EvaluationError.self) { _ = try make() }
            #expect(
                error?.description.hasPrefix(expected) == true,
                "\(expected): \(error.debugDescription)")
        }
    }
}

extension SparseMatrix {
    fileprivate var withOnes: SparseMatrix {
        SparseMatrix(
            rows: rows, columnCount: columnCount, rowOffsets: rowOffsets, columns: columns,
            values: Array(repeating: 1, count: columns.count))
    }
}
