internal import Foundation
package import Interactions
internal import Models

/// Predicts each user's next basket from all her earlier ones, on given files and folds.
///
/// The form of Li et al. 2023, "A next basket recommendation reality check": a JSON object of
/// histories and one of future baskets, `{"user": [[-1], [item, ...], ..., [-1]]}` with baskets in
/// the order of time, and key sets `{"item_num": n, "train": [user, ...], "val": [...], "test":
/// [...]}`, one a fold. All items are ranked, those taken before too, since most of a next basket
/// is bought again. All histories may be trained on; of the future baskets, those of a fold's `val`
/// users choose hyperparameters, and those of its `test` users judge.
package struct NextBasket: Sendable {
    /// Users x items; the value says in how many baskets.
    package let interactions: SparseMatrix
    /// In the order of users and then of time.
    package let baskets: SparseMatrix
    /// The user of each basket.
    package let basketUsers: [Int32]
    private let future: SparseMatrix
    private let folds: [(validation: [Int32], test: [Int32])]

    private struct KeySet: Decodable {
        var item_num: Int
        var val: [String]
        var test: [String]
    }

    /// - Throws: ``EvaluationError`` that names the file and what is wrong in it.
    package init(
        history: (file: String, bytes: [UInt8]), future: (file: String, bytes: [UInt8]),
        keySets: [(file: String, bytes: [UInt8])]
    ) throws(EvaluationError) {
        let sets = try keySets.map { file throws(EvaluationError) in
            try Self.decode(KeySet.self, file.file, file.bytes)
        }
        guard let itemCount = sets.map(\.item_num).max() else {
            throw EvaluationError("\(history.file): no key set is given; it takes one a fold")
        }
        let earlier = try Self.baskets(history.file, history.bytes, itemCount: itemCount)
        let later = try Self.baskets(future.file, future.bytes, itemCount: itemCount)
        // Users keep the order of their numbers, so that the result does not depend on that of a
        // dictionary.
        let names = earlier.keys.sorted { ($0.count, $0) < ($1.count, $1) }
        let number = Dictionary(
            uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
        var rows = RowBuilder(columnCount: itemCount)
        var owners: [Int32] = []
        var next = RowBuilder(columnCount: itemCount)
        for (user, name) in names.enumerated() {
            for basket in earlier[name]! where !basket.isEmpty {
                rows.append(Set(basket).sorted())
                owners.append(Int32(user))
            }
            next.append(Set(later[name]?.joined().map { $0 } ?? []).sorted())
        }
        let all = rows.matrix
        baskets = all
        basketUsers = owners
        self.future = next.matrix
        interactions = SparseMatrix(
            rows: names.count, columnCount: itemCount,
            entries: owners.indices.lazy.flatMap { basket in
                all.row(basket).lazy.map { (owners[basket], all.columns[$0], Float(1)) }
            }.map { (row: $0.0, column: $0.1, value: $0.2) })
        var folds: [(validation: [Int32], test: [Int32])] = []
        for (set, file) in zip(sets, keySets) {
            func numbers(_ users: [String]) throws(EvaluationError) -> [Int32] {
                try users.map { user throws(EvaluationError) in
                    guard let found = number[user] else {
                        throw EvaluationError("\(file.file): user '\(user)' has no history")
                    }
                    return found
                }
            }
            folds.append((try numbers(set.val), try numbers(set.test)))
        }
        self.folds = folds
    }

    package func makePlan(at lengths: [Int] = [10, 20]) throws(EvaluationError) -> EvaluationPlan {
        var offsets = Array(repeating: 0, count: interactions.rows + 1)
        for user in basketUsers { offsets[Int(user) + 1] += 1 }
        for user in 0..<interactions.rows { offsets[user + 1] += offsets[user] }
        let training = TrainingData(
            interactions: interactions, baskets: baskets,
            orders: OrderHistories(offsets: offsets, baskets: baskets))
        let tasks = folds.map { task(of: $0.test) }
        guard tasks.allSatisfy({ $0.count > 0 }) else {
            throw EvaluationError("a fold has no test user with a future basket")
        }
        // Folds overlap: whoever judges in one of them must not choose in another.
        let judges = Set(folds.flatMap(\.test))
        let validation = task(of: folds[0].validation.filter { !judges.contains($0) })
        return EvaluationPlan(
            title: "next basket",
            summary:
                "Each test user's next basket is predicted from all earlier ones, \(folds.count) given "
                + "folds; all items are ranked, those taken before too.",
            splits: [
                EvaluationSplit(training: training, tasks: tasks) {
                    () throws(EvaluationError) in
                    guard validation.count > 0 else {
                        throw EvaluationError("every validation user is a test user of some fold")
                    }
                    return EvaluationSplit(training: training, tasks: [validation]) {
                        () throws(EvaluationError) in
                        throw EvaluationError("the given folds have one validation set")
                    }
                }
            ], leading: Measure(.recall, at: lengths.first!), lengths: lengths)
    }

    private func task(of users: [Int32]) -> RankingTask {
        var task = RankingTaskBuilder(itemCount: interactions.columnCount)
        for user in users {
            task.append(
                user: user, context: interactions.columns[interactions.row(Int(user))],
                relevant: future.columns[future.row(Int(user))])
        }
        return task.make(excludesContext: false)
    }

    private static func baskets(_ file: String, _ bytes: [UInt8], itemCount: Int)
        throws(EvaluationError) -> [String: [[Int32]]]
    {
        var result = try decode([String: [[Int32]]].self, file, bytes)
        for (user, lists) in result {
            // The lists of nothing but -1 mark the ends.
            let baskets = lists.filter { $0 != [-1] }
            for item in baskets.joined() where !(0..<Int32(clamping: itemCount) ~= item) {
                throw EvaluationError(
                    "\(file), user '\(user)': item \(item) is not 0 to \(itemCount - 1)")
            }
            result[user] = baskets
        }
        return result
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ file: String, _ bytes: [UInt8]
    ) throws(EvaluationError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch DecodingError.keyNotFound(let key, _) {
            throw EvaluationError("\(file): \"\(key.stringValue)\" is missing")
        } catch DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context)
        {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw EvaluationError("\(file): \(path.isEmpty ? "it" : path) has the wrong type")
        } catch { throw EvaluationError("\(file): is not the JSON of this protocol") }
    }
}
