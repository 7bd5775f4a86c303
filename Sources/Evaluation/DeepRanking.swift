internal import Interactions
internal import ModelParts
internal import Models

/// Puts the best of a query through the deep part of a ranker, as serving does.
///
/// Where a task names candidates, these go through it; otherwise the
/// ``RankerNetwork/blockMax`` best by the wide part, and the others stay behind them in the order
/// of the wide part.
///
/// - Complexity: O(candidates x weights) a query, and a fold-in where vectors come from one.
struct DeepRanking: Sendable {
    private let network: RankerNetwork
    private let items: Matrix?
    private let shoppers: BatchScorer.Source?

    init(_ ranker: RankerParts, embeddings: EmbeddingParts?, shoppers: BatchScorer.Source?) {
        network = RankerNetwork(ranker, dimensions: embeddings?.items.columns ?? 0)
        items = ranker.usesVectors ? embeddings?.items : nil
        self.shoppers = ranker.usesVectors ? shoppers : nil
    }

    /// What one thread ranks with.
    ///
    /// `@unchecked Sendable`: one thread at a time uses it.
    final class Desk: @unchecked Sendable {
        fileprivate let scratch: RankerScratch
        fileprivate let selector = TopSelector(k: RankerNetwork.blockMax)
        fileprivate var best = Array(repeating: Int32(0), count: RankerNetwork.blockMax)
        fileprivate let foldIn: FoldInScratch?

        init(_ ranking: DeepRanking) {
            scratch = RankerScratch(ranking.network)
            foldIn = ranking.items.map { FoldInScratch(dimensions: $0.columns) }
        }
    }

    /// - Parameters:
    ///   - scores: the wide parts of all items, which the network's scores replace.
    ///   - features: where each of the ranker's features is found, for all items.
    func rank(
        _ query: Int, of task: RankingTask, scores: UnsafeMutablePointer<Float>,
        features: [(column: Int, values: UnsafeMutablePointer<Float>)], desk: Desk
    ) {
        let vector = shopperVector(query, of: task, desk)
        network.setShopper(vector, in: desk.scratch)
        if let candidates = task.candidates {
            let asked = Set(task.relevant.columns[task.relevant.row(query)])
                .union(candidates.columns[candidates.row(query)]).sorted()
            for start in stride(from: 0, to: asked.count, by: RankerNetwork.blockMax) {
                let end = min(asked.count, start + RankerNetwork.blockMax)
                run(asked[start..<end], scores, features, desk)
            }
            return
        }
        let all = UnsafeMutableBufferPointer(start: scores, count: task.itemCount)
        let count = desk.selector.select(all, into: &desk.best)
        let shortlist = desk.best[0..<count]
        guard let last = shortlist.last else { return }
        let edge = scores[Int(last)]
        run(shortlist, scores, features, desk)
        let lowest = shortlist.reduce(Float.infinity) { min($0, scores[Int($1)]) }
        guard count == RankerNetwork.blockMax else { return }
        let ranked = shortlist.map { scores[Int($0)] }
        for item in all.indices where all[item] > BatchScorer.excluded {
            all[item] = lowest.nextDown - max(0, edge - all[item])
        }
        for (item, score) in zip(shortlist, ranked) { scores[Int(item)] = score }
    }

    /// Adds the deep parts of some items, a block of them at most.
    private func run(
        _ shortlist: ArraySlice<Int32>, _ scores: UnsafeMutablePointer<Float>,
        _ features: [(column: Int, values: UnsafeMutablePointer<Float>)], _ desk: Desk
    ) {
        for (row, item) in shortlist.enumerated() {
            let inputs = desk.scratch.inputs + row * desk.scratch.stride
            inputs.update(repeating: 0, count: desk.scratch.stride)
            for (column, values) in features where values[Int(item)] > BatchScorer.excluded {
                inputs[column] = values[Int(item)]
            }
            if let items {
                for (d, value) in items[row: Int(item)].enumerated() {
                    inputs[network.featureCount + d] = value
                }
            }
        }
        network.runDeep(count: shortlist.count, in: desk.scratch)
        for (row, item) in shortlist.enumerated() { scores[Int(item)] += desk.scratch.deep[row] }
    }

    private func shopperVector(_ query: Int, of task: RankingTask, _ desk: Desk) -> [Float]? {
        switch shoppers {
        case .vectors(_, let users):
            let user = Int(task.users[query])
            return user < 0 ? nil : Array(users[row: user])
        case .foldIn(_, let items, let solver):
            guard let foldIn = desk.foldIn else { return nil }
            return solver.vector(
                history: task.contexts.columns[task.contexts.row(query)], items: items,
                scratch: foldIn)
        default: return nil
        }
    }
}
