internal import Interactions
internal import Measures

/// What one query's answer is worth, by any measure.
struct QueryFigures {
    /// Best first. Where scores were given, the candidates in their order.
    let list: [Int32]
    private let standard: Standard

    private enum Standard {
        /// Of a list of all items; among the relevant ones, those that the context has and those
        /// that it has not.
        case list(RelevantRanks, repeats: RelevantRanks, discoveries: RelevantRanks, area: Double?)
        /// Of the one relevant item among candidates, of which there are so many.
        case candidates(Standing, others: Int)
    }

    init(of answer: QueryAnswer, to query: Int, of task: RankingTask) {
        let relevant = task.relevant.columns[task.relevant.row(query)]
        switch answer {
        case .list(let items, let area, _):
            list = Array(items)
            let known = Set(task.contexts.columns[task.contexts.row(query)])
            func ranks(_ wanted: Set<Int32>) -> RelevantRanks {
                RelevantRanks(in: items, relevant: wanted)
            }
            let wanted = Set(relevant)
            standard = .list(
                ranks(wanted), repeats: ranks(wanted.intersection(known)),
                discoveries: ranks(wanted.subtracting(known)), area: area)
        case .scores(let own, let others):
            precondition(own.count == 1, "\(own.count) relevant items among sampled candidates")
            standard = .candidates(Standing(of: own[0], among: others), others: others.count)
            let candidates = task.candidates.map { $0.columns[$0.row(query)] } ?? []
            list = zip(relevant + candidates, own + others).filter { !$0.1.isNaN }
                .sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map(\.0)
        }
    }

    /// NaN where the query has no such figure.
    func value(_ measure: Measure) -> Double {
        switch standard {
        case .list(let ranks, let repeats, let discoveries, let area):
            switch measure.kind {
            case .auc: area ?? .nan
            case .repeatRecall: Self.recall(repeats, at: measure.k)
            case .exploreRecall: Self.recall(discoveries, at: measure.k)
            default: Self.value(measure, ranks)
            }
        case .candidates(let standing, let others):
            switch measure.kind {
            case .auc: areaUnderCurve([standing], others: others)
            case .repeatRecall, .exploreRecall: .nan
            default: standing.expected { Self.value(measure, $0) }
            }
        }
    }

    private static func recall(_ ranks: RelevantRanks, at k: Int) -> Double {
        ranks.relevantCount > 0 ? ranks.recall(at: k) : .nan
    }

    private static func value(_ measure: Measure, _ ranks: RelevantRanks) -> Double {
        switch measure.kind {
        case .hitRate: ranks.hitRate(at: measure.k)
        case .recall: ranks.recall(at: measure.k)
        case .precision: ranks.precision(at: measure.k)
        case .ndcg: ranks.ndcg(at: measure.k)
        case .averagePrecision: ranks.averagePrecision(at: measure.k)
        case .reciprocalRank: ranks.reciprocalRank(at: measure.k)
        case .auc, .repeatRecall, .exploreRecall: .nan
        }
    }
}
