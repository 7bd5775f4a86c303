package import Bundles
internal import Foundation
package import Interactions
internal import ModelParts
package import Models

/// From a shop's events to a bundle: the model asked for, and the neighbors and histories that
/// serving needs.
package struct TrainingPipeline {
    /// What ranks; neighbors of items are added to its parts where it has none.
    package var model: any Recommender
    package var neighbors = CoPurchase()
    package var similar = SimilarItems()
    package var substitutes = Substitutes()
    package var newItems = NewItems()
    /// Which events count, and what is learned from them.
    package var dataOptions = TrainingDataOptions()
    package var threads: Int
    package var seed: UInt64
    /// The newest distinct items of a user that are kept for serving.
    package var historyMax = 1_000
    /// Names the bundle; nil for a name made of time and digest.
    package var version: String?
    /// What was measured of the model, for the manifest.
    package var metrics: [String: Double] = [:]
    /// How ids that differ in spelling were one when the events were read.
    package var folding = IdentifierFolding()

    package init(
        model: any Recommender, threads: Int, seed: UInt64, version: String? = nil
    ) {
        self.model = model
        self.threads = threads
        self.seed = seed
        self.version = version
    }

    /// - Parameter report: hears of each step.
    /// - Throws: ``TrainingError`` where the data does not suit the model.
    package func train(
        _ dataset: Dataset, report: @escaping WorkProgress.Report = { _ in }
    ) throws(TrainingError) -> (bundle: ModelBundle, timings: TrainingTimings) {
        let clock = ContinuousClock()
        let begun = clock.now
        let data = try TrainingData(dataset: dataset, options: dataOptions)
        var timings = TrainingTimings()
        let context = TrainingContext(threads: threads, seed: seed) { progress in
            let loss = progress.loss.map { String(format: "  loss %.1f", $0) } ?? ""
            report(
                WorkProgress(
                    "training", fraction: progress.fraction, detail: progress.detail + loss))
        }
        let name = type(of: model).name
        if let rows = try? data.rowChoice(for: name, among: model.learnableRows) {
            report(.milestone("training", rows.description))
        }
        let started = clock.now
        timings.preparation = (started - begun).seconds
        var finished = try model.train(on: data, with: context)
        let trained = clock.now
        timings.model = (trained - started).seconds
        let addsComplements = data.baskets != nil && finished.neighbors[.complement] == nil
        if addsComplements {
            finished.neighbors[.complement] =
                try neighbors.train(on: data, with: context).neighbors[.complement]
        }
        try newItems.extend(&finished, catalog: dataset.catalog, context: context)
        if let items = finished.embeddings?.items, finished.neighbors[.similar] == nil {
            finished.neighbors[.similar] = try similar.lists(items: items, context: context)
        }
        if finished.profiles == nil { finished.profiles = Profiles(data) }
        finished.neighbors[.substitute] = try substitutes.lists(
            popularity: finished.popularity, catalog: dataset.catalog,
            complements: finished.neighbors[.complement]?.counted, views: views(dataset),
            context: context)
        finished.neighbors[.rebuy] = finished.profiles?.rebuys
        timings.neighbors = (clock.now - trained).seconds
        let connected = clock.now
        let made = bundle(finished, dataset, data, addsComplements: addsComplements)
        timings.bundle = (clock.now - connected).seconds
        return (made, timings)
    }

    /// What was looked at in one session; nil where no looks are known.
    private func views(_ dataset: Dataset) -> SparseMatrix? {
        let looks: [EventKind: Float] = [.view: 1, .click: 1]
        guard dataset.events.kinds.contains(where: { looks[$0] != nil }) else { return nil }
        var options = dataOptions
        options.weights = looks
        return try? TrainingData(dataset: dataset, options: options).baskets
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
        if dataOptions.halfLifeDays > 0 {
            info.hyperparameters["half_life_days"] = dataOptions.halfLifeDays
        }
        if addsComplements {
            for (name, value) in neighbors.hyperparameters {
                info.hyperparameters["\(CoPurchase.name).\(name)"] = value
            }
        }
        for (name, value) in substitutes.hyperparameters {
            info.hyperparameters["\(Substitutes.name).\(name)"] = value
        }
        if parts.newItems != nil {
            for (name, value) in newItems.hyperparameters {
                info.hyperparameters["\(NewItems.name).\(name)"] = value
            }
        }
        if let cut = parts.itemWeightsCut {
            info.hyperparameters["serving.edges_max"] = Double(cut.edgesMax)
            info.metrics["serving.kept_edges"] = cut.keptEdges
            info.metrics["serving.kept_weight"] = cut.keptWeight
        }
        // What was a Float is written as people gave it, not with the digits that widening brings
        // to light.
        info.hyperparameters = info.hyperparameters.mapValues {
            $0.rounded() == $0 ? $0 : Double("\(Float($0))") ?? $0
        }
        info.seed = seed
        info.folding = folding
        info.created = now.formatted(.iso8601)
        info.data = DataSummary(
            events: dataset.events.count, users: dataset.users.count, items: dataset.items.count,
            baskets: data.baskets?.rows ?? 0, digest: dataset.digest,
            newestEvent: dataset.events.newestTime.map(Int.init))
        let taken = dataOptions.resolved(for: dataset)
        info.data?.kinds = EventKind.allCases.filter { (taken.weights?[$0] ?? 0) > 0 }.map(\.name)
        let likedMin = taken.likedMin(of: dataset.events)
        info.data?.likedMin = likedMin.isFinite ? likedMin : nil
        return ModelBundle(
            info: info, items: dataset.items, users: dataset.users, catalog: dataset.catalog,
            parts: parts,
            histories: ServingHistories.make(
                dataset, options: dataOptions, max: historyMax))
    }
}

extension NeighborLists {
    /// The entries that baskets were counted of: what is expected alone says nothing of what an item is
    /// taken instead of, and makes lists long.
    fileprivate var counted: NeighborLists {
        var kept = NeighborLists(offsets: [0], items: [], scores: [], lifts: [], confidences: [])
        for item in 0..<offsets.count - 1 {
            for entry in range(of: item) where confidences[entry] > 0 {
                kept.items.append(items[entry])
                kept.scores.append(scores[entry])
                kept.lifts.append(lifts[entry])
                kept.confidences.append(confidences[entry])
            }
            kept.offsets.append(kept.items.count)
        }
        return kept
    }
}
