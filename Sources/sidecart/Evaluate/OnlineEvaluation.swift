import Bundles
import Evaluation
import Foundation
import Interactions
import Measures
import Models
import SidecartClient
import Training

/// One run of `evaluate --protocol online`: what learning while serving is worth.
///
/// A model learns from the oldest baskets. Real servers that serve it meet the newest ones in the order
/// of time: each is asked for hidden items of a basket, given the rest and the shopper, and is
/// then told the basket by Record.
struct OnlineEvaluation {
    let inputs: [String]
    let options: OnlineOptions
    let reading: ReadingOptions
    let model: ModelOptions
    let itemBasketsMin: Int
    let hiding: BasketCompletion.Hiding
    /// Of baskets; nil for all.
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
            hiding: hiding, max: queriesMax, newItemShare: options.newItems ?? 0, seed: model.seed)
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

    /// - Returns: by question, where the hidden item stands on the slate.
    private func ask(
        _ policy: Policy, _ live: LiveBaskets, _ dataset: Dataset, _ bundles: TrainedModels,
        _ path: String, progress: (Double) -> Void
    ) throws -> [RelevantRanks] {
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
        var ranks: [RelevantRanks] = []
        var serving = 0
        for (place, basket) in live.baskets.enumerated() {
            progress(Double(place) / Double(live.baskets.count))
            if policy.retrains, bundles.numbers[place] != serving {
                serving = bundles.numbers[place]
                try promote(bundles.paths[serving], on: connection)
            }
            let user = basket.user == EventTable.none ? "" : dataset.users[Int(basket.user)]
            do {
                for question in basket.questions {
                    var options = SlateOptions(count: OnlineSummary.length)
                    (options.includesPurchased, options.idsOnly) = (true, true)
                    let slate = try connection.recommend(
                        for: Context(
                            userID: user,
                            basket: question.context.prefix(Self.basketMax).map {
                                dataset.items[Int($0)]
                            }), options)
                    ranks.append(
                        RelevantRanks(
                            in: slate.items.map(\.itemID),
                            relevant: [dataset.items[Int(question.hidden)]]))
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

    private static let batch = 1_000
    private static let basketMax = 256
}
