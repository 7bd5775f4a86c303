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
    /// How long it took to read and to fill, in seconds.
    let loadSeconds: Double
    /// By lane.
    let lanes: [LaneServices]

    /// Reads and checks a bundle, and makes everything that serving it takes.
    ///
    /// - Parameter records: of each lane.
    /// - Throws: ``ModelError`` where the bundle is missing, damaged or too large.
    init(
        at path: String, for settings: ServedModels.Settings, records: [LaneRecord],
        outcomes: Outcomes
    ) throws(ModelError) {
        let start = ContinuousClock.now
        let bundle: ModelBundle
        do throws(BundleError) {
            bundle = try ModelBundle.read(from: path)
        } catch {
            throw ModelError(.invalid, "\(error)")
        }
        (self.path, digest) = (path, bundle.digest)
        var lanes: [LaneServices] = []
        do throws(StoreError) {
            generation = try Generation(
                bundle, storeBytesMax: settings.storeBytesMax, readersMax: records.count)
            for record in records {
                lanes.append(
                    try LaneServices(
                        generation, limits: settings.engineLimits,
                        ruleBook: settings.ruleBook.map { RuleBook.Reader($0, outcomes) },
                        record: record))
            }
        } catch {
            throw ModelError(
                .exhausted,
                "\(path): its vectors do not fit into --store-mebibytes-max "
                    + "\(settings.storeBytesMax >> 20): \(error)")
        }
        self.lanes = lanes
        loadSeconds = (ContinuousClock.now - start) / .seconds(1)
    }

    /// Whether some lane may still touch its memory.
    func isHeld(by lanes: [ServingLane]) -> Bool {
        zip(lanes, self.lanes).contains { $0.holds($1) }
    }
}
