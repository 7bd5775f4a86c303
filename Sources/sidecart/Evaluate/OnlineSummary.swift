import Evaluation
import Foundation
import Interactions
import Measures

/// What learning while serving was worth, for JSON and for the terminal.
struct OnlineSummary: Encodable, CustomStringConvertible {
    struct Policy: Encodable {
        let name: String
        let mrr: Double
        let hitRate: Double
        /// The 95 % interval of the difference in MRR from the first policy; nil for that one.
        let low: Double?
        let high: Double?
        /// Models that were trained.
        let trainings: Int
        /// Where the hidden item was new, by how many live baskets had held it before.
        let newItems: [NewItems]
        /// By basket that was asked about, the mean of its questions.
        let reciprocalRanks: [Double]

        struct NewItems: Encodable {
            let earlierBaskets: String
            let questions: Int
            let mrr: Double
            let hitRate: Double
        }

        private enum CodingKeys: String, CodingKey {
            case name, mrr, hitRate, low, high, trainings, newItems
        }

        init(
            _ name: String, _ ranks: [RelevantRanks], _ live: LiveBaskets, against first: Policy?,
            trainings: Int, seed: UInt64, threads: Int
        ) {
            self.name = name
            self.trainings = trainings
            let questions = live.baskets.flatMap(\.questions)
            var (reciprocalRanks, hitRates): ([Double], [Double]) = ([], [])
            var place = 0
            for basket in live.baskets where !basket.questions.isEmpty {
                let own = ranks[place..<place + basket.questions.count]
                place += own.count
                reciprocalRanks.append(Self.mrr(own))
                hitRates.append(Self.hitRate(own))
            }
            self.reciprocalRanks = reciprocalRanks
            (mrr, hitRate) = (Self.mean(reciprocalRanks), Self.mean(hitRates))
            newItems =
                live.newItems.isEmpty
                ? []
                : OnlineSummary.earlier.map { range in
                    let found = questions.indices.filter {
                        live.newItems.contains(questions[$0].hidden)
                            && range.contains(questions[$0].hiddenBefore)
                    }.map { ranks[$0] }
                    return NewItems(
                        earlierBaskets: range.upperBound == .max - 1
                            ? "\(range.lowerBound)+"
                            : range.count == 1
                                ? "\(range.lowerBound)"
                                : "\(range.lowerBound)-\(range.upperBound)",
                        questions: found.count, mrr: Self.mrr(found),
                        hitRate: Self.hitRate(found))
                }
            let interval = first.flatMap { first in
                bootstrapInterval(
                    of: zip(reciprocalRanks, first.reciprocalRanks).map { Float($0 - $1) },
                    seed: seed, threads: threads)
            }
            (low, high) = (interval?.low, interval?.high)
        }

        private static func mrr(_ ranks: some Sequence<RelevantRanks>) -> Double {
            mean(ranks.map { $0.reciprocalRank(at: OnlineSummary.length) })
        }

        private static func hitRate(_ ranks: some Sequence<RelevantRanks>) -> Double {
            mean(ranks.map { $0.hitRate(at: OnlineSummary.length) })
        }

        private static func mean(_ values: [Double]) -> Double {
            values.reduce(0, +) / Double(max(1, values.count))
        }
    }

    /// How long the lists are that servers are asked for.
    static let length = 10

    /// Classes of how often an item was bought since it came up.
    fileprivate static let earlier: [ClosedRange<Int>] = [0...0, 1...4, 5...19, 20...Int.max - 1]

    let title = "online"
    let model: String
    let trainedUntil: Int64
    let liveBaskets: Int
    let baskets: Int
    let questions: Int
    let seed: UInt64
    let policies: [Policy]

    init(_ live: LiveBaskets, model: String, policies: [Policy], seed: UInt64) {
        (self.model, self.policies, self.seed) = (model, policies, seed)
        trainedUntil = live.cut
        liveBaskets = live.baskets.count
        let asked = live.baskets.filter { !$0.questions.isEmpty }
        baskets = asked.count
        questions = asked.reduce(0) { $0 + $1.questions.count }
    }

    var description: String {
        var table = Table([
            "server", ">mrr@\(Self.length)", ">hr@\(Self.length)", ">difference in mrr, 95 %",
            ">trainings",
        ])
        for policy in policies {
            let difference = policy.low.flatMap { low in
                policy.high.map { String(format: "%+.4f to %+.4f", low, $0) }
            }
            table.add([
                policy.name, String(format: "%.4f", policy.mrr),
                String(format: "%.4f", policy.hitRate), difference ?? "",
                "\(policy.trainings)",
            ])
        }
        let day = Date(timeIntervalSince1970: TimeInterval(trainedUntil))
            .formatted(.iso8601.year().month().day())
        return """
            \(title): \(model) learned from the baskets until \(day); then \(liveBaskets.grouped) newer ones came, one by one. Each server was asked for \(asked), and was told every basket after that.
            \(table.render())\(newItemsTable)
            """
    }

    private var asked: String {
        questions == baskets
            ? "a hidden item of \(baskets.grouped) of them"
            : "each item in turn of \(baskets.grouped) of them, \(questions.grouped) in all"
    }

    /// What was found of new items, or nothing.
    private var newItemsTable: String {
        guard let classes = policies.first?.newItems, !classes.isEmpty else { return "" }
        var table = Table(
            ["server"]
                + classes.map { ">\($0.earlierBaskets) baskets: mrr@\(Self.length)" }
                + classes.map { ">\($0.earlierBaskets): hr" })
        for policy in policies {
            table.add(
                [policy.name] + policy.newItems.map { String(format: "%.4f", $0.mrr) }
                    + policy.newItems.map { String(format: "%.4f", $0.hitRate) })
        }
        let counts = classes.map { "\($0.questions.grouped) (\($0.earlierBaskets))" }
            .joined(separator: ", ")
        return """

            Where the hidden item is one that training knew nothing of, by the live baskets that held it before; questions: \(counts).
            \(table.render())
            """
    }
}
