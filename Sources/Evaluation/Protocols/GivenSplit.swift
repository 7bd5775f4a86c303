package import Interactions
internal import Models

/// Train and test files as published with LightGCN: a line a user, `user item item ...`.
///
/// All items but the user's training items are ranked. Recall@k is the share of her test items
/// among the first k, and NDCG@k has gains of 0 and 1 against the best possible list; users without
/// test items are left out. Source: He et al. 2020, "LightGCN"; Wang et al. 2019, "Neural graph
/// collaborative filtering".
package struct GivenSplit: Sendable {
    /// Users x items, the values all 1.
    package var training: SparseMatrix
    package var test: SparseMatrix

    /// Parses both files; empty lines, and users without items, are allowed.
    ///
    /// - Complexity: O(bytes).
    package init(
        train: (file: String, lines: some Sequence<String>),
        test: (file: String, lines: some Sequence<String>)
    ) throws(EvaluationError) {
        let trained = try Self.pairs(train.file, train.lines)
        let tested = try Self.pairs(test.file, test.lines)
        guard !trained.isEmpty, !tested.isEmpty else {
            throw EvaluationError("\(trained.isEmpty ? train.file : test.file): no items")
        }
        let all = [trained, tested]
        let users = all.joined().reduce(0) { max($0, Int($1.row)) } + 1
        let items = all.joined().reduce(0) { max($0, Int($1.column)) } + 1
        training = SparseMatrix(rows: users, columnCount: items, entries: trained).ones
        self.test = SparseMatrix(rows: users, columnCount: items, entries: tested).ones
    }

    package func makePlan(at lengths: [Int] = [10, 20, 50], seed: UInt64 = 1) -> EvaluationPlan {
        let data = TrainingData(interactions: training, baskets: nil)
        // As much as the test is.
        let pairs = Double(training.nonZeroCount + test.nonZeroCount)
        let share = min(0.5, max(0.05, Double(test.nonZeroCount) / pairs))
        let split = EvaluationSplit(training: data, heldOut: test) {
            () throws(EvaluationError) in try .holdingOut(of: data, share: share, seed: seed)
        }
        return EvaluationPlan(
            title: "given train and test files",
            summary:
                "All items are ranked but a user's training items; users without test items are left out."
                + (overlap.map { " \($0)" } ?? ""),
            splits: [split], leading: Measure(.ndcg, at: lengths.contains(20) ? 20 : lengths.last!),
            lengths: lengths)
    }

    /// What is in both files, for people; nil where nothing is.
    private var overlap: String? {
        var both = 0
        for user in 0..<test.rows {
            let known = Set(training.columns[training.row(user)])
            both += test.columns[test.row(user)].count(where: known.contains)
        }
        guard both > 0 else { return nil }
        return "Train and test overlap: \(both) of \(test.nonZeroCount) test pairs "
            + "(\(percent(Double(both) / Double(test.nonZeroCount)))) are in the training file too, and "
            + "are left out."
    }

    private static func pairs(_ file: String, _ lines: some Sequence<String>)
        throws(EvaluationError) -> [(row: Int32, column: Int32, value: Float)]
    {
        var pairs: [(row: Int32, column: Int32, value: Float)] = []
        try parse(file, lines, columns: 1...Int.max) { numbers, _ in
            for item in numbers.dropFirst() { pairs.append((numbers[0], item, 1)) }
        }
        return pairs
    }
}

extension SparseMatrix {
    /// The same entries, each with value 1.
    var ones: SparseMatrix {
        SparseMatrix(
            rows: rows, columnCount: columnCount, rowOffsets: rowOffsets, columns: columns,
            values: Array(repeating: 1, count: columns.count))
    }
}
