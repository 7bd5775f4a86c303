import Bundles
import Foundation
import Interactions
import ModelParts
import Models

/// From a shop's events to a bundle: the model asked for, and the neighbors and histories that
/// serving needs.
struct TrainingPipeline {
    /// What ranks; neighbors of items are added to its parts where it has none.
    var model: any Recommender
    var neighbors = CoPurchase()
    var similar = SimilarItems()
    /// Which events count, and what is learned from them.
    var dataOptions = TrainingDataOptions()
    var threads: Int
    var seed: UInt64
    /// The newest distinct items of a user that are kept for serving.
    var historyMax = 1_000
    /// Names the bundle; nil for a name made of time and digest.
    var version: String?
    /// What was measured of the model, for the manifest.
    var metrics: [String: Double] = [:]

    /// How long each part took.
    struct Timings: Encodable {
        var model = 0.0
        var neighbors = 0.0
    }

    func train(_ dataset: Dataset) throws -> (bundle: ModelBundle, timings: Timings) {
        let data = try TrainingData(dataset: dataset, options: dataOptions)
        var timings = Timings()
        let bar = ProgressBar("training")
        defer { bar.finish() }
        let context = TrainingContext(threads: threads, seed: seed) { progress in
            let loss = progress.loss.map { String(format: "loss %.1f", $0) } ?? ""
            bar.update(
                Double(progress.step) / Double(progress.steps),
                detail: "\(progress.model) \(progress.step)/\(progress.steps)  \(loss)")
        }
        let clock = ContinuousClock()
        let trained = try clock.measuring { try model.train(on: data, with: context) }
        timings.model = trained.seconds
        var finished = trained.value
        let addsComplements = data.baskets != nil && finished.neighbors[.complement] == nil
        timings.neighbors = try clock.measure {
            if addsComplements {
                finished.neighbors[.complement] =
                    try neighbors.train(on: data, with: context).neighbors[.complement]
            }
            if let items = finished.embeddings?.items, finished.neighbors[.similar] == nil {
                finished.neighbors[.similar] = try similar.lists(items: items, context: context)
            }
        }.seconds
        return (bundle(finished, dataset, data, addsComplements: addsComplements), timings)
    }

    private func bundle(
        _ parts: ModelParts, _ dataset: Dataset, _ data: TrainingData, addsComplements: Bool
    ) -> ModelBundle {
        let now = Date.now
        var info = BundleInfo(
            version: version
                ?? now.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted)),
            kind: type(of: model).name)
        info.hyperparameters = model.hyperparameters
        info.metrics = metrics
        if addsComplements {
            for (name, value) in neighbors.hyperparameters {
                info.hyperparameters["\(CoPurchase.name).\(name)"] = value
            }
        }
        // What was a Float is written as people gave it, not with the digits that widening brings
        // to light.
        info.hyperparameters = info.hyperparameters.mapValues {
            $0.rounded() == $0 ? $0 : Double("\(Float($0))") ?? $0
        }
        info.seed = seed
        info.created = now.formatted(.iso8601)
        info.data = DataSummary(
            events: dataset.events.count, users: dataset.users.count, items: dataset.items.count,
            baskets: data.baskets?.rows ?? 0, digest: dataset.digest)
        return ModelBundle(
            info: info, items: dataset.items, users: dataset.users, catalog: dataset.catalog,
            parts: parts,
            histories: ServingHistories.make(
                dataset, options: dataOptions, max: historyMax))
    }
}
