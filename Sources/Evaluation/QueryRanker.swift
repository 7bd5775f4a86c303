package import ModelParts

/// Whatever ranks a task's queries: a batch short cut, the serving engine, or a server at the end
/// of a socket.
///
/// All that is judged comes through this: the measures see lists, or the scores of given
/// candidates, and nothing else.
package protocol QueryRanker: Sendable {
    var task: RankingTask { get }

    /// Whether ``QueryAnswer/list(_:areaUnderCurve:)`` comes with an area, which takes the scores
    /// of all items.
    var knowsAllScores: Bool { get }

    /// Calls `body` once for each query, on any thread and in any order.
    ///
    /// - Parameters:
    ///   - depth: how long lists are to be, at least 1.
    ///   - body: takes the query and what came of it, which is valid only within the call: a list
    ///     where `task.candidates` is nil, else scores.
    func forEachAnswer(
        depth: Int, _ body: @escaping @Sendable (_ query: Int, _ answer: QueryAnswer) -> Void)
}

/// What came of one query.
package enum QueryAnswer {
    /// The best items' ordinals, best first, none twice; at most as many as were asked for, and
    /// none that the task excludes. Where scores are probabilities, they come with it.
    case list(
        UnsafeBufferPointer<Int32>, areaUnderCurve: Double? = nil, probabilities: [Float]? = nil)
    /// The scores of the query's relevant items and of its candidates, each in the task's order.
    case scores(relevant: [Float], candidates: [Float])
}

/// Makes what ranks a task's queries with a model that was trained on a split.
///
/// - Throws: ``EvaluationError`` where the parts cannot answer the task's kind of query.
package typealias QueryRankerMaker =
    @Sendable (
        _ parts: ModelParts, _ split: EvaluationSplit, _ task: RankingTask, _ threads: Int
    ) throws(EvaluationError) -> any QueryRanker
