import Bundles
import Evaluation
import Foundation
import Interactions
import Models
import SidecartClient
import Training

/// One run of `evaluate --protocol online`: what learning while serving is worth.
///
/// A model learns from the oldest baskets. Real servers that serve it meet the newest ones in the order
/// of time: each is asked for one hidden item of a basket, given the rest and the shopper, and is
/// then told the basket by Record.
struct OnlineEvaluation {
    let inputs: [String]
    let options: OnlineOptions
    let reading: ReadingOptions
    let model: ModelOptions
    let itemBasketsMin: Int
    /// nil for all.
    let queriesMax: Int?

    /// How a server learns.
    private struct Policy {
        var name: String
        var isOnline = false
        var retrains = false
        /// Whether the server is told what the catalog says of the new items, and what is bought.
        var isToldItems = false
        var isToldEvents = true
    }

    func run() throws -> OnlineSummary {
        let job = try TrainingJob(
            model: model.model,
            selection: ModelSelection(
                folds: 3, trials: 1, threads: model.threadCount, seed: model.seed,
                settings: model.settings, dataOptions: model.dataOptions))
        let (dataset, report) = try reading.read(inputs)
        Output.note(report.description)
        let live = try LiveBaskets(
            of: dataset, options: model.dataOptions, itemBasketsMin: itemBasketsMin,
            max: queriesMax, newItemShare: options.newItems ?? 0, seed: model.seed)
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        var policies = [
            Policy(name: "no learning"), Policy(name: "online", isOnline: true),
        ]
        if options.newItems != nil {
            policies += [
                Policy(
                    name: "told of new items alone", isOnline: true, isToldItems: true,
                    isToldEvents: false),
                Policy(name: "online, told of new items", isOnline: true, isToldItems: true),
            ]
        }
        if let days = options.retrainDays {
            let name = "retrained each \(days.formatted()) d"
            policies.append(Policy(name: name, retrains: true))
            policies.append(Policy(name: "\(name), online", isOnline: true, retrains: true))
        }
        let bar = ProgressBar("training")
        let bundles = try TrainedModels(live, job, folder, options.retrainDays) { fraction in
            bar.update(fraction)
        }
        bar.finish()
        var results: [OnlineSummary.Policy] = []
        for (place, policy) in policies.enumerated() {
            let bar = ProgressBar("asking")
            let ranks = try ask(
                policy, live, dataset, bundles, folder.file("policy-\(place)")
            ) { bar.update($0, detail: policy.name) }
            bar.finish()
            results.append(
                OnlineSummary.Policy(
                    policy.name, ranks, live, against: results.first,
                    trainings: policy.retrains
                        ? bundles.paths.count : 1, seed: model.seed, threads: model.threadCount))
        }
        return OnlineSummary(
            live, model: model.model, policies: results, seed: model.seed)
    }

    /// The trained models: the first, and where servers are retrained the one for each span of days.
    private struct TrainedModels {
        /// By number, from 0 on; all below one folder.
        var paths: [String] = []
        /// By live basket, the number of the newest that was trained before it.
        var numbers: [Int] = []

        init(
            _ live: LiveBaskets, _ job: TrainingJob, _ folder: TemporaryFolder, _ days: Double?,
            progress: (Double) -> Void
        ) throws {
            var starts: [Int] = [0]
            for (place, basket) in live.baskets.enumerated() {
                let number = days.map { Int(Double(basket.time - live.cut) / 86_400 / $0) } ?? 0
                // Days without a basket need no model.
                if place > 0, number != numberOfStart { starts.append(place) }
                if place == 0 || number != numberOfStart { numberOfStart = number }
                numbers.append(starts.count - 1)
            }
            for (number, start) in starts.enumerated() {
                progress(Double(number) / Double(starts.count))
                let events = number == 0 ? live.past : live.events(before: start)
                var job = job
                job.version = "trained-\(number)"
                paths.append(folder.file("trained-\(number)"))
                try job.run(on: events).bundle.write(to: paths[number])
            }
        }

        private var numberOfStart = 0
    }

    /// - Returns: by question, the rank of the hidden item among the ten best; 0 where it is not there.
    private func ask(
        _ policy: Policy, _ live: LiveBaskets, _ dataset: Dataset, _ bundles: TrainedModels,
        _ path: String, progress: (Double) -> Void
    ) throws -> [Int] {
        let server = try ServerProcess([
            "serve", "--bundle", bundles.paths[0], "--socket", "\(path).sock", "--events-db",
            "\(path).db", "--online", policy.isOnline ? "on" : "off", "--drain-seconds", "1",
            "--ends-with-parent",
        ])
        defer { server.stop() }
        var configuration = SidecartConfiguration()
        configuration.timeout = .seconds(60)
        let connection = BlockingConnection(
            socketPath: "\(path).sock", configuration: configuration)
        defer { connection.close() }
        if policy.isToldItems { try tell(connection, of: live.newItems.sorted(), dataset) }
        let events = dataset.events
        var ranks: [Int] = []
        var serving = 0
        for (place, basket) in live.baskets.enumerated() {
            progress(Double(place) / Double(live.baskets.count))
            if policy.retrains, bundles.numbers[place] != serving {
                serving = bundles.numbers[place]
                try promote(bundles.paths[serving], on: connection)
            }
            let user = basket.user == EventTable.none ? "" : dataset.users[Int(basket.user)]
            do {
                if let question = basket.question {
                    var options = SlateOptions(count: Self.length)
                    (options.includesPurchased, options.idsOnly) = (true, true)
                    let slate = try connection.recommend(
                        for: Context(
                            userID: user,
                            basket: question.context.prefix(Self.basketMax).map {
                                dataset.items[Int($0)]
                            }), options)
                    let hidden = dataset.items[Int(question.hidden)]
                    ranks.append(1 + (slate.items.firstIndex { $0.itemID == hidden } ?? -1))
                }
                guard policy.isToldEvents else { continue }
                for start in stride(from: 0, to: basket.events.count, by: Self.batch) {
                    let part = basket.events[start..<min(basket.events.count, start + Self.batch)]
                    try connection.record(
                        part.map { event in
                            Event(
                                Event.Kind(rawValue: Int32(events.kinds[event].rawValue) + 1)
                                    ?? .purchase, of: dataset.items[Int(events.items[event])],
                                by: user, in: dataset.baskets[Int(events.baskets[event])],
                                value: events.values[event], time: events.times[event])
                        })
                }
            } catch {
                throw Failure("live basket \(place + 1) of \(live.baskets.count): \(error)")
            }
        }
        return ranks
    }

