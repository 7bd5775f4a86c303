import Evaluation
import Foundation
import Interactions
import Training

/// What an evaluation found, for JSON, for the terminal and for the page.
struct EvaluationSummary: Encodable, CustomStringConvertible {
    struct Figure: Encodable {
        let mean: Double
        /// The 95 % bootstrap interval.
        let low: Double
        let high: Double
    }

    /// Figures of the queries of some shoppers alone.
    struct Shoppers: Encodable {
        let queries: Int
        /// The means by the measure's name; absent where no query has the figure.
        let figures: [String: Double]

        /// nil where nobody of them asked.
        init?(_ judgement: Judgement, userIsKnown isKnown: Bool) {
            queries = judgement.userIsKnown.count { $0 == isKnown }
            guard queries > 0 else { return nil }
            var figures: [String: Double] = [:]
            for measure in judgement.measures {
                let mean = judgement.mean(measure, userIsKnown: isKnown)
                if !mean.isNaN { figures["\(measure)"] = mean }
            }
            self.figures = figures
        }
    }

    /// Of the probabilities from `from` up to `below` that a model gave items of its lists: how many there
    /// were, their mean, and the share of them whose item was what had been hidden.
    struct ProbabilityBin: Encodable {
        let from: Float
        let below: Float
        let count: Int
        let predicted: Double
        let observed: Double
    }

    struct Model: Encodable {
        let name: String
        /// By the measure's name, such as `ndcg@10`.
        let figures: [String: Figure]
        /// Where baskets are asked with: those whose shopper is in the training part, and those of
        /// others or of nobody.
        let knownShoppers: Shoppers?
        let unknownShoppers: Shoppers?
        /// That the leading measure differs this much from the leader's by chance; nil for the
        /// leader.
        let pAgainstLeader: Double?
        /// Where the model's scores are probabilities: the bins that it used.
        let calibration: [ProbabilityBin]?
        let coverage: Double
        let noveltyBits: Double
        let gini: Double
        let longTail: [Double]
        /// For models that predict ratings, where the data has some.
        let rmse: Double?
        let mae: Double?
        /// The share of predictions whose nearest rating is the one given.
        let accuracy: Double?
        let hyperparameters: [[String: Double]]
        let trials: Int
        let searchSeconds: Double
        let trainSeconds: Double
        let rankSeconds: Double
        /// The median over all epochs but the first, which also warms up.
        let secondsPerEpoch: Double?
    }

    let title: String
    let summary: String
    let leading: String
    let measures: [String]
    /// The length of the lists behind coverage, novelty, Gini and the long tail.
    let listLength: Int
    let longTailShares: [Double]
    let queries: Int
    let splits: Int
    let seed: UInt64
    let seeds: Int
    let threads: Int
    let peakMemoryBytes: Int
    /// Best first.
    let models: [Model]
    let refused: [Refusal]
    /// How event files were understood; nil for published files, which are read as they are.
    let read: ReadReport?

    /// - Precondition: at least one model is in the standings.
    init(
        plan: EvaluationPlan, standings: Standings, refusals: [Refusal],
        secondsPerEpoch: [String: Double], seed: UInt64, seeds: Int, threads: Int,
        read: ReadReport? = nil
    ) {
        title = plan.title
        summary = plan.summary
        leading = plan.leading.description
        measures = standings.measures.map(\.description)
        let judgement = standings.rows[0].model.judgement!
        listLength = judgement.listLength
        longTailShares = CatalogUse.longTailShares
        queries = judgement.queryCount
        splits = plan.splits.count
        self.seed = seed
        self.seeds = seeds
        self.threads = threads
        peakMemoryBytes = PeakMemory.bytes
        refused = refusals
        self.read = read
        models = standings.rows.map { row in
            var figures: [String: Figure] = [:]
            for (measure, figure) in row.figures {
                figures[measure.description] = Figure(
                    mean: figure.mean, low: figure.interval.low, high: figure.interval.high)
            }
            let use = row.model.use!
            return Model(
                name: row.model.name, figures: figures,
                knownShoppers: plan.asksWithBaskets
                    ? Shoppers(row.model.judgement, userIsKnown: true) : nil,
                unknownShoppers: plan.asksWithBaskets
                    ? Shoppers(row.model.judgement, userIsKnown: false) : nil,
                pAgainstLeader: row.pAgainstLeader,
                calibration: row.model.judgement.probabilities.map(Self.calibration),
                coverage: use.coverage, noveltyBits: use.novelty, gini: use.gini,
                longTail: use.longTail, rmse: row.model.ratings?.rmse,
                mae: row.model.ratings?.mae, accuracy: row.model.ratings?.accuracy,
                hyperparameters: row.model.hyperparameters,
                trials: row.model.trials, searchSeconds: row.model.searchTime.seconds,
                trainSeconds: row.model.trainingTime.seconds,
                rankSeconds: row.model.rankingTime.seconds,
                secondsPerEpoch: secondsPerEpoch[row.model.name])
        }
    }

    private static func calibration(_ all: ProbabilityBins) -> [ProbabilityBin] {
        all.bins.enumerated().filter { $0.element.count > 0 }.map { place, bin in
            ProbabilityBin(
                from: place == 0 ? 0 : ProbabilityBins.ends[place - 1],
                below: ProbabilityBins.ends[place], count: bin.count,
                predicted: bin.expected / Double(bin.count),
                observed: Double(bin.happened) / Double(bin.count))
        }
    }

