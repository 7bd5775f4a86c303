package import Interactions

/// One held-out item a user, ranked among items that she never took.
///
/// The protocol and files of He et al. 2017, "Neural collaborative filtering": her latest item is
/// the test, and 99 drawn negatives stand against it. Negatives are a set, and the test item is
/// never among them: in ML-1M the files name it there for 156 users, and the published program
/// merges the two, as both are keys of one dictionary. Ties
/// are handled as `Standing` says.
/// Sampled negatives rank methods differently from all items; compare figures only with figures of
/// the same files.
package struct LeaveOneOut: Sendable {
    package struct Case: Sendable, Equatable {
        package var user: Int32
        package var item: Int32
        /// Without repeats and without `item`; ascending.
        package var negatives: [Int32]

        package init(user: Int32, item: Int32, negatives: some Sequence<Int32>) {
            self.user = user
            self.item = item
            self.negatives = Set(negatives).subtracting([item]).sorted()
        }
    }

    /// Users x items, the values all 1.
    package var training: SparseMatrix
    package var cases: [Case]

    /// - Precondition: the cases' users and items are within the matrix.
    package init(training: SparseMatrix, cases: [Case]) {
        for one in cases {
            precondition(0..<training.rows ~= Int(one.user), "user \(one.user)")
            precondition(
                ([one.item] + one.negatives).allSatisfy { 0..<training.columnCount ~= Int($0) },
                "an item of user \(one.user)")
        }
        self.training = training
        self.cases = cases
    }
}