    /// Puts what the catalog says of some items.
    private func tell(
        _ connection: BlockingConnection, of items: [Int32], _ dataset: Dataset
    ) throws {
        let catalog = dataset.catalog
        for start in stride(from: 0, to: items.count, by: Self.batch) {
            try connection.putItems(
                items[start..<min(items.count, start + Self.batch)].map { item in
                    let item = Int(item)
                    var told = CatalogItem(id: dataset.items[item])
                    (told.title, told.category) = (catalog.titles[item], catalog.categories[item])
                    told.price = catalog.prices[item] > 0 ? catalog.prices[item] : nil
                    (told.group, told.attributes) = (catalog.groups[item], catalog.attributes[item])
                    return told
                })
        }
    }

    private func promote(_ path: String, on connection: BlockingConnection) throws {
        let version = URL(fileURLWithPath: path).lastPathComponent
        let begun = try connection.loadModel(at: path, promotes: true)
        while true {
            let models = try connection.models().models
            if models.contains(where: { $0.version == version && $0.state == .serving }) { return }
            if let failed = models.first(where: { $0.number == begun.number }),
                failed.state == .failed
            {
                throw Failure("\(path): \(failed.failure)")
            }
            usleep(20_000)
        }
    }

    static let length = 10
    private static let batch = 1_000
    private static let basketMax = 256
}

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
            _ name: String, _ ranks: [Int], _ live: LiveBaskets, against first: Policy?,
            trainings: Int, seed: UInt64,
            threads: Int
        ) {
            self.name = name
            self.trainings = trainings
            reciprocalRanks = ranks.map { $0 > 0 ? 1 / Double($0) : 0 }
            let count = Double(max(1, ranks.count))
            mrr = reciprocalRanks.reduce(0, +) / count
            hitRate = Double(ranks.count { $0 > 0 }) / count
            let asked = live.baskets.filter { $0.question != nil }
            newItems =
                live.newItems.isEmpty
                ? []
                : OnlineSummary.earlier.map { range in
                    let places = asked.indices.filter {
                        live.newItems.contains(asked[$0].question!.hidden)
                            && range.contains(asked[$0].hiddenBefore)
                    }
                    let count = Double(max(1, places.count))
                    let sum = places.reduce(0.0) {
                        $0 + (ranks[$1] > 0 ? 1 / Double(ranks[$1]) : 0)
                    }
                    return NewItems(
                        earlierBaskets: range.upperBound == .max - 1
                            ? "\(range.lowerBound)+"
                            : range.count == 1
                                ? "\(range.lowerBound)"
                                : "\(range.lowerBound)-\(range.upperBound)",
                        questions: places.count, mrr: sum / count,
                        hitRate: Double(places.count { ranks[$0] > 0 }) / count)
                }
            let own = reciprocalRanks
            let interval = first.flatMap { first in
                bootstrapInterval(
                    of: zip(own, first.reciprocalRanks).map { Float($0 - $1) }, seed: seed,
                    threads: threads)
            }
            (low, high) = (interval?.low, interval?.high)
        }
    }

    /// Classes of how often an item was bought since it came up.
    fileprivate static let earlier: [ClosedRange<Int>] = [0...0, 1...4, 5...19, 20...Int.max - 1]

    let title = "online"
    let model: String
    let trainedUntil: Int64
    let liveBaskets: Int
    let questions: Int
    let seed: UInt64
    let policies: [Policy]

    init(_ live: LiveBaskets, model: String, policies: [Policy], seed: UInt64) {
        (self.model, self.policies, self.seed) = (model, policies, seed)
        trainedUntil = live.cut
        liveBaskets = live.baskets.count
        questions = live.baskets.count { $0.question != nil }
    }

    var description: String {
        let length = OnlineEvaluation.length
        var table = Table([
            "server", ">mrr@\(length)", ">hr@\(length)", ">difference in mrr, 95 %", ">trainings",
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
            \(title): \(model) learned from the baskets until \(day); then \(liveBaskets.grouped) newer ones came, one by one. Each server was asked for a hidden item of \(questions.grouped) of them, and was told every basket after that.
            \(table.render())\(newItemsTable)
            """
    }

    /// What was found of new items, or nothing.
    private var newItemsTable: String {
        guard let classes = policies.first?.newItems, !classes.isEmpty else { return "" }
        var table = Table(
            ["server"]
                + classes.map { ">\($0.earlierBaskets) baskets: mrr@\(OnlineEvaluation.length)" }
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