    /// The measures at the leading one's length, that one first, and what has no length.
    var headlines: [String] {
        let length = leading.split(separator: "@").dropFirst().first.map { "@\($0)" }
        let others = measures.filter { measure in
            measure != leading
                && (length.map { measure.hasSuffix($0) } ?? true || !measure.contains("@"))
        }
        return [leading] + others
    }

    /// The headlines that say something of their own: precision follows from recall, and equals
    /// are shown once.
    var shown: [String] {
        headlines.filter { name in
            name == leading || !(name.hasPrefix("precision") || twin(of: name) != nil)
        }
    }

    /// Measures that are not another one under a second name, each with the names it has.
    var distinct: [(measure: String, names: String)] {
        measures.filter { twin(of: $0) == nil }.map { measure in
            let others = measures.filter { twin(of: $0) == measure }
            return (measure, ([measure] + others).joined(separator: " = "))
        }
    }

    /// The measure that has the same figures, where `name` is the second name of one: with one
    /// relevant item recall is the hit rate, and average precision the reciprocal rank.
    private func twin(of name: String) -> String? {
        for (kind, other) in [("recall", "hr"), ("map", "mrr")] where name.hasPrefix("\(kind)@") {
            let twin = other + name.dropFirst(kind.count)
            if models.allSatisfy({ $0.figures[name]?.mean == $0.figures[twin]?.mean }) {
                return twin
            }
        }
        return nil
    }

    struct ShopperGroup {
        let name: String
        /// After "of the n baskets".
        let what: String
        let of: (Model) -> Shoppers?
    }

    /// The groups of shoppers that were asked about, where baskets are asked with.
    var shopperGroups: [ShopperGroup] {
        [
            ShopperGroup(
                name: "known", what: "whose shopper is in the training part",
                of: { $0.knownShoppers }),
            ShopperGroup(
                name: "unknown", what: "of a shopper who is not, or of nobody",
                of: { $0.unknownShoppers }),
        ].filter { $0.of(models[0]) != nil }
    }

    var description: String {
        let shown = shown
        let hasRatings = models.contains { $0.rmse != nil }
        let hasEpochs = models.contains { $0.secondsPerEpoch != nil }
        let groups = shopperGroups
        var table = Table(
            ["model", ">\(leading)", ">95 % interval"] + groups.map { ">\($0.name)" }
                + shown.dropFirst().map { ">\($0)" }
                + (hasRatings ? [">rmse", ">accuracy"] : []) + [
                    ">coverage", ">novelty", ">p", ">train s",
                ] + (hasEpochs ? [">s/epoch"] : []))
        for model in models {
            let interval = model.figures[leading].map {
                String(format: "%.4f–%.4f", $0.low, $0.high)
            }
            table.add(
                [model.name, Self.four(model.figures[leading]?.mean), interval ?? ""]
                    + groups.map { Self.four($0.of(model)?.figures[leading]) }
                    + shown.dropFirst().map { Self.four(model.figures[$0]?.mean) }
                    + (hasRatings ? [Self.four(model.rmse), Self.four(model.accuracy)] : [])
                    + [
                        String(format: "%.3f", model.coverage),
                        String(format: "%.2f", model.noveltyBits),
                        model.pAgainstLeader.map(Self.probability) ?? "",
                        String(format: "%.2f", model.trainSeconds),
                    ]
                    + (hasEpochs
                        ? [model.secondsPerEpoch.map { String(format: "%.3f", $0) } ?? ""] : []))
        }
        let refusals = Refusal.lines(refused).map { "\nleft out: \($0)" }.joined()
        let apart = groups.map { group in
            "\n\(group.name): \(leading) of the \(group.of(models[0])?.queries.grouped ?? "0") baskets "
                + group.what
        }.joined()
        return """
            \(title): \(queries.grouped) queries in \(splits) split\(splits == 1 ? "" : "s"), \
            seed \(seed)\(seeds > 1 ? " and \(seeds - 1) more" : "")
            \(summary)

            \(table.render())

            p: the leader's lead in \(leading) could be chance (paired randomisation test); \
            coverage and novelty (bits) of the first \(listLength)\(apart)
            \(threads) threads, peak memory \(peakMemoryBytes >> 20) MiB\(refusals)\(calibrations)
            """
    }

    /// A table for each model whose scores are probabilities.
    private var calibrations: String {
        models.map { model in
            guard let bins = model.calibration else { return "" }
            var table = Table([">probability", ">items", ">predicted", ">observed"])
            for bin in bins {
                table.add([
                    String(format: "%g–%g", bin.from, bin.below), bin.count.grouped,
                    Self.four(bin.predicted), Self.four(bin.observed),
                ])
            }
            return """


                \(model.name): how often what was hidden is an item of the first \(listLength) that was given a \
                probability
                \(table.render())
                """
        }.joined()
    }

    static func four(_ value: Double?) -> String {
        value.map { String(format: "%.4f", $0) } ?? ""
    }

    static func probability(_ p: Double) -> String {
        p < 0.001 ? "<.001" : String(format: "%.3f", p)
    }
}
