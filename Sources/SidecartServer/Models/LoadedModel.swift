internal import Bundles
internal import CrossSell
internal import EmbeddingStore
internal import Outcomes

/// A model in memory, ready to serve: its generation, and for each lane the services that answer
/// from it, made before the lane takes them so that no call waits for that.
final class LoadedModel: Sendable {
    let generation: Generation
    /// The bundle's folder.
    let path: String
    let digest: BundleDigest?
    /// By lane.
    let lanes: [LaneServices]
    /// For the thread that loads models: to compare this one with others.
    let spare: LaneServices

    /// - Parameters:
    ///   - records: of each lane; the spare services answer no calls, so they write none.
    ///   - budget: what the models in memory may take together.
    /// - Throws: ``StoreError`` where it does not fit.
    init(
        _ bundle: ModelBundle, at path: String, for settings: ServedModels.Settings,
        records: [LaneRecord], outcomes: Outcomes, within budget: MemoryBudget
    ) throws(StoreError) {
        (self.path, digest) = (path, bundle.digest)
        generation = try Generation(
            bundle, storeBytesMax: budget.bytesMax, within: budget,
            readersMax: settings.laneCount + 1,
            roomForNew: settings.online == nil
                ? 0 : Generation.roomForNew(besides: bundle.items.count))
        settings.catalog.adopt(generation)
        let live = settings.online?.adopt(generation)
        var services: [LaneServices] = []
        for record in records + [records[0]] {
            services.append(
                try LaneServices(
                    generation, live: live, limits: settings.engineLimits,
                    ruleBook: settings.ruleBook.map { RuleBook.Reader($0, outcomes) },
                    record: record))
        }
        spare = services.removeLast()
        lanes = services
    }

    /// Whether some lane may still touch its memory.
    func isHeld(by lanes: [ServingLane]) -> Bool {
        zip(lanes, self.lanes).contains { $0.holds($1) }
    }
}
