import Bundles
import Evaluation
import Interactions
import ModelParts
import Synchronization

/// Ranks a task's queries by a real server process, asked over its socket.
///
/// The same queries that the engine is asked within this process, so that the figures must be the
/// same; what is added is what a call takes.
struct ServedRanker: QueryRanker {
    let task: RankingTask
    private let parts: ModelParts
    private let histories: SparseMatrix
    private let record: Record

    /// What the calls of all tasks so far took.
    final class Record: Sendable {
        private let runs = Mutex<[(latency: LatencySummary, serverMicroseconds: Double)]>([])
        private let failure = Mutex<Failure?>(nil)

        fileprivate func add(_ run: ServedRun) {
            runs.withLock { $0.append((run.latency, run.serverMicrosecondsPerCall)) }
        }

        fileprivate func fail(_ error: Failure) { failure.withLock { $0 = $0 ?? error } }

        /// The newest run; nil before the first.
        var newest: (latency: LatencySummary, serverMicroseconds: Double)? {
            runs.withLock { $0.last }
        }

        /// - Throws: what stopped a run, since a judge knows no failures.
        func check() throws(Failure) {
            if let error = failure.withLock({ $0 }) { throw error }
        }
    }

    /// - Throws: ``EvaluationError`` where the task is none that Recommend answers.
    static func maker(_ record: Record) -> QueryRankerMaker {
        { parts, split, task, _ throws(EvaluationError) in
            guard task.candidates == nil else {
                throw EvaluationError(
                    "--served ranks all items; this protocol has given candidates")
            }
            return ServedRanker(
                task: task, parts: parts, histories: split.training.historiesByTime, record: record)
        }
    }

    var knowsAllScores: Bool { false }

    func forEachAnswer(
        depth: Int, _ body: @escaping @Sendable (_ query: Int, _ answer: QueryAnswer) -> Void
    ) {
        do throws(Failure) {
            let run = try ask(depth)
            record.add(run)
            for (query, list) in run.lists.enumerated() {
                let ordinals = list.compactMap { Int32($0) }
                ordinals.withUnsafeBufferPointer { body(query, .list($0)) }
            }
        } catch {
            record.fail(error)
            for query in 0..<task.count {
                body(query, .list(UnsafeBufferPointer(start: nil, count: 0)))
            }
        }
    }

    private func ask(_ depth: Int) throws(Failure) -> ServedRun {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.file("bundle")
        do {
            try ModelBundle(
                numbering: parts, histories: histories, itemCount: task.itemCount
            ).write(to: path, replacing: false)
        } catch { throw Failure("\(error)") }
        let queries = (0..<task.count).map { query in
            let context = task.contexts.columns[task.contexts.row(query)]
            let user = task.users[query]
            return ServedQuery(
                userID: user >= 0 ? "\(user)" : nil,
                basket: task.context == .basket
                    ? context.prefix(EngineRanker.basketMax).map { "\($0)" } : [], count: depth,
                includesPurchased: task.includesPurchased)
        }
        return try ServedRun(bundle: path, queries: queries)
    }
}
