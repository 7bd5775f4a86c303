internal import Interactions

extension LeaveOneOut {
    /// The largest number that files may give a user or item.
    ///
    /// Numbers are taken as dense, so that a stray one would ask for memory that nobody needs.
    package static let numberMax: Int32 = 50_000_000

    /// Reads the protocol's three files, `PREFIX.train.rating` (or pairs), `.test.rating` and
    /// `.test.negative`.
    ///
    /// This is the one place that touches them: `lines` opens a file by its name and yields its
    /// lines without their ends, decompressed.
    ///
    /// - Throws: what `lines` throws, or an ``EvaluationError`` that names file and line.
    package init<Lines: Sequence<String>>(
        train: String, test: String, negatives: String, lines: (_ file: String) throws -> Lines
    ) throws {
        try self.init(
            train: (train, lines(train)), test: (test, lines(test)),
            negatives: (negatives, lines(negatives)))
    }

    /// Parses the protocol's three files; empty lines are skipped.
    ///
    /// - Parameters:
    ///   - train: `user item ...`, separated by tabs or blanks; what follows is ignored, and
    ///     repeats count once.
    ///   - test: `user item ...`, a user at most once.
    ///   - negatives: `(user,item) negative negative ...`, line by line the user and item of
    ///     `test`.
    /// - Complexity: O(bytes).
    package init(
        train: (file: String, lines: some Sequence<String>),
        test: (file: String, lines: some Sequence<String>),
        negatives: (file: String, lines: some Sequence<String>)
    ) throws(EvaluationError) {
        var pairs: [(row: Int32, column: Int32, value: Float)] = []
        try parse(train.file, train.lines, columns: 2...2) { numbers, _ in
            pairs.append((numbers[0], numbers[1], 1))
        }
        var held: [(user: Int32, item: Int32)] = []
        var tested: Set<Int32> = []
        try parse(test.file, test.lines, columns: 2...2) { numbers, place throws(EvaluationError) in
            guard tested.insert(numbers[0]).inserted else {
                throw EvaluationError("\(place): user \(numbers[0]) has a second test item")
            }
            held.append((numbers[0], numbers[1]))
        }
        var cases: [Case] = []
        try parse(negatives.file, negatives.lines, columns: 3...10_000) {
            numbers, place throws(EvaluationError) in
            guard cases.count < held.count, held[cases.count] == (numbers[0], numbers[1]) else {
                throw EvaluationError(
                    "\(place): (\(numbers[0]),\(numbers[1])) is not the case at this place of "
                        + test.file)
            }
            cases.append(
                Case(user: numbers[0], item: numbers[1], negatives: numbers.dropFirst(2)))
        }
        guard cases.count == held.count else {
            throw EvaluationError(
                "\(negatives.file): \(cases.count) lines, but \(test.file) has \(held.count)")
        }
        guard !pairs.isEmpty, !cases.isEmpty else {
            throw EvaluationError("\(pairs.isEmpty ? train.file : test.file): no lines")
        }
        let users = pairs.map(\.row) + cases.map(\.user)
        let items = pairs.map(\.column) + cases.flatMap { [$0.item] + $0.negatives }
        let matrix = SparseMatrix(
            rows: users.reduce(0) { max($0, Int($1)) } + 1,
            columnCount: items.reduce(0) { max($0, Int($1)) } + 1, entries: pairs)
        self.init(
            training: SparseMatrix(
                rows: matrix.rows, columnCount: matrix.columnCount, rowOffsets: matrix.rowOffsets,
                columns: matrix.columns,
                values: Array(repeating: 1, count: matrix.nonZeroCount)),
            cases: cases)
    }
}

/// Gives each line's numbers to `body`, with the line's place for its errors.
///
/// Numbers are separated by tabs, blanks, commas or brackets. `columns` says how many a line must
/// have, and how many are looked at.
func parse(
    _ file: String, _ lines: some Sequence<String>, columns: ClosedRange<Int>,
    _ body: (_ numbers: [Int32], _ place: String) throws(EvaluationError) -> Void
) throws(EvaluationError) {
    var number = 0
    var numbers: [Int32] = []
    for line in lines {
        number += 1
        let fields = line.utf8.split { " \t\r(),".utf8.contains($0) }
        if fields.isEmpty { continue }
        numbers.removeAll(keepingCapacity: true)
        for field in fields.prefix(columns.upperBound) {
            guard let value = Int32(Substring(field)), 0...LeaveOneOut.numberMax ~= value else {
                throw EvaluationError(
                    "\(file), line \(number): '\(Substring(field))' is not a whole number of 0 to "
                        + "\(LeaveOneOut.numberMax)")
            }
            numbers.append(value)
        }
        guard numbers.count >= columns.lowerBound else {
            throw EvaluationError(
                "\(file), line \(number): \(numbers.count) numbers, \(columns.lowerBound) are needed"
            )
        }
        try body(numbers, "\(file), line \(number)")
    }
}
