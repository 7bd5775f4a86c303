import Evaluation
import Models
import ReferenceScorer
import Testing

@Suite struct LeaveOneOutTests {
    private func parse(train: [String], test: [String], negatives: [String]) throws -> LeaveOneOut {
        let files = ["train": train, "test": test, "negative": negatives]
        return try LeaveOneOut(train: "train", test: "test", negatives: "negative") { files[$0]! }
    }

    @Test func `the three files of the protocol are read`() throws {
        let split = try parse(
            train: ["0\t1\t5\t978824351", "1\t0", "", "1 0", "0\t0"],
            test: ["0\t3\t5\t978824351", "1\t1\t4\t978824352\r"],
            negatives: ["(0,3)\t2\t4", "(1,1)\t4\t1\t2\t4\t"])
        #expect(split.training.rows == 2)
        #expect(split.training.columnCount == 5)
        #expect(split.training.columns == [0, 1, 0])
        #expect(split.training.values == [1, 1, 1])
        // User 1's test item stands among her negatives, and 4 stands there twice.
        #expect(split.cases.map(\.item) == [3, 1])
        #expect(split.cases.map(\.negatives) == [[2, 4], [2, 4]])
    }

    @Test func `errors name the file, the line and the reason`() throws {
        let good = (train: ["0 0"], test: ["0 1"], negatives: ["(0,1) 2"])
        let cases: [(train: [String], test: [String], negatives: [String], error: String)] = [
            (["0 0", "x 1"], good.test, good.negatives, "train, line 2: 'x' is not"),
            (["0"], good.test, good.negatives, "train, line 1: 1 numbers, 2 are needed"),
            (["0 -1"], good.test, good.negatives, "train, line 1: '-1' is not"),
            (["0 99999999"], good.test, good.negatives, "train, line 1: '99999999' is not"),
            (["0 99999999999"], good.test, good.negatives, "train, line 1: '99999999999' is not"),
            ([], good.test, good.negatives, "train: no lines"),
            (good.train, ["0 1", "0 2"], good.negatives, "test, line 2: user 0 has a second"),
            (good.train, good.test, ["(0,2) 1"], "negative, line 1: (0,2) is not the case"),
            (good.train, good.test, ["(0,1) 2", "(1,1) 2"], "negative, line 2: (1,1) is not"),
            (good.train, good.test, ["(0,1)"], "negative, line 1: 2 numbers, 3 are needed"),
            (good.train, good.test, ["(0,1) 2 y"], "negative, line 1: 'y' is not"),
            (good.train, good.test, [], "negative: 0 lines, but test has 1"),
            (good.train, [], [], "test: no lines"),
        ]
        for one in cases {
            let error = #expect(throws: EvaluationError.self) {
                try parse(train: one.train, test: one.test, negatives: one.negatives)
            }
            let text = try #require(error).description
            #expect(text.hasPrefix(one.error), "'\(text)' is not '\(one.error)'")
        }
    }

    @Test func `users without a vector are scored by folding in, to the same bits`() throws {
        let data = makeRandomData(users: 60, items: 40, pairs: 600, seed: 61)
        let context = TrainingContext(threads: 1, seed: 1)
        let trained = try IALS().fit(on: data, with: context)
        var folded = trained
        folded.embeddings?.users = nil
        let reference = PartsScorer(parts: trained, histories: data.interactions)
        let scorer = PartsScorer(parts: folded, histories: data.interactions)
        let all = Array(0..<Int32(40))
        for user in 0..<60 {
            #expect(
                scorer.scores(user: user, candidates: all)
                    == reference.scores(user: user, candidates: all))
        }
    }
}
