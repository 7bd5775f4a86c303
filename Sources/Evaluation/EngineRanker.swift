internal import Bundles
internal import CrossSell
internal import EmbeddingStore
package import Interactions
package import ModelParts

/// Ranks a task's queries by the engine that serves, asked as a caller asks it.
///
/// A known user is asked for by her id, her history is the one that was trained on, and a basket
/// comes with the query. So a figure that is judged here is the one that a caller of the server gets
/// from the same bundle.
package struct EngineRanker: QueryRanker {
    package let task: RankingTask
    private let generation: Generation
    private let threads: Int
    /// The engine's ids of items and users: their ordinals in decimal.
    private let itemIDs: TextTable
    private let userIDs: TextTable

    /// - Parameters:
    ///   - parts: what serves.
    ///   - histories: users x items, what each user took, oldest first.
    ///   - threads: at least 1.
    /// - Throws: ``EvaluationError`` where the vectors do not fit into memory.
    package init(
        parts: ModelParts, histories: SparseMatrix, task: RankingTask, threads: Int
    ) throws(EvaluationError) {
        self.task = task
        self.threads = threads
        let users = histories.rows
        itemIDs = TextTable(count: task.itemCount) { "\($0)" }
        userIDs = TextTable(count: users) { "\($0)" }
        let bundle = ModelBundle(
            numbering: parts, histories: histories, itemCount: task.itemCount)
        do {
            generation = try Generation(
                bundle, storeBytesMax: 1 << 40, readersMax: threads)
        } catch { throw EvaluationError(error.description) }
    }

    /// The most items of a basket that a caller may name; of a longer one the first are asked with.
    package static let basketMax = EngineLimits().basketItems

    /// The engine knows what it serves: the best of a list, not the scores of all items.
    package var knowsAllScores: Bool { false }

    package func forEachAnswer(
        depth: Int, _ body: @escaping @Sendable (_ query: Int, _ answer: QueryAnswer) -> Void
    ) {
        var limits = EngineLimits()
        limits.slateItems = max(limits.slateItems, depth)
        limits.historyItems = max(limits.historyItems, 1)
        nonisolated(unsafe) let desks = (0..<threads).map { _ in Desk(generation, limits) }
        parallelFor(count: task.count, chunk: 64, threads: threads) { worker, queries in
            for query in queries { answer(query, depth, desks[worker], body) }
        }
    }

    /// What one thread asks with.
    private final class Desk {
        let engine: Engine
        var query = Query()
        var items: [IDView] = []
        var ordinals: [Int32] = []

        init(_ generation: Generation, _ limits: EngineLimits) {
            do {
                engine = try Engine(generation, limits: limits)
            } catch { preconditionFailure("\(error)") }
        }
    }

    private func answer(
        _ number: Int, _ depth: Int, _ desk: Desk,
        _ body: @Sendable (_ query: Int, _ answer: QueryAnswer) -> Void
    ) {
        ask(number, depth, desk)
        defer { desk.engine.endTurn() }
        let relevant = task.relevant.columns[task.relevant.row(number)]
        if let candidates = task.candidates {
            let others = candidates.columns[candidates.row(number)]
            desk.items.removeAll(keepingCapacity: true)
            for item in relevant { desk.items.append(itemIDs[Int(item)]) }
            for item in others { desk.items.append(itemIDs[Int(item)]) }
            _ = desk.engine.score(desk.items, for: desk.query)
            let scores = desk.engine.scores
            body(
                number,
                .scores(
                    relevant: Array(scores.prefix(relevant.count)),
                    candidates: Array(scores.dropFirst(relevant.count))))
            return
        }
        let tier = desk.engine.recommend(desk.query)
        desk.ordinals.removeAll(keepingCapacity: true)
        for item in desk.engine.slate { desk.ordinals.append(Int32(bitPattern: item.ordinal)) }
        let probabilities =
            desk.engine.tellsProbabilities(at: tier) ? desk.engine.slate.map(\.score) : nil
        desk.ordinals.withUnsafeBufferPointer {
            body(number, .list($0, probabilities: probabilities))
        }
    }

    private func ask(_ number: Int, _ depth: Int, _ desk: Desk) {
        desk.query.removeAll()
        let user = Int(task.users[number])
        if user >= 0 { desk.query.user = userIDs[user] }
        let context = task.contexts.columns[task.contexts.row(number)]
        switch task.context {
        case .basket:
            for item in context.prefix(Self.basketMax) {
                desk.query.basket.append(itemIDs[Int(item)])
            }
        case .history where user < 0:
            for item in context { desk.query.history.append(itemIDs[Int(item)]) }
        case .history: break
        }
        desk.query.k = depth
        desk.query.rules.includesPurchased = task.includesPurchased
        desk.query.rules.includesOutOfStock = true
        desk.query.wantsReasons = false
    }
}

extension EngineRanker {
    /// Ranks by the engine, or by the batch short cut where that gives the same order: models whose
    /// score is the inner product with a vector that the user has already.
    package static let maker: QueryRankerMaker = {
        parts, split, task, threads throws(EvaluationError) -> any QueryRanker in
        if task.context == .history, parts.soleSpeaker == .product, parts.embeddings?.users != nil {
            return try BatchScorer(parts: parts, task: task, threads: threads)
        }
        return try EngineRanker(
            parts: parts, histories: split.training.historiesByTime, task: task,
            threads: threads)
    }
}
